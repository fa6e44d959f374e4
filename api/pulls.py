"""Pull requests that people merge or close: GitHub's word starts the run that looks."""

from typing import Any, Literal

from healer import turns
from healer.contracts import Case, State
from healer.wiring import GatewayParts


async def case_of(parts: GatewayParts, number: int) -> Case | None:
    """Give the case whose pull request has this number.

    Raises: UpstreamError.
    """
    known = await parts.cases.list()
    return next((case for case in known if case.pull_request and case.pull_request.number == number), None)


async def closed(parts: GatewayParts, members: dict[str, Any]) -> Literal["followed", "repeated", "ignored"]:
    """Write on a published case that its pull request was closed, with the run that asks GitHub how; a case that knows is left alone.

    Raises: UpstreamError, Conflict.
    """
    number = members.get("number")
    case = await case_of(parts, number) if isinstance(number, int) else None
    if case is None or case.state is not State.PUBLISHED:
        return "ignored"
    events = await parts.cases.events(case.id)
    await parts.cases.note(
        case.id, turns.PULL_CLOSED, {"number": number}, start=turns.onward(case, turns.again(events))
    )
    return "followed"
