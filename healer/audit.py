"""The leak audit's judgement: whether a known secret, in any encoding, is in what a sink holds.

It plants nothing and trusts nothing. Redaction is what it checks, so it does not search through the redactor; a sink that could not be
read whole is never called clean.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from healer import encodings
from healer.errors import HealerError
from healer.redact import MINIMUM, is_maskable

_BETWEEN: Final = b" \t\r\n\v\f\0"
"""Taken away for a second look: line breaks within base64, and the zero bytes of UTF-16."""
_MINIMUM_SPREAD: Final = 8
_CHARSETS: Final = ("utf-16-le", "utf-16-be", "latin-1")
_FORM: Final = (AttributeError, KeyError, TypeError, ValueError)
_PEM_EDGE: Final = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^@\s]*")


class Piece(NamedTuple):
    """One thing that a sink holds: its place (a key, a path, a run), which may be shown, and its bytes, which may not."""

    place: str
    data: bytes


@dataclass(frozen=True)
class Finding:
    """What came of one sink. `places` counts hits by place. `unread` says why it was not read, or not to its end.

    `absent` says why there is no such sink here, which is neither clean nor a failure.
    """

    sink: str
    pieces: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    unread: str = ""
    absent: str = ""

    @property
    def hits(self) -> int:
        """Count the hits in all places."""
        return sum(self.places.values())


@dataclass(frozen=True)
class Audit:
    """All findings, how many values were searched for, and the names of those that cannot be searched for."""

    findings: tuple[Finding, ...]
    values: int
    left_out: tuple[str, ...] = ()

    @property
    def hits(self) -> int:
        """Count the hits in all sinks."""
        return sum(finding.hits for finding in self.findings)

    @property
    def unread(self) -> tuple[str, ...]:
        """Name the sinks that were not read to their end."""
        return tuple(finding.sink for finding in self.findings if finding.unread)

    def document(self) -> dict[str, Any]:
        """Give all of it as JSON has it; no value is in it."""
        return {
            "hits": self.hits,
            "unread": list(self.unread),
            "values": {"searched": self.values, "left_out": list(self.left_out)},
            "sinks": [_row(finding) for finding in self.findings],
        }


def _row(finding: Finding) -> dict[str, Any]:
    state = "unread" if finding.unread else "absent" if finding.absent else "searched"
    places = [{"place": place, "hits": hits} for place, hits in finding.places.items()]
    row = {"sink": finding.sink, "state": state, "pieces": finding.pieces, "hits": finding.hits, "places": places}
    why = finding.unread or finding.absent
    return row | ({"why": why} if why else {})


def is_secret(value: str) -> bool:
    """Say whether a part of a secret is one itself: not an address without a login, not the edge of a PEM, and long enough."""
    return is_maskable(value) and not _PEM_EDGE.fullmatch(value.strip()) and not _ADDRESS.fullmatch(value.strip())


class Search:
    """Finds values in bytes: in every encoding, whatever the case of ASCII letters, also where white space stands between."""

    def __init__(self, values: Iterable[str]) -> None:
        wanted = {part for part in encodings.parts(values) if is_secret(part)}
        self.values = len(wanted)
        texts = {form.lower() for part in wanted for form in _written(part)}
        self._exact = _automaton({text for text in texts if len(text) >= MINIMUM})
        joined = {text.translate(None, _BETWEEN) for text in texts}
        self._spread = _automaton({text for text in joined if len(text) >= _MINIMUM_SPREAD})

    def hits(self, data: bytes) -> int:
        """Count the hits; where one needle lies within another, they are one hit."""
        low = data.lower()
        return _count(self._exact, low) or _count(self._spread, low.translate(None, _BETWEEN))


def _written(value: str) -> Iterator[bytes]:
    """Give the bytes of every encoding of a value, and of the value in the character sets that are not UTF-8."""
    yield from (needle.encode("utf-8", "surrogatepass") for needle in encodings.needles(value))
    for charset in _CHARSETS:
        written = value.encode(charset, "ignore")
        if written.decode(charset) == value:
            yield written


def _automaton(needles: set[bytes]) -> BytesAhoCorasick | None:
    if not needles:
        return None
    return BytesAhoCorasick(
        sorted(needles), matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA
    )


def _count(automaton: BytesAhoCorasick | None, data: bytes) -> int:
    return len(automaton.find_matches_as_indexes(data)) if automaton else 0


def examine(sink: str, pieces: Iterable[Piece], search: Search) -> Finding:
    """Search all that a sink holds. Where reading it fails, what was found before counts, and the rest is named unread."""
    seen, places, unread = 0, dict[str, int](), ""
    try:
        for piece in pieces:
            seen += 1
            if found := search.hits(piece.data) + search.hits(piece.place.encode("utf-8", "surrogatepass")):
                shown = _shown(piece.place, search)
                places[shown] = places.get(shown, 0) + found
    except HealerError as error:
        unread = _shown(error.what, search)
    except _FORM as error:
        unread = f"what it gives is not of the expected form ({type(error).__name__})"
    return Finding(sink, seen, places, unread)


def _shown(words: str, search: Search) -> str:
    return "(its own name holds a secret)" if search.hits(words.encode("utf-8", "surrogatepass")) else words


def texts(value: object) -> Iterator[str]:
    """Give every text of a JSON value, keys and numbers too, without the escapes of JSON's own writing."""
    match value:
        case str():
            yield value
        case dict():
            for key, held in value.items():
                yield str(key)
                yield from texts(held)
        case list() | tuple():
            for held in value:
                yield from texts(held)
        case int() | float():
            yield str(value)
        case _:
            return


def of_json(place: str, value: object) -> Piece:
    """Make a piece of a JSON value, a line for each of its texts."""
    return Piece(place, "\n".join(texts(value)).encode("utf-8", "surrogatepass"))
