"""Two versions of a page beside one another: which of their texts are the page's own, and what stands before and after each element.

A text that both versions show is the page's own; what only one shows is data, or was reworded, and says nothing by its words. Between the
words that both show, in the order in which both show them, an element keeps its place whatever wraps it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final, NamedTuple

from lxml import etree

from healer.element import SKIPPED, Element
from healer.portrait import Page
from healer.traits import path_of
from healer.wording import VALUES, shape_of, squish

WINDOW: Final = 6
_FADES: Final = 0.75
_LONGEST: Final = 120
_FIELDS: Final = frozenset({"input", "select", "textarea", "button"})
_DATA: Final = "\0"


class Side(NamedTuple):
    """The texts of one page in order, and for each element where its own begin and end among them."""

    runs: list[str]
    spans: dict[Element, tuple[int, int]]


@lru_cache(maxsize=8)
def side_of(page: Page) -> Side:
    """Give the texts of a page; a field counts as one, told by its name or type."""
    runs: list[str] = []
    begins: dict[Element, int] = {}
    spans: dict[Element, tuple[int, int]] = {}
    skipped = 0
    for event, element in etree.iterwalk(page.root, events=("start", "end")):
        if event == "start":
            begins[element] = len(runs)
            skipped += element.tag in SKIPPED
            if not skipped:
                runs += _read(element.text)
                if element.tag in _FIELDS:
                    runs.append(f"@{element.get('name') or element.get('type') or ''}")
            continue
        spans[element] = begins[element], len(runs)
        skipped -= element.tag in SKIPPED
        if not skipped:
            runs += _read(element.tail)
    return Side(runs, spans)


def _read(text: str | None) -> Iterator[str]:
    if text and not text.isspace():
        yield squish(text[:_LONGEST])


class Nearby(NamedTuple):
    """How far what stands near two elements agrees: shares of 0 to 1; `next_*` is 1 where it is the same, -1 where both differ, else 0."""

    before: float
    after: float
    next_before: float
    next_after: float
    between: float
    """1 where the candidate stands between the same words of the page as the old element, falling to 0 with the distance to there."""


class Lineup:
    """Two pages, and what they have in common."""

    def __init__(self, old: Page, new: Page) -> None:
        self.old, self.new = old, new
        self._old, self._new = side_of(old), side_of(new)
        self._windows: dict[tuple[bool, Element], tuple[tuple[str, ...], tuple[str, ...]]] = {}

    @cached_property
    def own(self) -> frozenset[str]:
        """The texts that both pages show."""
        both = set(self._old.runs) & set(self._new.runs)
        return frozenset(text for text in both if any(map(str.isalpha, text)) and shape_of(text) not in VALUES)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that both pages show."""
        return frozenset(self.old.words) & frozenset(self.new.words)

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self._old.runs) + Counter(self._new.runs)

    @cached_property
    def _posts(self) -> tuple[list[int], list[int]]:
        """Places (old, new) of texts that each page shows once, in the longest order that both keep."""
        mine, theirs = _once(self._old.runs), _once(self._new.runs)
        pairs = sorted((place, theirs[text]) for text, place in mine.items() if text in theirs and text in self.own)
        kept = _rising([new for _, new in pairs])
        return [pairs[at][0] for at in kept], [pairs[at][1] for at in kept]

    def read(self, element: Element, *, new: bool) -> tuple[str, ...]:
        """Give the texts in an element."""
        side = self._new if new else self._old
        begin, end = side.spans[element]
        return tuple(side.runs[begin:end])

    def nearby(self, one: Element, other: Element) -> Nearby:
        """Compare what stands around `one` on the old page and `other` on the new one."""
        mine, theirs = self._around(one, new=False), self._around(other, new=True)
        return Nearby(
            self._agree(mine[0], theirs[0]),
            self._agree(mine[1], theirs[1]),
            self._next(mine[0], theirs[0]),
            self._next(mine[1], theirs[1]),
            self._between(one, other),
        )

    def _around(self, element: Element, *, new: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the texts before an element, from near to far, and those after it; data as its shape."""
        known = self._windows.get((new, element))
        if known is None:
            side = self._new if new else self._old
            begin, end = side.spans[element]
            before = side.runs[max(0, begin - WINDOW) : begin][::-1]
            after = side.runs[end : end + WINDOW]
            known = tuple(map(self._masked, before)), tuple(map(self._masked, after))
            self._windows[new, element] = known
        return known

    def _masked(self, text: str) -> str:
        return text if text in self.own or text.startswith("@") else _DATA + shape_of(text)

    def _agree(self, mine: Sequence[str], theirs: Sequence[str]) -> float:
        """Give the share of what stands near that stands near there too; what is rare on the pages counts more."""
        if not mine:
            return 0.5 if theirs else 1.0
        places = {text: place for place, text in reversed(list(enumerate(theirs)))}
        whole = found = 0.0
        for place, text in enumerate(mine):
            weight = _FADES**place * self._weight(text)
            whole += weight
            if text in places:
                found += weight * _FADES ** abs(places[text] - place)
        return found / whole

    def _weight(self, text: str) -> float:
        return 0.3 if text[0] == _DATA else 2.0 / self._counts[text] + 0.3

    def _next(self, mine: Sequence[str], theirs: Sequence[str]) -> float:
        one, other = mine[0] if mine else "", theirs[0] if theirs else ""
        if one == other:
            return 1.0 if one and one[0] != _DATA else 0.3
        return -1.0 if one and other and one[0] != _DATA and other[0] != _DATA else 0.0

    def _between(self, one: Element, other: Element) -> float:
        olds, news = self._posts
        begin, end = self._old.spans[one]
        before, after = bisect_left(olds, begin) - 1, bisect_left(olds, end)
        low = news[before] + 1 if before >= 0 else 0
        high = news[after] if after < len(news) else len(self._new.runs)
        start, stop = self._new.spans[other]
        away = max(0, low - start, stop - high)
        return 1.0 / (1.0 + 0.5 * away)


def _once(runs: Sequence[str]) -> Mapping[str, int]:
    counted = Counter(runs)
    return {text: place for place, text in enumerate(runs) if counted[text] == 1}


def _rising(values: Sequence[int]) -> list[int]:
    """Give the places of a longest rising run of values."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        at = bisect_right(tails, value)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1], ends[at : at + 1] = [value], [place]
    found, place = [], ends[-1] if ends else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


# ---------------------------------------------------------------- who is worth a look


@lru_cache(maxsize=8)
def _index(page: Page) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for element in page.elements:
        for key in _keys(page, element):
            found.setdefault(key, []).append(element)
    return found


@lru_cache(maxsize=16384)
def _keys(page: Page, element: Element) -> tuple[str, ...]:
    side = side_of(page)
    begin, end = side.spans[element]
    parent = element.getparent()
    keys = [f"tag {element.tag}"]
    keys += [
        f"{name} {value}"
        for name in ("id", "name", "type", "for", "title", "aria-label", "data-target")
        if (value := element.get(name))
    ]
    keys += [f"class {name}" for name in (element.get("class") or "").split()[:6]]
    keys += [f"path {path}"] if (path := path_of(element)) else []
    if parent is not None:
        keys.append(f"in {parent.tag} {element.tag}")
        keys += [f"in {parent.tag}.{name} {element.tag}" for name in (parent.get("class") or "").split()[:4]]
        if parent.get("id"):
            keys.append(f"in #{parent.get('id')}")
    if end - begin and end - begin < WINDOW:
        keys += [f"reads {text}" for text in side.runs[begin:end][:3]]
        keys += [f"shape {shape_of(side.runs[begin])}"]
    keys += [f"after {text}" for text in side.runs[max(0, begin - 2) : begin]]
    keys += [f"before {text}" for text in side.runs[end : end + 1]]
    keys += [f"holds {child.tag}" for child in islice(element, 3)]
    return tuple(keys)


def shortlist(page: Page, element: Element, other: Page, most: int, among: Collection[Element]) -> list[Element]:
    """Give the elements of `among` (on `other`) that share most with one of `page`: names, texts, neighbours; what few have counts more."""
    index = _index(other)
    votes: dict[Element, float] = {}
    for key in _keys(page, element):
        having = index.get(key, ())
        if having:
            weight = 3.0 / (2 + len(having)) + 0.1
            for one in having:
                votes[one] = votes.get(one, 0.0) + weight
    order, wanted = other.order, set(among)
    return sorted((one for one in votes if one in wanted), key=lambda one: (-votes[one], order[one]))[:most]
