"""The base branch has moved under an open pull request: the change is put on the new base and proved there again."""

from typing import Any

from flows.pausing import pauses
from flows.story import HOLD_S, Fact, Story, call, registry
from healer import guard, moved, turns
from healer.contracts import Attempt, Case, Importer, PullRequest, Sha, State
from healer.errors import Conflict, PolicyViolation
from healer.moved import Base, Move
from healer.wiring import FlowParts

_MARKER = "importer-healer:hands-off"


async def wanted(parts: FlowParts, case: Case, pull: PullRequest) -> Move | None:
    """Say what the base branch or people's commits ask of a published case with an open pull request; nothing while it is paused.

    Raises: Misconfigured (`registry`), UpstreamError.
    """
    if (await pauses()).holds(case):
        return None
    importer = (await registry(parts)).get(case.importer)
    if importer is None or not case.attempts:
        return None
    return moved.follows(case, pull, await _base(parts, case, pull), importer, await parts.cases.events(case.id))


async def _base(parts: FlowParts, case: Case, pull: PullRequest) -> Base | None:
    """Read the base branch; None where it stands where the case began."""
    head = await call(parts.github.branch_head, parts.settings.base_branch)
    if head is None or case.base_sha in {None, head}:
        return None
    paths = await call(parts.github.changed_files, case.base_sha or "", head)
    return Base(head=head, paths=paths, conflicts=await call(parts.github.conflicts, pull.number))


async def follow_base(story: Story, case: Case, pull: PullRequest) -> bool:
    """Do what the base branch or people's commits ask for. Gives whether the case goes through the gate again.

    Raises: Conflict, Misconfigured, UpstreamError.
    """
    match await wanted(story.parts, case, pull):
        case Move.HANDS_OFF:
            await call(story.parts.github.say, pull.number, _MARKER, moved.HANDS_OFF_TEXT)
            await story.parts.cases.note(case.id, moved.HANDS_OFF, {"number": pull.number, "sha": pull.head_sha})
        case Move.REBASE if turns.is_due(case, story.number):
            return await _rebase(story, case)
        case _:
            pass
    return False


async def _rebase(story: Story, case: Case) -> bool:
    """Take the importer, and record the change on the new base as an attempt; a change that does not fit is diagnosed anew."""
    importer, git = await story.importer(case.importer), story.parts.git
    if importer is None or not await story.parts.cases.hold(case.importer, case.id, HOLD_S):
        return False
    await call(git.fetch)
    base = await call(git.head, story.parts.settings.base_branch)
    if base is None:
        return False
    await story.confirm(case)
    attempt = await call(_on_base, story, case, importer, base)
    fresh: dict[str, Any] = {"awaiting": None, "head_sha": None}
    if attempt is None:
        await story.record(case, moved.REBASE_FAILED, {"base": base}, state=State.RECEIVED, **fresh)
    else:
        facts: dict[str, Fact] = {"attempt": attempt.number, "base": base, "before": case.base_sha}
        attempts = (*case.attempts, attempt)
        await story.record(case, moved.REBASED, facts, state=State.PATCHING, base_sha=base, attempts=attempts, **fresh)
    return True


def _on_base(story: Story, case: Case, importer: Importer, base: Sha) -> Attempt | None:
    """Put the last attempt's change on the new base, and have the guard judge it there; None where it does not fit or may not be."""
    git = story.parts.git
    try:
        with git.worktree(base) as tree:
            git.apply(tree, case.attempts[-1].diff)
            changes, diff = git.changes(tree, base), git.diff(tree, base)
    except (Conflict, PolicyViolation):
        return None
    return moved.again(case, story.number, diff) if changes and not guard.judge(changes, importer) else None
