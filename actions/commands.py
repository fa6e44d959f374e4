"""GitHub's workflow commands: the lines by which a step speaks to its runner.

Rules: docs.github.com, "Workflow commands for GitHub Actions"; escaping as in actions/toolkit `command.ts`; the forms in which
a value is masked follow actions/runner `HostContext.cs`, which other runners lack.
"""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

MASK_MINIMUM = 4
"""A shorter value would black out the log and protect nobody."""


def command(name: str, message: str, **properties: str | int | None) -> str:
    """Give the line of a command. Absent properties are left out."""
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{name}{' ' * bool(given)}{given}::{_data(message)}"


def masks(value: str) -> Iterator[str]:
    """Give the commands that mask a value: as it is, line by line, and in its base64, URL, JSON and XML forms."""
    parts = dict.fromkeys((value, *value.splitlines()))
    forms = dict.fromkeys(form for part in parts for form in _forms(part))
    yield from (command("add-mask", form) for form in forms if len(form) >= MASK_MINIMUM)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _forms(value: str) -> Iterator[str]:
    if len(value) < MASK_MINIMUM:
        return
    yield value
    yield from _base64(value.encode())
    yield from (quote(value, safe=""), quote(value), quote_plus(value))
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield from (html.escape(value), html.escape(value, quote=False))


def _base64(data: bytes) -> Iterator[str]:
    """Give the encoding, and at each of the three offsets the part that no neighbouring byte can change."""
    yield base64.b64encode(data).decode()
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        yield base64.b64encode(b"\0" * offset + data).decode()[first:last]
