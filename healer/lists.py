"""Repetition: the rows of a table, the items of a list, the cards of a grid, and what stands in the same place of each."""

from collections import Counter
from collections.abc import Hashable, Sequence
from enum import Enum
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import Final

from healer.element import Element, family, meant_names
from healer.portrait import Page
from healer.resemblance import resemblance
from healer.wording import VALUES, TextShape

_FEW: Final = 3
_ALIKE: Final = 0.55


@lru_cache(maxsize=32768)
def _tags(element: Element) -> str:
    parent = element.getparent()
    return "" if parent is None else f"{parent.tag} {_tags(parent)}"


def _index(part: Element) -> int:
    """Count an element among its siblings of the same name; cells among all cells."""
    if part.tag in {"td", "th"}:
        return sum(1 for _ in part.itersiblings(preceding=True))
    return sum(1 for other in part.itersiblings(part.tag, preceding=True) if meant_names(other) == meant_names(part))


def slot(page: Page, element: Element) -> Hashable:
    """Say where in a list an element stands, equal for the same place of each row; unlike anything else where there is no list."""
    known = _places(page)
    if element not in known:
        known[element] = _slot(page, element)
    return known[element]


@lru_cache(maxsize=8)
def _places(_: Page) -> dict[Element, Hashable]:
    return {}


def _slot(page: Page, element: Element) -> Hashable:
    row = page.row(element)
    if row is None:
        return element
    above = (_tags(row), row.tag, page.portrait(row).heading)
    if element is row:
        return above
    portrait = page.portrait(element)
    inside = [element, *takewhile(lambda part: part is not row, element.iterancestors())]
    named = portrait.label and portrait.family not in {"link", "button"}
    wordy = portrait.shape is TextShape.WORDS and not named
    return (
        *above,
        tuple((part.tag, _index(part)) for part in inside),
        meant_names(element),
        portrait.label_text,
        portrait.text_words if wordy else portrait.shape in VALUES,
        (portrait.name, portrait.id) if portrait.family == "field" else (),
    )


class Likeness(Enum):
    """Which elements of a page are as good an answer as the one that is meant."""

    ANY_ROW = "the same place of any row"
    LIKE_ROW = "the same place of rows that read alike"
    ITSELF = "no other"


def likeness_of(page: Page, target: Element, *, several: bool) -> Likeness:
    """Say how exactly a lookup meant its element: `several` elements matched, or this one alone."""
    if several:
        return Likeness.ANY_ROW
    alike_rows = [other for other in mates(page, target) if _reads(page, other) == _reads(page, target)]
    return Likeness.LIKE_ROW if len(alike_rows) > 1 and alike_rows[0] is target else Likeness.ITSELF


def are_mates(page: Page, one: Element, other: Element, likeness: Likeness) -> bool:
    """Say whether one element is as good an answer as the other."""
    if one is other:
        return True
    if likeness is Likeness.ITSELF or slot(page, one) != slot(page, other):
        return False
    return likeness is Likeness.ANY_ROW or _reads(page, one) == _reads(page, other)


def _reads(page: Page, element: Element) -> tuple[frozenset[str], frozenset[str]]:
    portrait = page.portrait(element)
    return portrait.aside, portrait.text_words if portrait.shape is TextShape.WORDS else frozenset()


def list_of(part: Element) -> Element | None:
    """Give the table or list that holds an element."""
    return next(part.iterancestors("table", "ul", "ol", "dl"), None)


def is_repeated(page: Page, element: Element) -> bool:
    """Say whether other rows of a list have the same thing in the same place."""
    return len(mates(page, element)) > 1


def mates(page: Page, element: Element) -> list[Element]:
    """Give the elements in the same place of every row, this one among them, in order."""
    if page.row(element) is None:
        return [element]
    alike = twins(page, element)
    if len(alike) < _FEW - 1:
        return [element]
    known = _known(page)
    place = (_outline(element), slot(page, element))
    if place not in known:
        known[place] = [other for other in alike if page.row(other) is not None and slot(page, other) == place[1]]
    return known[place] or [element]


def twins(page: Page, element: Element) -> list[Element]:
    """Give the elements of one tag, names and tags above, in order, whether they stand in rows or not."""
    return _twins(page).get(_outline(element), [element])


@lru_cache(maxsize=8)
def _twins(page: Page) -> dict[Hashable, list[Element]]:
    found: dict[Hashable, list[Element]] = {}
    for element in page.elements:
        found.setdefault(_outline(element), []).append(element)
    return found


@lru_cache(maxsize=8)
def _known(_: Page) -> dict[Hashable, list[Element]]:
    return {}


@lru_cache(maxsize=32768)
def _outline(element: Element) -> Hashable:
    """Give what elements in the same place of two rows have in common at the least; it costs little to tell."""
    return element.tag, _tags(element), meant_names(element)


def rows(page: Page, elements: Sequence[Element]) -> list[Element] | None:
    """Give the rows that hold these elements, one each; None where they do not stand so."""
    found = [row for row in map(page.row, elements) if row is not None]
    return found if len(found) == len(elements) == len(set(found)) else None


def members(old: Page, targets: Sequence[Element], new: Page, found: Element) -> list[Element]:
    """Give all elements of the new page that stand for `targets`, where `found` stands for the first of them.

    Where the old selector took only some rows of its list, those rows are taken that resemble the taken ones more than the others.
    """
    near = mates(new, found)
    new_rows, old_rows = rows(new, near), rows(old, targets)
    if new_rows is None or old_rows is None:
        return near
    taken = set(old_rows)
    left = [row for row in mates(old, old_rows[0]) if row not in taken]
    chosen = [row for row in _siblings(new, new_rows[0]) if _belongs(old, old_rows, left, new, row, new_rows[0])]
    return [element for element, row in zip(near, new_rows, strict=True) if row in set(chosen)] if near else []


def _siblings(page: Page, row: Element) -> list[Element]:
    return mates(page, row)


def _belongs(
    old: Page, taken: Sequence[Element], left: Sequence[Element], new: Page, row: Element, first: Element
) -> bool:
    mine = _best(old, taken, new, row)
    if left:
        return mine > _best(old, left, new, row)
    return mine >= _ALIKE * _best(old, taken, new, first)


def _best(old: Page, rows_: Sequence[Element], new: Page, row: Element) -> float:
    portrait = new.portrait(row)
    return max(resemblance(old.portrait(other), portrait) for other in (*rows_[:_FEW], *rows_[-1:]))


def is_row(page: Page, element: Element) -> bool:
    """Say whether an element is a row of a list itself."""
    return page.row(element) is element and family(element) != "field"


def are_side_by_side(parts: Sequence[Element]) -> bool:
    """Say whether one follows the other, as the items of a list do."""
    return all(one.getnext() is other for one, other in pairwise(parts))


def mixes(targets: Sequence[Element], wanted: Sequence[Element]) -> bool:
    """Say whether elements of more than one list are wanted where one was read, or several of a place that held one."""
    lists, lists_now = (len({list_of(part) for part in parts}) for parts in (targets, wanted))
    held, holds = (max(Counter(part.getparent() for part in parts).values()) for parts in (targets, wanted))
    return (lists == 1 and lists_now > 1) or (len(targets) > 1 and held == 1 and holds > 1)
