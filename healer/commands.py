"""People's commands: what each one does to a case in each state, or why it does nothing (SPEC §3, "Commands").

Pure. The gateway reads the case and its events, asks here, and writes what is given; where somebody else wrote first, it asks again.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from pydantic import Field

from healer import prose, turns
from healer.chain import EventData
from healer.contracts import ENDED, Case, CommentRef, Contract, Event, GateRun, RunRequest, State
from healer.errors import Rejected
from healer.turns import ASKED

_OPEN: Final = frozenset(State) - ENDED
_BEFORE_A_PERSON: Final = frozenset({State.NOT_FIXED, State.NEEDS_ENGINEER, State.STOPPED})
"""Ended without a result: a person may take such a case, or let it begin again."""
_HELD_BACK: Final = frozenset({State.OBSERVED, State.BRANCH_ONLY})
_REASON: Final = 500
OBEYED: Final = frozenset({"stopped", "taken", "released", "retried", ASKED, turns.BUDGET_RAISED})
"""Kinds of the events that obeying leaves."""


class Command(StrEnum):
    """What a person may tell a case. To have it explained changes nothing, so that is no command of these."""

    STOP = "stop"
    TAKE = "take"
    RELEASE = "release"
    RETRY = "retry"
    BUDGET = "budget"
    PUBLISH = "publish"


_MAY: Final[Mapping[Command, frozenset[State]]] = {
    Command.STOP: _OPEN,
    Command.TAKE: _OPEN | _BEFORE_A_PERSON,
    Command.RELEASE: frozenset({State.TAKEN}),
    Command.RETRY: _BEFORE_A_PERSON | {State.PUBLISHED},
    Command.BUDGET: _OPEN | _BEFORE_A_PERSON | {State.TAKEN},
    Command.PUBLISH: _HELD_BACK,
}


_SILENCED: Final = {Command.STOP: State.STOPPED, Command.TAKE: State.TAKEN}


class Order(Contract):
    """A command as somebody gave it; `text`, a reason or a hint, is redacted already.

    `by` is the API token's name, or as `Comment.author`; `name` is how people know them, where that differs.
    """

    command: Command
    by: str
    name: str = ""
    text: str = ""
    attempts: int = 0
    usd: float = 0
    minutes: float = 0
    comment: CommentRef | None = None
    """The comment that holds the command, None where it came by the API."""

    @property
    def source(self) -> EventData:
        """Give who gave it and where, as the event keeps it."""
        return {"by": self.by, **({"comment": self.comment} if self.comment else {})}


class Effect(Contract):
    """What obeying writes: an event, changes of the case (none: only the event), and the flow run that follows."""

    kind: str
    data: EventData
    changes: dict[str, State | str | int | GateRun | None] = Field(default_factory=dict)
    start: RunRequest | None = None


class Repeated(Contract):
    """The command was obeyed before, by `by`; it gets the same answer again."""

    by: str


def possible(case: Case) -> tuple[Command, ...]:
    """Give the commands that the case would obey now."""
    return tuple(command for command in Command if _may(command, case))


def _may(command: Command, case: Case) -> bool:
    sleeps = case.state is State.NOT_FIXED and case.next_check is not None  # it would go on by itself
    return case.state in _MAY[command] or (command is Command.STOP and sleeps)


def decide(order: Order, case: Case, events: tuple[Event, ...]) -> Effect | Repeated:
    """Decide what an order does to a case as it stands. `events` are all of the case's.

    Raises: Rejected (409): `case_ended`, `case_open`, `case_taken` or `not_taken`, where the state does not allow it.
    """
    if (before := _obeyed(order, case, events)) is not None:
        return Repeated(by=before)
    if not _may(order.command, case):
        raise _refusal(order.command, case)
    return _effect(order, case, events)


def _effect(order: Order, case: Case, events: tuple[Event, ...]) -> Effect:
    match order.command:
        case Command.STOP | Command.TAKE:
            return _silenced(order, case, events, _SILENCED[order.command])
        case Command.RELEASE:
            return _begun_again(order, case, events, "released")
        case Command.RETRY:
            return _begun_again(order, case, events, "retried")
        case Command.PUBLISH:
            return _asked_for(order, case, events)
        case Command.BUDGET:
            more = {what: getattr(order, what) for what in turns.ALLOWED if getattr(order, what)}
            return Effect(kind=turns.BUDGET_RAISED, data={**order.source, **more})


def _obeyed(order: Order, case: Case, events: tuple[Event, ...]) -> str | None:
    """Say who gave this very order before, who has stopped the case already, or that the same person has taken it already."""
    if order.comment and (
        same := next((e for e in events if e.kind in OBEYED and e.data.get("comment") == order.comment), None)
    ):
        return str(same.data.get("by"))
    if (order.command, case.state) not in {(Command.STOP, State.STOPPED), (Command.TAKE, State.TAKEN)}:
        return None
    by = next((event.data.get("by") for event in reversed(events) if event.kind == case.state.value), None)
    return str(by) if order.command is Command.STOP or by == order.by else None


def _refusal(command: Command, case: Case) -> Rejected:
    reason, what = "case_ended", f"the case has ended ({case.state.value})"
    if case.state is State.TAKEN:
        reason, what = "case_taken", "a person has taken the case; release it first"
    elif command is Command.RELEASE:
        reason, what = "not_taken", "nobody has taken the case"
    elif case.state in _OPEN:
        reason, what = "case_open", "the case is at work; stop it first"
    return Rejected(f"{command.value} does nothing: {what}.", reason=reason, status=409)


def _silenced(order: Order, case: Case, events: tuple[Event, ...], state: State) -> Effect:
    """End the case by a person's word. The awaited run stays known, so that its late report is recognised; it is let do nothing."""
    said = prose.tame(order.text, _REASON)
    told = f"{state.value.capitalize()} by {prose.tame(order.name or order.by)}" + (f": {said}" if said else ".")
    changes = {"state": state, "reason": None, "reason_text": told, "next_check": None}
    start = turns.onward(case.model_copy(update=changes), turns.again(events))
    return Effect(kind=state.value, data={**order.source, "why": said or None}, changes=changes, start=start)


