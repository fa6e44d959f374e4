"""A case that ended red shows its best candidate as a draft pull request, for teams that want that (`HEALER_DRAFT_ON_RED`)."""

from typing import Final

from flows.story import Fact, Story, call, step
from healer import autonomy, best
from healer import publish as publication
from healer.contracts import Attempt, Autonomy, Case, Importer, PullRequest, Reason, State
from healer.publish import RED, RED_OPENED

_NOT_SHOWN: Final = frozenset({Reason.NOT_CONFIRMED, Reason.PUSH_REFUSED, Reason.TURNED_DOWN})
"""People's branch, or people's word about a pull request."""
_LEAST: Final = autonomy.LADDER.index(Autonomy.DRAFT)


@step("red draft")
async def leave(story: Story) -> None:
    """Open the draft, once for each such end, where autonomy reaches so far; a pull request that people closed stays closed."""
    case = await story.case()
    candidate = best.shown(case)
    if candidate is None or not await _is_wanted(story, case):
        return
    importer = await story.importer(case.importer)
    if importer is None or autonomy.LADDER.index((await story.trusted(case, importer)).level) < _LEAST:
        return
    existing = await call(story.parts.github.find_pull, case.branch or "")
    head = await call(story.parts.github.branch_head, case.branch or "")
    if (existing and existing.state != "open") or head not in {one.head_sha for one in case.attempts}:
        return
    await story.confirm(case)
    if head != candidate.head_sha:
        await call(story.parts.git.fetch)
        await call(story.parts.git.push, candidate.head_sha or "", case.branch or "", head)
    pull = await _opened(story, case, importer, candidate)
    facts: dict[str, Fact] = {"number": pull.number, "attempt": candidate.number}
    await story.record(case, RED_OPENED, facts, pull_request=pull, head_sha=candidate.head_sha)


async def _is_wanted(story: Story, case: Case) -> bool:
    """Say whether the case has ended red, where that is shown, and does not show it yet."""
    is_red = case.state is State.NEEDS_ENGINEER and case.reason not in _NOT_SHOWN and case.branch is not None
    if not (story.parts.settings.draft_on_red and is_red):
        return False
    kinds = [event.kind for event in await story.parts.cases.events(case.id)]
    return RED_OPENED not in kinds[-1 - kinds[::-1].index(case.state.value) :]


async def _opened(story: Story, case: Case, importer: Importer, candidate: Attempt) -> PullRequest:
    """Bring the pull request to what it should say of a red end; one that was ready is a draft from now on."""
    events = await story.parts.cases.events(case.id)
    text = story.parts.redactor.text(publication.red_body(case, importer, candidate, story.addresses, events))
    base, labels = story.parts.settings.base_branch, (*publication.labels(case), RED)
    title, hub = publication.red_title(case), story.parts.github
    pull = await call(hub.open_pull, case.branch or "", base, title, text, labels=labels, draft=True)
    return pull if pull.draft else await call(hub.set_draft, pull.number, draft=True)


async def prove_green(story: Story, pull: PullRequest, *, draft: bool) -> PullRequest:
    """Take off a pull request what says that it is red, where it said so: it is proved by now."""
    events = await story.parts.cases.events(story.case_id)
    if not any(event.kind == RED_OPENED for event in events):
        return pull
    await call(story.parts.github.drop_label, pull.number, RED)
    return await call(story.parts.github.set_draft, pull.number, draft=draft)
