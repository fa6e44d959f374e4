"""A published case whose base branch has moved: whether its change is put on the new base and proved there again.

Pure. A flow reads GitHub, asks here, and acts. A rebase costs a gate run with its logins, so the base branch's going on is no reason by
itself: there is one where GitHub cannot merge any more, or where the importer's own files have changed.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from healer.contracts import Attempt, Case, Contract, Event, Importer, PullRequest, Sha, State

REBASED: Final = "rebased"
"""Kind of the event by which the change was put on the base branch as it is now; the gate proves it there."""
REBASE_FAILED: Final = "rebase_failed"
"""Kind of the event that says that the change does not fit the new base, so that the case begins with a diagnosis of that."""
HANDS_OFF: Final = "hands_off"
"""Kind of the event that says that somebody has committed to the branch of an open pull request, which is theirs from then on."""
MOST_FILES: Final = 300
"""GitHub names no more files of a comparison; where there are so many, any may be among them."""


class Base(Contract):
    """The base branch beside an open pull request: its head, the files that it has changed since the case's base, and GitHub's word."""

    head: Sha
    paths: tuple[str, ...]
    conflicts: bool


class Move(StrEnum):
    """What follows for a published case."""

    REBASE = "rebase"
    HANDS_OFF = "hands_off"


def is_theirs(case: Case, pull: PullRequest) -> bool:
    """Say whether the branch's head is somebody else's commit: none of ours, not even one that GitHub shows late."""
    return pull.head_sha not in {case.head_sha, *(attempt.head_sha for attempt in case.attempts)}


def is_open(case: Case, pull: PullRequest | None) -> bool:
    """Say whether a case waits for the review of an open pull request."""
    return case.state is State.PUBLISHED and pull is not None and pull.state == "open"


def follows(
    case: Case, pull: PullRequest, base: Base | None, importer: Importer, events: Iterable[Event]
) -> Move | None:
    """Say what follows for a published case with an open pull request; `base` is None where the base branch has not moved."""
    if is_theirs(case, pull):
        return None if any(event.kind == HANDS_OFF for event in events) else Move.HANDS_OFF
    if base is None or pull.head_sha != case.head_sha:
        return None
    return Move.REBASE if base.conflicts or touches(importer, base.paths) else None


def touches(importer: Importer, paths: Sequence[str]) -> bool:
    """Say whether one of the importer's own files is, or may be, among those that have changed."""
    return len(paths) >= MOST_FILES or bool(set(importer.paths) & set(paths))


def again(case: Case, number: int, diff: str) -> Attempt:
    """Give the attempt that proves the last one's change once more; `diff` is that change on the new base."""
    last = case.attempts[-1]
    return Attempt(
        number=number, agent=last.agent, diagnosis=last.diagnosis, changes=last.changes, diff=diff, rebased=True
    )


HANDS_OFF_TEXT: Final = (
    "Somebody has committed to this branch. It is yours from here on: the healer neither rebases nor changes it any more, "
    "and still follows whether it is merged or closed."
)
