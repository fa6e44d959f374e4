"""Masks values in logs as GitHub's own runner does: the value, its encodings, and each line of it.

Source of the list of encodings: actions/runner, HostContext.cs (PowerShell's left out).
"""

import base64
import json
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

MASK = "***"
_SHORTEST = 3


class Masker:
    """Learns values and removes them from anything JSON can hold."""

    def __init__(self) -> None:
        self._needles: list[str] = []

    def learn(self, value: str) -> None:
        """Add a value in all its encodings."""
        found = {form for line in {value, *value.splitlines()} for form in _forms(line.strip())}
        self._needles = sorted({*self._needles, *found}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Give the text without the values."""
        for needle in self._needles:
            text = text.replace(needle, MASK)
        return text

    def data(self, value: Any) -> Any:
        """Give a JSON value without the values, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.data(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.data(item) for key, item in value.items()}
        return value


def _forms(value: str) -> set[str]:
    encoded = {base64.b64encode(value.encode()[shift:]).decode() for shift in range(3)}
    trimmed = {form.rstrip("=")[: len(form) // 4 * 4 - 4] for form in encoded if len(form) > 8}
    escaped = {
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        value.replace('"', '\\"'),
        value.replace("'", "''"),
    }
    marked = {escape(value, {'"': "&quot;", "'": "&apos;"}), quote(value, safe="-_.~"), value.strip('"')}
    return {form for form in {value, *encoded, *trimmed, *escaped, *marked} if len(form) >= _SHORTEST}
