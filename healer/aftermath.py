"""A published case afterwards: its pull request is merged or closed by people, and production proves the merge or does not.

Pure. The flows read GitHub and the events, ask here, and write what is given.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import Field

from healer.chain import EventData
from healer.contracts import Case, Contract, Event, PullRequest, Reason, State
from healer.turns import FETCHED

GOOD: Final = "fetched"


class Turn(Contract):
    """Where the case turns: its new state with what belongs to it, and the event's data."""

    state: State
    reason: Reason | None = None
    text: str = ""
    data: EventData = Field(default_factory=dict)
    pull_request: PullRequest | None = None


def of_pull_request(case: Case, pull: PullRequest | None) -> Turn | None:
    """Say what becomes of a published case by its pull request as it stands; None while that is open."""
    if case.state is not State.PUBLISHED or pull is None or pull.state == "open":
        return None
    data: EventData = {"number": pull.number, "merge_sha": pull.merge_sha}
    state = State.MERGED if pull.state == "merged" else State.CLOSED_UNMERGED
    return Turn(state=state, data=data, pull_request=pull)


def turned_down(case: Case, known: Iterable[Case]) -> Case | None:
    """Give a case whose pull request people closed for this very failure of the importer; none once a person let this case begin again."""
    wanted = _signature(case)
    closed = (other for other in known if other.state is State.CLOSED_UNMERGED and other.importer == case.importer)
    return next((other for other in closed if wanted and _signature(other) == wanted), None) if not case.first else None


def _signature(case: Case) -> str:
    failure = case.diagnosis.failure if case.diagnosis else None
    return failure.signature if failure else ""


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
