"""A published case whose failure another case has in hand: its pull request points there and is closed, its branch goes."""

from typing import Final

from flows.story import Story, call
from healer import aftermath
from healer.aftermath import Superseded
from healer.chain import EventData
from healer.contracts import Case, PullRequest, State
from healer.wiring import FlowParts

_MARKER: Final = "importer-healer:superseded"


async def by_another(parts: FlowParts, case: Case) -> Superseded | None:
    """Give what supersedes a published case: what was decided before, else another case as both stand now.

    Raises: UpstreamError.
    """
    known = await parts.cases.list()
    if decided := aftermath.decided(await parts.cases.events(case.id), known):
        return decided
    for found in aftermath.superseding(case, known):
        if not await _is_history(parts, case, found.merge_sha):
            return found
    return None


async def _is_history(parts: FlowParts, case: Case, merge_sha: str | None) -> bool:
    """Say whether a merge is in the base on which this case was diagnosed: then the importer broke again after it."""
    return bool(merge_sha and case.base_sha) and await call(parts.github.contains, case.base_sha or "", merge_sha or "")


async def superseded(story: Story, case: Case, pull: PullRequest | None) -> bool:
    """End a published case that another one supersedes. Gives whether it has ended. A merge wins, whenever it came.

    What was decided is written first: a pull request that we have closed must not look like one that people have turned down.

    Raises: Conflict, UpstreamError.
    """
    if pull is None or pull.state == "merged":
        return False
    found = await by_another(story.parts, case)
    if found is None or (pull.state == "closed" and not found.is_decided):
        return False
    await story.confirm(case)
    if not found.is_decided:
        data: EventData = {"by": found.by, "reason": found.reason.value}
        await story.parts.cases.note(case.id, aftermath.SUPERSEDING, data)
    if pull.state == "open":
        await call(story.parts.github.say, pull.number, _MARKER, f"Superseded by {found.pointer}. {found.why}")
        await call(story.parts.github.close_pull, pull.number)
    if case.branch and case.head_sha:
        await call(story.parts.github.delete_branch, case.branch, case.head_sha)
    closed = pull.model_copy(update={"state": "closed"})
    text = f"{found.why} See {found.pointer}."
    await story.end(case, State.SUPERSEDED, found.reason, text, facts={"by": found.by}, pull_request=closed)
    return True
