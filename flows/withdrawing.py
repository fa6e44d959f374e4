"""The pull request of an importer that fetches its bills again without it: it says so, points to what proves it, and is closed."""

from typing import Final

from flows.story import Story, call
from healer import aftermath, links, moved
from healer.contracts import Case

_MARKER: Final = "importer-healer:withdrawn"


async def withdraw(story: Story) -> None:
    """Close a pull request that nobody needs, and delete its branch. People's commits, and a pull request that they closed or merged, stay.

    What was decided is written first: a pull request that we have closed must not look like one that people have turned down.

    Raises: Conflict, UpstreamError.
    """
    case = await story.case()
    if not aftermath.is_needless(case) or case.branch is None:
        return
    pull = await call(story.parts.github.find_pull, case.branch)
    is_decided = aftermath.is_withdrawn(pull, await story.parts.cases.events(case.id))
    if pull is None or moved.is_theirs(case, pull) or (pull.state != "open" and not is_decided):
        return
    await story.confirm(case)
    if not is_decided:
        await story.parts.cases.note(case.id, aftermath.WITHDRAWING, {"number": pull.number})
    if pull.state == "open":
        await call(story.parts.github.say, pull.number, _MARKER, _words(story, case))
        await call(story.parts.github.close_pull, pull.number)
    if pull.state != "merged":
        await call(story.parts.github.delete_branch, case.branch, pull.head_sha)
        pull = pull.model_copy(update={"state": "closed"})
    await story.record(case, "withdrawn", {"number": pull.number}, pull_request=pull)


def _words(story: Story, case: Case) -> str:
    """Say why, in words of ours alone, and where it is proved."""
    run = links.newest(case)
    seen = f", as [gate run {run.run_id}]({run.url}) has seen" if run else ""
    ticket = f"[{case.id}]({story.addresses.ticket})"
    return (
        f"Not needed any more: the base branch as it stands fetches the bills without this change{seen}. "
        f"{ticket} is closed (ALREADY_HEALED), and so is this pull request; its branch is deleted. Nobody has to review it."
    )
