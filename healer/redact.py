"""The one function through which text passes before it leaves the process.

Known values are found in all their encodings (`healer.encodings`), whatever their case, and also with blanks, line breaks,
terminal colours or invisible characters between their letters; unknown secrets by their form (`healer.shapes`, `healer.cards`).
Redact first and cut afterwards: half a secret is found by nobody. What comes in pieces goes through `healer.stream`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from healer import cards, encodings
from healer.search import Search
from healer.shapes import PERSONAL, SECRETS, Catalogue, Shape
from healer.views import Span, fold, tighten

MASK: Final = "***"
MINIMUM: Final = 6
"""Shorter values are not masked: they occur in ordinary text, and a log of stars helps nobody."""
_MINIMUM_SPREAD: Final = 8
"""From this length on a value is also found with other characters strewn between its own."""
_MINIMUM_LETTERS: Final = 3
"""`000000` and `abab` are figures and patterns before they are secrets."""
_COMMON: Final = frozenset(
    {
        "account",
        "accounts",
        "administrator",
        "anonymous",
        "bearer",
        "customer",
        "default",
        "disabled",
        "enabled",
        "example",
    }
    | {
        "github",
        "importer",
        "localhost",
        "nobody",
        "number",
        "password",
        "portal",
        "private",
        "public",
        "secret",
        "service",
    }
    | {"string", "system", "unknown", "username", "utility", "utilities"}
)

_SHORT: Final = 64
_REMEMBERED: Final = 4096
"""Keys and short values come again and again in what a server is sent; so many of them are looked at once."""

_WRITTEN: Final = 256
"""To write a value down in all its ways takes milliseconds; so many are remembered, by processes forked from this one too."""

T = TypeVar("T")


def is_maskable(value: str) -> bool:
    """Say whether a value can be searched for: `MINIMUM` characters, three of them different, and no everyday word."""
    folded = fold(value.strip()).data.decode("utf-8", "replace")
    return len(folded) >= MINIMUM and len(set(folded)) >= _MINIMUM_LETTERS and folded not in _COMMON


class Scan(NamedTuple):
    """What was found: the spans to mask; the index before which nothing changes; that from which on the text is still needed."""

    spans: list[Span]
    decided: int
    needed: int


class _Searches(NamedTuple):
    """What to search for: values and hints of shapes in the folded text, values in the text without what stands between."""

    exact: Search
    spread: Search
    shapes: Catalogue


def _searches(values: Iterable[str], shapes: Catalogue) -> _Searches:
    written = [_written(part) for part in {*encodings.parts(values)} if is_maskable(part)]
    exact = {needle for one in written for needle in one.exact}
    spread = {needle for one in written for needle in one.spread}
    return _Searches(Search(exact, hints=shapes.by_hint), Search(spread), shapes)


class _Written(NamedTuple):
    """What to search for to find one value: in folded text, and in text without what stands between."""

    exact: frozenset[bytes]
    spread: frozenset[bytes]


@lru_cache(_WRITTEN)
def _written(value: str) -> _Written:
    folded = {fold(needle).data for needle in encodings.needles(value)}
    exact = frozenset(needle for needle in folded if len(needle) >= MINIMUM)
    tight = {tighten(needle).data for needle in exact}
    return _Written(exact, frozenset(needle for needle in tight if len(needle) >= _MINIMUM_SPREAD))


class _Found(NamedTuple):
    """A secret, and where the shape begins that it is a part of."""

    begin: int
    span: Span


class _Look:
    """One look at a text: where its secrets are, and what more text could change."""

    def __init__(self, searches: _Searches, text: str, *, final: bool) -> None:
        self._text, self._shapes, self._final = text, searches.shapes, final
        self._folded = fold(text)
        self._tight = tighten(self._folded.data, final=final)
        self._exact = searches.exact.look(self._folded.data)
        self._spread = searches.spread.look(self._tight.data)
        self._shaped = [self._shape(at, hint) for at, hint in self._exact.hints]

    def _shape(self, at: int, hint: bytes) -> tuple[Shape, int]:
        shape = self._shapes.by_hint[hint]
        return shape, shape.begin(self._text, self._folded.origin(at))

    def _spans_folded(self) -> Iterator[Span]:
        """Give spans of the folded text."""
        yield from self._exact.found
        for start, end in self._spread.found:
            yield self._tight.origin(start), self._tight.origin(end - 1) + 1
        yield from cards.find(self._folded.data)

    def found(self) -> list[_Found]:
        """Give what was found, as far as it is in the text."""
        origin = self._folded.origin
        known = [(origin(start), origin(end - 1) + 1) for start, end in self._spans_folded()]
        shaped = [(begin, shape.span(self._text, begin)) for shape, begin in self._shaped]
        return [
            *(_Found(span[0], span) for span in known),
            *(_Found(begin, span) for begin, span in shaped if span is not None),
            *(_Found(begin, span) for begin, span in self._shapes.unhinted(self._text)),
        ]

    def decided(self, found: Iterable[_Found]) -> int:
        """Give the index before which nothing begins that more text could change."""
        if self._final:
            return len(self._text)
        folded = min(
            self._exact.live, self._tight.origin(self._spread.live), self._tight.until, cards.begun(self._folded.data)
        )
        opened = (begin for shape, begin in self._shaped if shape.is_open(self._text, begin))
        decided = min(self._folded.origin(folded), self._shapes.begun(self._text), *opened)
        for begin, (start, _) in sorted(found, reverse=True):
            # A shape whose secret comes after something undecided is found again, from its beginning.
            decided = begin if begin < decided <= start else decided
        return decided

    def needed(self, decided: int) -> int:
        """Give the index from which on the text is needed: a character before what is undecided, and no gap cut in two."""
        index, origin = max(0, decided - 1), self._folded.origin
        number = bisect_right(self._tight.gaps, index, key=lambda gap: origin(gap[0])) - 1
        cut = number >= 0 and index < origin(self._tight.gaps[number][1])
        return origin(self._tight.gaps[number][0]) if cut else index


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Join what overlaps or touches, so that neighbouring needles of one secret become one mask."""
    start, end = -1, -1
    for left, right in sorted(spans):
        if left > end:
            if end > start:
                yield start, end
            start, end = left, right
        end = max(end, right)
    if end > start:
        yield start, end