def _asked_for(order: Order, case: Case, events: tuple[Event, ...]) -> Effect:
    """Go on to the pull request that was held back: with the head that the gate proved, or, where none was pushed, from the beginning."""
    run = case.attempts[-1].run if case.attempts and case.head_sha else None
    if run is None:
        return _begun_again(order, case, events, ASKED)
    changes = {"state": State.VERIFIED, "reason": None, "reason_text": "", "awaiting": run}
    start = turns.onward(case.model_copy(update=changes), turns.again(events))
    return Effect(kind=ASKED, data=order.source, changes=changes, start=start)


def _begun_again(order: Order, case: Case, events: tuple[Event, ...], kind: str) -> Effect:
    """Begin with a fresh diagnosis, a fresh number and a fresh set of attempts."""
    number = turns.fresh_number(case)
    hint = _readable(order.text)
    is_history = case.pull_request is not None and case.pull_request.state != "open"
    changes = {
        **({"branch": None, "head_sha": None, "pull_request": None} if is_history else {}),
        "state": State.RECEIVED,
        "reason": None,
        "reason_text": "",
        "next_check": None,
        "awaiting": None,
        "first": number,
        "hint": hint,
    }
    start = turns.onward(case.model_copy(update=changes), turns.again(events))
    data: EventData = {**order.source, "number": number, "hint_length": len(hint) or None}
    return Effect(kind=kind, data=data, changes=changes, start=start)


def _readable(text: str) -> str:
    """Give text without what a reader cannot see: control, reordering and invisible characters. Lines stay."""
    return "".join(one for one in text if one.isprintable() or one in "\n\t").strip()
