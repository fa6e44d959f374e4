"""A published case afterwards: its pull request is merged or closed by people, and production proves the merge or does not.

Pure. The flows read GitHub and the events, ask here, and write what is given.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from pydantic import Field

from healer.chain import EventData
from healer.contracts import Case, CaseId, Contract, Event, PullRequest, Reason, Sha, State
from healer.turns import FETCHED

GOOD: Final = "fetched"
SUPERSEDING: Final = "superseding"
"""Kind of the event by which it was decided that another case (`by`) supersedes this one; what follows from that may be repeated."""
WITHDRAWING: Final = "withdrawing"
"""Kind of the event by which it was decided that an open pull request (`number`) is closed, because the importer works without it."""
_WHY: Final = {
    Reason.MERGED_ELSEWHERE: "Its change for the same failure was merged.",
    Reason.NEWER_CASE: "It is newer, and has a proved change for the same failure.",
}


class Turn(Contract):
    """Where the case turns: its new state with what belongs to it, and the event's data."""

    state: State
    reason: Reason | None = None
    text: str = ""
    data: EventData = Field(default_factory=dict)
    pull_request: PullRequest | None = None


class Superseded(Contract):
    """What supersedes a case: another case and why, in words of ours alone; the commit of a merge that must not be in the case's base."""

    by: CaseId
    reason: Reason
    pointer: str
    why: str
    merge_sha: Sha | None = None
    is_decided: bool = False
    """It was decided before, so it holds whatever has happened since."""


def of_pull_request(case: Case, pull: PullRequest | None) -> Turn | None:
    """Say what becomes of a published case by its pull request as it stands; None while that is open."""
    if case.state is not State.PUBLISHED or pull is None or pull.state == "open":
        return None
    data: EventData = {"number": pull.number, "merge_sha": pull.merge_sha}
    state = State.MERGED if pull.state == "merged" else State.CLOSED_UNMERGED
    return Turn(state=state, data=data, pull_request=pull)


def is_withdrawn(pull: PullRequest | None, events: Iterable[Event]) -> bool:
    """Say whether it was decided that the healer closes this pull request itself: such a one was not turned down by people."""
    return pull is not None and any(e.kind == WITHDRAWING and e.data.get("number") == pull.number for e in events)


def is_needless(case: Case) -> bool:
    """Say whether a case has a pull request, open as far as it knows, for an importer that fetches its bills again without it."""
    pull = case.pull_request
    is_open = pull is not None and pull.state == "open"
    return is_open and case.state is State.NOT_FIXED and case.reason is Reason.ALREADY_HEALED


def turned_down(case: Case, known: Iterable[Case]) -> Case | None:
    """Give a case whose pull request people closed for this very failure of the importer; none once a person let this case begin again."""
    wanted = _signature(case)
    closed = (other for other in known if other.state is State.CLOSED_UNMERGED and other.importer == case.importer)
    return next((other for other in closed if wanted and _signature(other) == wanted), None) if not case.first else None


def _signature(case: Case) -> str:
    failure = case.diagnosis.failure if case.diagnosis else None
    return failure.signature if failure else ""


def superseding(case: Case, known: Iterable[Case]) -> tuple[Superseded, ...]:
    """Give what may supersede a published case: a merged case of its importer with its failure or change, or a newer published one.

    A merge supersedes only where it is not in this case's base already, which GitHub knows (`merge_sha`).
    """
    others = [
        other for other in known if other.importer == case.importer and other.id != case.id and _is_alike(case, other)
    ]
    merged = [other for other in others if other.state in {State.MERGED, State.CONFIRMED}]
    newer = [other for other in others if other.state is State.PUBLISHED and _age(other) > _age(case)]
    found = [*((one, Reason.MERGED_ELSEWHERE) for one in merged), *((one, Reason.NEWER_CASE) for one in newer)]
    return tuple(_superseded(other, reason) for other, reason in found)


def decided(events: Sequence[Event], known: Iterable[Case]) -> Superseded | None:
    """Give what was decided to supersede a case since it was published last, as its chain tells it."""
    published = max((event.seq for event in events if event.kind == State.PUBLISHED.value), default=0)
    told = next((event for event in events if event.seq > published and event.kind == SUPERSEDING), None)
    by = next((other for other in known if told and other.id == told.data.get("by")), None)
    return (
        _superseded(by, Reason(str(told.data["reason"]))).model_copy(update={"is_decided": True})
        if told and by
        else None
    )


def _superseded(by: Case, reason: Reason) -> Superseded:
    pull = by.pull_request
    pointer = f"{by.id} ({pull.url})" if pull else by.id
    return Superseded(
        by=by.id, reason=reason, pointer=pointer, why=_WHY[reason], merge_sha=pull.merge_sha if pull else None
    )


def _is_alike(case: Case, other: Case) -> bool:
    """Say whether two cases of one importer have one failure, or came to one change."""
    same = bool(_signature(case)) and _signature(case) == _signature(other)
    return same or (bool(_change(case)) and _change(case) == _change(other))


def _change(case: Case) -> str:
    return case.attempts[-1].diff if case.attempts else ""


def _age(case: Case) -> tuple[datetime, str]:
    return case.opened_at, case.id


def newest_fetch(case: Case, events: Sequence[Event]) -> Event | None:
    """Give production's newest word since the merge, if the case waits for one."""
    if case.state is not State.MERGED:
        return None
    merged = max((event.seq for event in events if event.kind == State.MERGED.value), default=0)
    return next((e for e in reversed(events) if e.seq > merged and e.kind == FETCHED), None)


def of_fetch(fetch: Event, *, has_merge: bool) -> Turn | None:
    """Say what becomes of a merged case by a fetch; None where that ran code without the merge, which proves nothing."""
    if not has_merge:
        return None
    commit, bills = fetch.data.get("commit"), fetch.data.get("bills")
    if fetch.data.get("outcome") == GOOD:
        return Turn(state=State.CONFIRMED, data={"commit": commit, "bills": bills})
    text = f"Production ran {str(commit)[:12]}, which has the merged change, and the fetch failed."
    return Turn(state=State.NEEDS_ENGINEER, reason=Reason.NOT_CONFIRMED, text=text, data={"commit": commit})
