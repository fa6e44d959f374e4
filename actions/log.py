"""What a scraper printed, made fit to be shown: no secrets, no colours, nothing that a runner would obey."""

import re
from collections.abc import Iterable
from typing import Final

from healer.redact import Redactor

LINES_MAX: Final = 2000
TAIL_MAX: Final = 16_000
"""Characters of the log that go into the report."""
_LINE_MAX: Final = 1000
# ECMA-48: control sequences, operating system commands, and escapes with intermediate bytes.
_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-Z\\^-~])")
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def lines(output: bytes, redactor: Redactor) -> tuple[str, ...]:
    """Give the last `LINES_MAX` lines. Redaction sees the whole text, before anything is cut."""
    # Line ends first: a runner also takes a carriage return for one.
    text = redactor.text(_ANSI.sub("", output.decode(errors="replace")))
    return tuple(_harmless(line) for line in text.splitlines()[-LINES_MAX:])


def tail(shown: Iterable[str]) -> str:
    """Give the last lines that fit into `TAIL_MAX` characters."""
    text = "\n".join(shown)
    return text if len(text) <= TAIL_MAX else text[-TAIL_MAX:].partition("\n")[2]


def _harmless(line: str) -> str:
    """Break both forms of workflow command: `::name::` opens a line, `##[name]` may stand anywhere."""
    plain = _UNPRINTABLE.sub("", line)[:_LINE_MAX].replace("##[", "# #[")
    return plain.replace("::", ": :", 1) if plain.lstrip().startswith("::") else plain
