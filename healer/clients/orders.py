"""People's orders, written on the case: decided on it as it stands, and decided again where somebody else wrote meanwhile.

What a comment commands is written there too, as it was said, for the flow `command` to judge.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from healer import commands, spoken, turns
from healer.chain import EventData
from healer.clients.cases import Cases
from healer.commands import Effect, Order, Repeated
from healer.contracts import Case, CaseId, Comment, Contract, Event, RunRequest
from healer.errors import Conflict, Rejected

WITHHELD: Final = "(not kept: what must be redacted in it could not be read)"
_MOST_TRIES: Final = 50
"""A case at work is written often, each time by one writer; so often an order reads it again before it gives up."""
_BUSY: Final = "the case is written all the time."


class Obeyed(Contract):
    """The order is on disk. `by` is who gave it first, `again` whether that was before this order."""

    case: Case
    by: str
    again: bool
    events: tuple[Event, ...]
    """The events before the order."""


async def read(cases: Cases, case_id: CaseId) -> tuple[Case, tuple[Event, ...]]:
    """Read a case with its events.

    Raises: Rejected (404, `unknown_case`), UpstreamError.
    """
    case = await cases.get(case_id)
    if case is None:
        raise Rejected("there is no such case.", reason="unknown_case", status=404)
    return case, await cases.events(case_id)


async def obey(cases: Cases, case_id: CaseId, order: Order) -> Obeyed:
    """Do what an order says.

    Raises: Rejected: 404 `unknown_case`, 409 as `commands.decide`; Conflict, UpstreamError.
    """
    for _ in range(_MOST_TRIES):
        case, events = await read(cases, case_id)
        decided = commands.decide(order, case, events)
        if isinstance(decided, Repeated):
            return Obeyed(case=case, by=decided.by, again=True, events=events)
        try:
            return Obeyed(case=await _write(cases, case, events, decided), by=order.by, again=False, events=events)
        except Conflict:
            continue
    raise Conflict(_BUSY, reason="case_changed", remedy="Send the command again.")


async def _write(cases: Cases, case: Case, events: tuple[Event, ...], effect: Effect) -> Case:
    """Write what was decided, where nothing happened since: an event alone changes no version, so the chain's end is compared."""
    if effect.changes:
        return await cases.record(case, effect.kind, effect.data, start=effect.start, **effect.changes)
    await cases.note(case.id, effect.kind, effect.data, as_of=events[-1])
    return case


async def hear(cases: Cases, case_id: CaseId, comment: Comment, redact: Callable[[str], Awaitable[str]]) -> bool:
    """Write what a comment that is addressed to us says, once, with the flow run that judges it; give whether it is new.

    Raises: UpstreamError, Conflict; what `redact` raises.
    """
    data: EventData = {}
    start = RunRequest(flow="command", case=case_id, comment=comment.ref)
    for _ in range(_MOST_TRIES):
        events = await cases.events(case_id)
        if any(event.kind == turns.COMMANDED and event.data.get("comment") == comment.ref for event in events):
            return False
        data = data or await _said(comment, redact)
        try:
            await cases.note(case_id, turns.COMMANDED, data, start=start, as_of=events[-1] if events else None)
        except Conflict:
            continue
        return True
    raise Conflict(_BUSY, reason="case_changed", remedy="Hear the comment again.")


async def _said(comment: Comment, redact: Callable[[str], Awaitable[str]]) -> EventData:
    said = spoken.read(comment.text)
    data: EventData = {"comment": comment.ref, "author": comment.author}
    if said:
        data |= {"command": said.name, "text": await redact(said.text), "attempts": said.attempts}
    return data
