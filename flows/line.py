"""The line: cases that wait for room are called in order, by whoever may have made some."""

from healer import turns
from healer.clients.line import Room, Waiting
from healer.contracts import State
from healer.errors import Conflict
from healer.wiring import FlowParts


async def call_next(parts: FlowParts) -> int:
    """Call the cases for which there is room, in order; give how many. One that waits for its importer lets others pass.

    Raises: UpstreamError.
    """
    called, full = 0, set[str]()
    for waiting in await parts.line.waiting():
        if waiting.importer in full:
            continue
        match await parts.line.take_room(waiting):
            case Room.FULL:
                break
            case Room.IMPORTER_FULL:
                full.add(waiting.importer)
            case Room.TAKEN:
                called += await _call(parts, waiting)
            case Room.GONE:
                continue
    return called


async def _call(parts: FlowParts, waiting: Waiting) -> bool:
    """Let a case begin for which room was taken. Where somebody else wrote it, they called or ended it."""
    case = await parts.cases.get(waiting.case)
    if case is None or not turns.is_in_line(case):
        return False
    start = turns.onward(case, turns.again(await parts.cases.events(case.id)))
    begun = {"state": State.RECEIVED, "reason": None, "reason_text": ""}
    try:
        await parts.cases.record(case, "called", {"run": start.key}, start=start, **begun)
    except Conflict:
        return False
    return True
