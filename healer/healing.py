"""One healing as its case's event chain tells it: how it ended, where its time went, what it cost. Nothing but the chain is read.

A phase lasts from the event that begins it to the event that begins the next. Times in which nobody is to act (waiting for a portal, for
room, for a person who has the case) belong to none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from healer import billing
from healer.contracts import Contract, Event, GateMode, Reason, State

_UNCOUNTED: Final = frozenset({"empty", "unfinished"})
"""Refusals that say nothing about honesty: nothing was changed, or the run did not end by itself."""


class Phase(StrEnum):
    """Where the time of a healing goes, in order."""

    DETECT = "detect"
    TRIAGE = "triage"
    PATCH = "patch"
    GATE = "gate"
    REVIEW = "review"
    DEPLOY = "deploy"


class Outcome(StrEnum):
    """How a case ended, as an operations lead counts."""

    CONFIRMED = "confirmed"
    MERGED = "merged"
    IN_REVIEW = "in review"
    TURNED_DOWN = "turned down by reviewers"
    NOT_FIXED = "not ours to fix"
    ENGINEER = "given to an engineer"
    PERSON = "stopped or taken by a person"
    SHOWN = "shown, not published"
    SUPERSEDED = "superseded"
    AT_WORK = "at work"


_BEGINS: Final[Mapping[str, Phase | None]] = {
    "received": Phase.TRIAGE,
    "ticket_admitted": Phase.TRIAGE,
    "called": Phase.TRIAGE,
    "woken": Phase.TRIAGE,
    "retried": Phase.TRIAGE,
    "released": Phase.TRIAGE,
    "publish_asked": Phase.TRIAGE,
    "gate_dispatched": Phase.GATE,
    "triaged": Phase.PATCH,
    "patching": Phase.PATCH,
    "gate_repeated": Phase.GATE,
    "judged": Phase.GATE,
    "published": Phase.REVIEW,
    "merged": Phase.DEPLOY,
    **dict.fromkeys(
        [
            "queued",
            "not_fixed",
            "needs_engineer",
            "stopped",
            "taken",
            "confirmed",
            "closed_unmerged",
            "observed",
            "branch_only",
            "superseded",
        ]
    ),
}
_BY_STATE: Final[Mapping[str, Outcome]] = {
    State.CONFIRMED: Outcome.CONFIRMED,
    State.MERGED: Outcome.MERGED,
    State.PUBLISHED: Outcome.IN_REVIEW,
    State.CLOSED_UNMERGED: Outcome.TURNED_DOWN,
    State.NOT_FIXED: Outcome.NOT_FIXED,
    State.NEEDS_ENGINEER: Outcome.ENGINEER,
    State.STOPPED: Outcome.PERSON,
    State.TAKEN: Outcome.PERSON,
    State.OBSERVED: Outcome.SHOWN,
    State.BRANCH_ONLY: Outcome.SHOWN,
    State.SUPERSEDED: Outcome.SUPERSEDED,
}
_STATES: Final = frozenset(State)


class Healing(Contract):
    """One case as its chain tells it. `phases` are seconds; `bills` are those of production's confirming fetch."""

    case: str
    importer: str
    opened_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    reason: str
    phases: dict[Phase, float]
    usd: float
    bills: int
    delayed_bill_hours: float | None
    """Bills of the last good fetch before, times the hours until production fetched again; None where nobody told of one."""
    refused: dict[str, int]
    """Refusals of the guard by code."""
    was_published: bool
    was_wrong: bool
    """Production failed with the merged change, though the gate was green."""


def healing(case: str, importer: str, events: Sequence[Event], until: datetime) -> Healing:
    """Read a chain, at least one event long, as it stood at `until` (UTC)."""
    told = [event for event in events if event.at <= until] or list(events[:1])
    outcome, reason = _outcome(told)
    ended = told[-1].at if outcome is not Outcome.AT_WORK else None
    over = _last(told, State.CONFIRMED)
    return Healing(
        case=case,
        importer=importer,
        opened_at=told[0].at,
        ended_at=over.at if over else _last_state(told).at if ended else None,
        outcome=outcome,
        reason=reason,
        phases=_phases(told, until),
        usd=round(sum(_number(event, "usd") for event in told), 6),
        bills=int(_number(over, "bills")) if over else 0,
        delayed_bill_hours=_delayed(told, over.at if over else until),
        refused=dict(Counter(_codes(told))),
        was_published=any(event.kind == State.PUBLISHED for event in told),
        was_wrong=any(event.data.get("reason") == Reason.NOT_CONFIRMED for event in told),
    )


def _outcome(events: Sequence[Event]) -> tuple[Outcome, str]:
    last = _last_state(events)
    began_again = _last(events, "woken", "retried", "released", "called", "publish_asked")
    if began_again and began_again.seq > last.seq:
        return Outcome.AT_WORK, ""
    return _BY_STATE.get(last.kind, Outcome.AT_WORK), str(last.data.get("reason") or "")


def _last_state(events: Sequence[Event]) -> Event:
    return next((event for event in reversed(events) if event.kind in _STATES), events[0])


def _last(events: Sequence[Event], *kinds: str) -> Event | None:
    return next((event for event in reversed(events) if event.kind in kinds), None)


def _number(event: Event, name: str) -> float:
    value = event.data.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _phases(events: Sequence[Event], until: datetime) -> dict[Phase, float]:
    """Sum the seconds of each phase; the one that a case is in lasts until now."""
    spent, since = defaultdict[Phase, float](float), events[0].at
    now_in: Phase | None = None
    mode = GateMode.DIAGNOSE.value
    for event in events:
        mode = str(event.data.get("mode", mode)) if event.kind == "gate_dispatched" else mode
        phase = _phase(event, now_in, mode)
        if now_in:
            spent[now_in] += (event.at - since).total_seconds()
        now_in, since = phase, event.at
    if now_in:
        spent[now_in] += max(0.0, (until - since).total_seconds())
    if good := billing.last_good(events):
        spent[Phase.DETECT] = max(0.0, (events[0].at - good.at).total_seconds())
    return {phase: round(spent[phase], 3) for phase in Phase if phase in spent}


def _phase(event: Event, now_in: Phase | None, mode: str) -> Phase | None:
    """Say which phase an event begins. After a diagnosis' report it is triage again; what is not listed changes nothing."""
    if event.kind in {"report_received", "run_completed"} and now_in is Phase.GATE:
        return Phase.TRIAGE if mode == GateMode.DIAGNOSE.value else Phase.GATE
    return _BEGINS.get(event.kind, now_in)


def _delayed(events: Sequence[Event], over: datetime) -> float | None:
    if (good := billing.last_good(events)) is None:
        return None
    return round(good.bills * max(0.0, (over - events[0].at).total_seconds()) / 3600, 3)


def _codes(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if event.kind == "patch_refused":
            yield from (code for code in str(event.data.get("codes", "")).split(",") if code and code not in _UNCOUNTED)
