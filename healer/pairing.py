"""Pairs each step of a failed fetch with the step of a good one that asked the same of the portal, and says what was asked inside what."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from healer import keys
from healer.contracts import Lookup, Trace, TraceStep
from healer.element import Element
from healer.portrait import page_of
from healer.selector import select

_DIGITS: Final = re.compile(r"\d+")
_SELECTED: Final = frozenset({"css", "xpath"})


class Pair(NamedTuple):
    """A page as it is now and the page that stood in its place when the fetch was good."""

    now: TraceStep
    good: TraceStep
    now_page: str
    good_page: str


def pairs(now: Trace, good: Trace, first: int | None) -> list[Pair]:
    """Pair the steps that have pages, that of step `first` before all others; of several pages of one kind the first ones pair."""
    mine = [step for step in now.steps if step.page in now.pages]
    mine.sort(key=lambda step: (step.number != first, step.number))
    made = ((step, _counterpart(step, now, good)) for step in mine)
    return [
        Pair(step, other, now.pages[step.page or ""], good.pages[other.page or ""]) for step, other in made if other
    ]


def _counterpart(step: TraceStep, now: Trace, good: Trace) -> TraceStep | None:
    options = [
        other for other in good.steps if other.page in good.pages and other.lookups and _suffix(other) == _suffix(step)
    ]
    asked = {(lookup.kind, lookup.file, lookup.line) for lookup in step.lookups}
    same_lines = [other for other in options if asked & {(look.kind, look.file, look.line) for look in other.lookups}]
    same_place = [other for other in options if _kind_of_url(other.url) == _kind_of_url(step.url)]
    best = [other for other in same_place if other in same_lines] or same_lines or same_place
    if best:
        return best[0]
    place = _place(step, now)
    return next((other for other in options if _place(other, good) == place), None)


def _suffix(step: TraceStep) -> str:
    return (step.page or "").rpartition(".")[2]


def _kind_of_url(url: str) -> str:
    return _DIGITS.sub("0", urlsplit(url).path.rstrip("/"))


def _place(step: TraceStep, trace: Trace) -> int:
    """Give the place of a step among those with pages."""
    return [other.number for other in trace.steps if other.page in trace.pages].index(step.number)


# ---------------------------------------------------------------- what was asked inside what


def scope_of(lookup: Lookup, step: TraceStep, page: str) -> Lookup | None:
    """Give the lookup in whose finds this one was evaluated, None where it was the page itself.

    The trace does not say so. A lookup belongs to a list when what it finds lies in the rows that were found before it, and there is
    more of it on the page than it was recorded to have found, or the same in each row.
    """
    earlier = step.lookups[: step.lookups.index(lookup)]
    if lookup.kind == "field":
        return next((other for other in reversed(earlier) if other.kind == "form"), None)
    lists = [other for other in reversed(earlier) if other.many and _same_language(other, lookup)]
    return next((other for other in lists if _inside(lookup, other, page)), None)


def _same_language(one: Lookup, other: Lookup) -> bool:
    return one.kind == other.kind or {one.kind, other.kind} <= _SELECTED


def _inside(lookup: Lookup, rows: Lookup, page: str) -> bool:
    if lookup.kind == "json":
        return _inside_json(lookup, rows, page)
    root = page_of(page)
    if root is None:
        return False
    found, parts = select(root.root, lookup.selector) or [], select(root.root, rows.selector) or []
    each = [len(select(part, lookup.selector) or []) for part in parts]
    return bool(each) and min(each) > 0 and len(found) >= sum(each) and _holds_all(parts, found)


def _holds_all(parts: list[Element], found: list[Element]) -> bool:
    inside = set(parts)
    return sum(1 for element in found if inside & set(element.iterancestors())) >= len(parts)


def _inside_json(lookup: Lookup, rows: Lookup, page: str) -> bool:
    value = keys.read(page)
    items = keys.dig(value, rows.selector)
    return isinstance(items, list) and any(keys.dig(item, lookup.selector) is not None for item in items)


def lookups_of(pair: Pair) -> Iterator[tuple[Lookup, Lookup | None]]:
    """Give each lookup that the good fetch made on its page and that found something, with its scope; scopes come first."""
    for lookup in pair.good.lookups:
        if lookup.found:
            yield lookup, scope_of(lookup, pair.good, pair.good_page)
