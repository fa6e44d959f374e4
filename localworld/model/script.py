"""What a scripted model does, turn by turn."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One answer. `blocks` are content blocks; before them it may wait, instead of them it may fail, within them it may break off."""

    blocks: Sequence[dict[str, Any]] = ()
    usage: dict[str, int] = field(default_factory=dict)
    wait_s: float = 0.0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall_s: float = 0.0
    """After its first event the answer stands still for so long, and ends without its end."""
    drop: bool = False
    """The answer ends after its first event."""


Turn = Step | Callable[[Body], Step]
Script = Callable[[], Iterator[Turn]]
"""Makes the turns of one session."""


def text(words: str) -> dict[str, Any]:
    """Make a block of text."""
    return {"type": "text", "text": words}


def tool(name: str, /, **given: Any) -> dict[str, Any]:
    """Make a block that calls a tool."""
    return {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:24]}", "name": name, "input": given}


def call(name: str, /, **given: Any) -> Step:
    """Make a turn of one tool call."""
    return Step([tool(name, **given)])


def answer(**given: Any) -> Step:
    """Make the last turn: the answer in the form that was asked for, with what is not given made up."""
    said = {
        "diagnosis": "The table of bills has another id.",
        "breakage": "selector",
        "files": [],
        "changes": [],
        "confidence": 0.9,
        "not_fixable_because": None,
    }
    return call("StructuredOutput", **{**said, **given})


def results(body: Body) -> list[tuple[bool, str]]:
    """Give the results of tools that a request carries: whether each is an error, and its text."""
    blocks = [
        block for message in body["messages"] if isinstance(message["content"], list) for block in message["content"]
    ]
    found = [block for block in blocks if block.get("type") == "tool_result"]
    return [(bool(block.get("is_error")), _text(block.get("content"))) for block in found]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())
