"""Which cases do not go on by themselves: a wake-up is due, a step failed, a process died, or a gate's report was lost.

Pure: the flow `reconcile` reads the cases and the clock, and starts what is given here. Everything started may be started twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from healer import turns
from healer.contracts import ENDED, Case, Event, Reason, RunState, State
from healer.links import RUN_STARTED
from healer.notice import is_told
from healer.pauses import HELD, Pauses

PENDING_S: Final = 30
"""A failed step is tried again so soon at first."""
SILENT_S: Final = 120
"""A case at work writes an event more often than that, agents aside."""
AGENT_S: Final = 45 * 60
"""An agent may think so long between two events; afterwards its run is taken for dead."""
_LONGEST_S: Final = 3600
_PULLS_MIN: Final = 10
_EVERY_MIN: Final = 2
"""`reconcile` runs each two minutes; at open pull requests, of which GitHub tells by itself, it looks each ten."""
MAX_AGAIN: Final = 30
"""Repetitions of one case without headway, about a day; afterwards a person must look."""
RECEIPT_WRITTEN: Final = "receipt_written"
"""Kind of the event that holds a receipt's SHA-256; more than it has to be told only where something else happened after it."""
GATE_WAITS: Final = "gate_waits"
"""Kind of the event that a gate run has not begun for long: GitHub has no runner for it, or keeps it for a person's approval."""
_NOT_BEGUN: Final = frozenset({"queued", "requested", "waiting", "pending"})
"""GitHub's words for a run that waits."""
_OURS: Final = frozenset({"resumed", "pending", HELD})
_NO_HEADWAY: Final = _OURS | {RUN_STARTED}
_GATE: Final = frozenset({State.DIAGNOSING, State.VERIFYING})
_AT_WORK: Final = frozenset({State.RECEIVED, State.TRIAGED, State.PATCHING, State.PUSHED, State.VERIFIED})


class Patience(NamedTuple):
    """How long a case may be without an event before it is looked at (seconds): after a failed step, at work, while an agent works."""

    pending_s: float = PENDING_S
    silent_s: float = SILENT_S
    agent_s: float = AGENT_S


USUAL: Final = Patience()


class Duty(StrEnum):
    """What a case that does not go on by itself needs."""

    WAKE = "wake"
    RESUME = "resume"
    ASK_GITHUB = "ask_github"
    ANSWER = "answer"
    ASK_PULL = "ask_pull"
    ASK_LOGINS = "ask_logins"


def duty(case: Case, events: Sequence[Event], now: datetime, patience: Patience = USUAL) -> Duty | None:
    """Say what a case needs now, or None. `ASK_GITHUB`: resume it if its gate run has ended and nobody told us.

    `ANSWER`: a person's comment commands, and nothing came of it yet. `ASK_PULL`: resume it if its pull request is no longer open.
    `ASK_LOGINS`: wake it if a person has stored or confirmed its login since.
    """
    if case.state is State.NOT_FIXED and is_delivered(case, events) and (wakes := _wakes(case, events, now)):
        return wakes
    if not events or tries(events) >= MAX_AGAIN or abs(now - events[-1].at) < _waits(case, events, patience):
        return None
    if turns.unanswered(events):
        return Duty.ANSWER
    if case.state is State.PUBLISHED and _is_closed(case, events):
        return Duty.ASK_PULL if now.minute % _PULLS_MIN < _EVERY_MIN else None
    if case.state in _GATE:
        return Duty.RESUME if events[-1].kind == "pending" else Duty.ASK_GITHUB
    is_called = case.state is State.QUEUED and events[-1].kind == "called"
    return Duty.RESUME if case.state in _AT_WORK or is_called or not _is_closed(case, events) else None


def is_dead(began: datetime, heard: datetime | None, now: datetime, silent_s: float) -> bool:
    """Say whether a flow run has been silent so long that its process is taken for dead: since its last heartbeat, or since it began."""
    return now - max(began, heard or began) > timedelta(seconds=silent_s)


def is_held(case: Case, wanted: Duty | None, pauses: Pauses) -> bool:
    """Say whether a pause keeps a case from what it needs. People are answered, and tickets told, all the same."""
    begins = wanted in {Duty.WAKE, Duty.ASK_LOGINS} or (case.state not in ENDED and wanted is not Duty.ANSWER)
    return begins and bool(pauses.holds(case))


def _wakes(case: Case, events: Sequence[Event], now: datetime) -> Duty | None:
    """Say what ends the sleep of a case that waits for its hour, or for the owner of its login."""
    if case.next_check:
        return Duty.WAKE if case.next_check <= now else None
    is_quiet = _is_closed(case, events) and not turns.unanswered(events)
    return Duty.ASK_LOGINS if case.reason is Reason.CREDENTIAL and is_quiet else None


def last_dispatch(events: Sequence[Event]) -> datetime | None:
    """Give when a gate run was sent last: a login that was released after that has not been tried by the case."""
    return next((event.at for event in reversed(events) if event.kind == "gate_dispatched"), None)


def is_waiting(run: RunState, events: Sequence[Event], now: datetime, patient_s: float) -> bool:
    """Say whether a gate run has not begun so many seconds after its dispatch, and nobody was told of it yet."""
    sent = last_dispatch(events)
    is_late = run.status in _NOT_BEGUN and sent is not None and now - sent > timedelta(seconds=patient_s)
    return is_late and not any((event.kind, event.data.get("run_id")) == (GATE_WAITS, run.run_id) for event in events)


def is_delivered(case: Case, events: Sequence[Event]) -> bool:
    """Say whether the ticket tells where the case stands, or need not."""
    if not is_told(case):
        return True
    return "ticket_told" in _since_its_state(case, events)


def _is_closed(case: Case, events: Sequence[Event]) -> bool:
    """Say whether nothing is left to write about where the case stands: on the ticket, and as a receipt where it has ended."""
    has_receipt = case.state not in ENDED or RECEIPT_WRITTEN in _since_its_state(case, events)
    return has_receipt and is_delivered(case, events)


def _since_its_state(case: Case, events: Sequence[Event]) -> list[str]:
    """Give the kinds of events from the one on that brought the case to its state."""
    kinds = [event.kind for event in events]
    return kinds[max((n for n, kind in enumerate(kinds) if kind == case.state.value), default=0) :]


def tries(events: Sequence[Event]) -> int:
    """Count the repetitions since something else than failure happened."""
    tail = 0
    for event in reversed(events):
        if event.kind not in _NO_HEADWAY:
            break
        tail += event.kind == "resumed"
    return tail


def _waits(case: Case, events: Sequence[Event], patience: Patience) -> timedelta:
    """Give how long the last event may lie back: longer with each repetition."""
    repeated = tries(events)
    again = min(patience.pending_s * 2**repeated, _LONGEST_S)
    if events[-1].kind in _OURS:
        return timedelta(seconds=again)
    silent = patience.agent_s if case.state is State.PATCHING else patience.silent_s
    return timedelta(seconds=max(silent, again if repeated else 0))