class Redactor:
    """Removes secrets from text, and with `personal` e-mail addresses and account numbers too.

    One per process; values may be added at any time, from any thread.
    """

    def __init__(self, values: Iterable[str] = (), *, personal: bool = False) -> None:
        self._values: frozenset[str] = frozenset()
        self._shapes = Catalogue(SECRETS + PERSONAL if personal else SECRETS)
        self._know(())
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Know these values from now on. Those that are not `is_maskable` are ignored."""
        known = self._values | frozenset(values)
        if known != self._values:
            self._know(known)
            self._values = known

    def _know(self, values: Iterable[str]) -> None:
        self._searches = _searches(values, self._shapes)
        self._short = lru_cache(_REMEMBERED)(self.text)  # after the searches: it remembers nothing of the earlier ones

    def scan(self, text: str, since: int = 0, *, final: bool = True) -> Scan:
        """Find the secrets that begin at or after an index; where more text will follow (not `final`), only those it cannot change."""
        look = _Look(self._searches, text, final=final)
        found = [one for one in look.found() if one.begin >= since]
        decided = look.decided(found)
        return Scan([one.span for one in found if one.begin < decided], decided, look.needed(decided))

    def text(self, s: str) -> str:
        """Give `s` with `***` in place of every secret in it."""
        out, done = [], 0
        for start, end in merged(self.scan(s).spans):
            out += [s[done:start], MASK]
            done = end
        return "".join([*out, s[done:]])

    def data(self, obj: T) -> T:
        """Give a JSON-like value (dict, list, tuple, str, number, bool, None) with every text and key in it redacted."""
        return self._walk(obj)  # type: ignore[return-value] # JSON-like in, JSON-like out

    def _walk(self, obj: object) -> object:
        match obj:
            case str():
                return self._short(obj) if len(obj) <= _SHORT else self.text(obj)
            case dict():
                return {self._walk(key): self._walk(value) for key, value in obj.items()}
            case list() | tuple():
                return type(obj)(self._walk(item) for item in obj)
            case int() | float() if not isinstance(obj, bool):
                shown = str(obj)
                return obj if self._short(shown) == shown else MASK
            case _:
                return obj
