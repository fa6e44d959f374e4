"""Reads what people have paused, from Prefect's own variable, so that they may pause in its UI. What cannot be read is paused."""

from prefect.variables import Variable

from healer.contracts import Case
from healer.errors import Conflict
from healer.pauses import HELD, VARIABLE, Pauses, parse


async def pauses() -> Pauses:
    """Give what is paused now; everything, where Prefect does not say."""
    try:
        return parse(await Variable.aget(VARIABLE))
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody knows what is paused
        return Pauses(unreadable=f"Prefect does not say what is paused: {type(error).__name__}")


async def prove_unpaused(case: Case) -> None:
    """Refuse to go on with a case that is paused.

    Raises: Conflict (`held`), which says by what.
    """
    if by := (await pauses()).holds(case):
        raise Conflict(f"healing is paused: {by}.", reason=HELD)
