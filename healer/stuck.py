"""Says when an agent goes round in circles: one call that fails alike again and again, two calls in turns, or no edit at all."""

from collections.abc import Sequence
from typing import Final, NamedTuple

SAME: Final = 3
TURNS: Final = 6
IDLE: Final = 30


class Call(NamedTuple):
    """One call of a tool and how it ended. `asked` is its input as text; `error` is empty where it went well."""

    tool: str
    asked: str
    error: str = ""
    edits: bool = False


def stuck(calls: Sequence[Call]) -> str | None:
    """Say in words how the calls go in circles, None where they do not.

    The same call and error `SAME` times running; two calls in turns over the last `TURNS`; no edit among the last `IDLE`.
    """
    last = list(calls[-SAME:])
    if len(last) == SAME and last[0].error and len(set(last)) == 1:
        return f"the same call failed alike {SAME} times: {last[0].tool}"
    last = list(calls[-TURNS:])
    if len(last) == TURNS and len(set(last[::2])) == len(set(last[1::2])) == 1 and last[0] != last[1]:
        return f"two calls in turns, {TURNS // 2} times each: {last[0].tool} and {last[1].tool}"
    if len(calls) >= IDLE and not any(call.edits for call in calls[-IDLE:]):
        return f"no edit in {IDLE} calls"
    return None
