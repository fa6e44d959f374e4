"""The one function through which text passes before it leaves the process.

Known values are found in all their encodings (`healer.encodings`), whatever their case, and also with blanks, line breaks,
terminal colours or invisible characters between their letters; unknown secrets by their form (`healer.shapes`).
Redact first and cut afterwards: half a secret is found by nobody.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple, TypeVar

from ahocorasick_rs import AhoCorasick, Implementation

from healer import encodings, shapes

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

T = TypeVar("T")
Span = tuple[int, int]

_BETWEEN = re.compile(
    "(?:"
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # terminal colours and titles
    r"|\\+[nrt]"  # line breaks written as escapes
    "|[\\s\x00-\x1f\x7f\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
    ")+"
)


class _Fold(dict[int, str]):
    """Compatibility decomposition and case folding by code point, computed once each."""

    def __missing__(self, code: int) -> str:
        lone_surrogate = unicodedata.category(chr(code)) == "Cs"
        folded = "\ufffd" if lone_surrogate else unicodedata.normalize("NFKD", chr(code)).casefold()
        self[code] = folded
        return folded


_FOLD: Final = _Fold()


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_FOLD)


def _spread(folded: str) -> str:
    return _BETWEEN.sub("", folded)


def is_maskable(value: str) -> bool:
    """Say whether a value can be searched for: `MINIMUM` characters, three of them different, and no everyday word."""
    folded = _folded(value.strip())
    return len(folded) >= MINIMUM and len(set(folded)) >= _MINIMUM_LETTERS and folded not in _COMMON


class _Search(NamedTuple):
    """The automata for one set of values: over the folded text, and over the folded text without what stands between."""

    exact: AhoCorasick
    spread: AhoCorasick


def _automaton(needles: Iterable[str]) -> AhoCorasick:
    return AhoCorasick(sorted(needles), implementation=Implementation.ContiguousNFA)


def _search_for(values: Iterable[str]) -> _Search | None:
    wanted = {part for part in encodings.parts(values) if is_maskable(part)}
    if not wanted:
        return None
    exact = {_folded(needle) for value in wanted for needle in encodings.needles(value)}
    exact = {needle for needle in exact if len(needle) >= MINIMUM}
    spread = {needle for needle in map(_spread, exact) if len(needle) >= _MINIMUM_SPREAD}
    return _Search(_automaton(exact), _automaton(spread))


def _to_unfolded(text: str, folded: str) -> Callable[[int], int]:
    """Give the function from an index of `folded` to the index in `text`; the two differ in length only beyond ASCII."""
    if len(folded) == len(text):
        return lambda index: index
    starts = [0, *accumulate(len(_FOLD[ord(char)]) for char in text)]
    return lambda index: bisect_right(starts, index) - 1


def _to_unspread(folded: str) -> Callable[[int], int]:
    """Give the function from an index of the text without its gaps to the index in `folded`."""
    kept, origins = [0], [0]
    for gap in _BETWEEN.finditer(folded):
        kept.append(kept[-1] + gap.start() - origins[-1])
        origins.append(gap.end())

    def index_in_folded(index: int) -> int:
        run = bisect_right(kept, index) - 1
        return origins[run] + index - kept[run]

    return index_in_folded


def _matches(search: _Search, folded: str) -> Iterator[Span]:
    for _, start, end in search.exact.find_matches_as_indexes(folded, overlapping=True):
        yield start, end
    found = search.spread.find_matches_as_indexes(_spread(folded), overlapping=True)
    if found:
        origin = _to_unspread(folded)
        yield from ((origin(start), origin(end - 1) + 1) for _, start, end in found)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
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
    """Removes secrets from text. One per process; values may be added at any time, from any thread."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: frozenset[str] = frozenset()
        self._search: _Search | None = None
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Know these values from now on. Those that are not `is_maskable` are ignored."""
        known = self._values | frozenset(values)
        if known != self._values:
            self._search = _search_for(known)
            self._values = known

    def text(self, s: str) -> str:
        """Give `s` with `***` in place of every secret in it."""
        folded = _folded(s)
        origin = _to_unfolded(s, folded)
        known = _matches(self._search, folded) if self._search else ()
        spans = [(origin(start), origin(end - 1) + 1) for start, end in known]
        spans.extend(shapes.find(s, folded))
        out, done = [], 0
        for start, end in _merged(spans):
            out += [s[done:start], MASK]
            done = end
        return "".join([*out, s[done:]])

    def data(self, obj: T) -> T:
        """Give a JSON-like value (dict, list, tuple, str, number, bool, None) with every text and key in it redacted."""
        return self._walk(obj)  # type: ignore[return-value] # JSON-like in, JSON-like out

    def _walk(self, obj: object) -> object:
        match obj:
            case str():
                return self.text(obj)
            case dict():
                return {self._walk(key): self._walk(value) for key, value in obj.items()}
            case list() | tuple():
                return type(obj)(self._walk(item) for item in obj)
            case int() | float() if not isinstance(obj, bool):
                shown = str(obj)
                return obj if self.text(shown) == shown else MASK
            case _:
                return obj
