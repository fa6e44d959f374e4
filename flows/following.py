"""After publication: a pull request that people merged or closed, and production's fetch that proves a merge.

Before that the base branch may move under it, or another case supersede this one.
"""

from flows.rebasing import follow_base
from flows.story import Story, call, step
from flows.superseding import superseded
from healer import aftermath, moved
from healer.aftermath import Turn
from healer.contracts import Case, Event, State

FOLLOWED = frozenset({State.PUBLISHED, State.MERGED})


@step("follow")
async def follow(story: Story) -> bool:
    """Look where a published case stands by now: at GitHub, and by production's word. Gives whether it goes through the gate again."""
    case = await story.case()
    if case.state is State.PUBLISHED and case.branch:
        pull = await call(story.parts.github.find_pull, case.branch)
        if await superseded(story, case, pull):
            return False
        if pull and moved.is_open(case, pull):
            return await follow_base(story, case, pull)
        if turn := aftermath.of_pull_request(case, pull):
            await _delete_branch(story, case, turn)
            case = await _turned(story, case, turn)
    events = await story.parts.cases.events(case.id)
    if fetch := aftermath.newest_fetch(case, events):
        turn = aftermath.of_fetch(fetch, has_merge=await _has_merge(story, case, fetch))
        if turn:
            await _turned(story, case, turn)
    return False


async def _turned(story: Story, case: Case, turn: Turn) -> Case:
    pull = turn.pull_request or case.pull_request
    return await story.end(case, turn.state, turn.reason, turn.text, facts=turn.data, pull_request=pull)


async def _delete_branch(story: Story, case: Case, turn: Turn) -> None:
    """Take a merged branch away, unless somebody has pushed to it since."""
    if turn.state is State.MERGED and case.branch and case.head_sha:
        await call(story.parts.github.delete_branch, case.branch, case.head_sha)


async def _has_merge(story: Story, case: Case, fetch: Event) -> bool:
    """Ask GitHub whether the commit that production ran has the merge in it."""
    merge, commit = case.pull_request and case.pull_request.merge_sha, fetch.data.get("commit")
    return bool(merge) and isinstance(commit, str) and await call(story.parts.github.contains, commit, str(merge))
