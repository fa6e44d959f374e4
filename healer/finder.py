"""Finds an element of the old page on the new one by the most points.

It has two doubts: a rival on the new page, and a better claim of another element of the old one.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from healer.element import Element, are_close, family
from healer.lists import Likeness, are_mates, is_repeated, likeness_of, mates
from healer.portrait import Page, Portrait
from healer.resemblance import anchor, identity, read_otherwise, resemblance
from healer.traits import is_composite
from healer.wording import VALUES

LEAST_POINTS: Final = 4.5
LEAST_SHARE: Final = 0.25
LEAST_MARGIN: Final = 1.0
LEAST_ANCHOR: Final = 0.51
_UNLIKE_ROWS: Final = 2.0
_READS_OTHERWISE: Final = 2.0
"""How much more distance is asked for where two links lead to one place and share no word."""


class Find(NamedTuple):
    """An element of the new page.

    `points` are its resemblance, `share` their part of what the old element could get, `margin` the distance to the nearest doubt,
    `anchor` how far the two mean the same by name, text or content.
    """

    element: Element
    points: float
    share: float
    margin: float
    anchor: float

    @property
    def confidence(self) -> float:
        """How sure the find is, 0 to 1; what is refused has less than 0.5."""
        sure = min(self.points / (2 * LEAST_POINTS), self.share / (2 * LEAST_SHARE), self.margin / (2 * LEAST_MARGIN))
        return round(max(0.0, min(0.99, sure)), 3)

    @property
    def is_sure(self) -> bool:
        """Whether the find may be acted on."""
        anchored = self.anchor >= LEAST_ANCHOR
        return anchored and self.points >= LEAST_POINTS and self.share >= LEAST_SHARE and self.margin >= LEAST_MARGIN


def find(
    old: Page,
    target: Element,
    new: Page,
    among: Iterable[Element],
    rivals: Iterable[Element],
    *,
    interchangeable: bool = False,
) -> Find | None:
    """Give the element of `among` (on the new page) that resembles `target` most, or None where none is of its kind.

    `rivals` are the elements of the old page that may have the better claim. `interchangeable`: the same place in another row is as good.
    """
    ranked = _ranked(old, target, new, among)
    if not ranked:
        return None
    points, best = _most_exact(old.portrait(target), new, ranked)
    as_good = likeness_of(old, target, several=interchangeable)
    second = next((score for score, other in ranked if is_rival(new, best, other, as_good)), points - 2 * LEAST_MARGIN)
    claim = best_claim(old, target, new, best, rivals, as_good)
    share = points / max(identity(old.portrait(target)), 1.0)
    doubt = _READS_OTHERWISE if read_otherwise(old.portrait(target), new.portrait(best)) else 0.0
    return Find(
        _first_of(new, best, as_good),
        points,
        share,
        points - max(second, claim) - doubt,
        anchor(old.portrait(target), new.portrait(best)),
    )


def _most_exact(portrait: Portrait, page: Page, ranked: Sequence[tuple[float, Element]]) -> tuple[float, Element]:
    """Give the best of the ranking; where that is a value with its label and the old element was a value alone, the value in it."""
    points, best = ranked[0]
    if portrait.texts == page.portrait(best).texts:
        return ranked[0]
    inner = (
        (score, other)
        for score, other in ranked[1:]
        if best in other.iterancestors()
        and page.portrait(other).texts == portrait.texts
        and _hold_one_value(page, best, other)
    )
    return next(inner, (points, best))


def _first_of(page: Page, element: Element, as_good: Likeness) -> Element:
    return next(other for other in mates(page, element) if are_mates(page, element, other, as_good))


def _ranked(old: Page, target: Element, new: Page, among: Iterable[Element]) -> list[tuple[float, Element]]:
    alike = (element for element in among if _comparable(target, element))
    scored = [(likeness(old, target, new, element), element) for element in alike]
    scored.sort(key=lambda pair: (-pair[0], new.order.get(pair[1], 0)))
    return scored


def _comparable(one: Element, other: Element) -> bool:
    """Say whether one may have become the other: of close kinds, and both a single thing or both made of several.

    The same tag or id is always worth a look.
    """
    if not are_close(family(one), family(other)):
        return False
    named = one.get("id")
    same = one.tag == other.tag or (named is not None and named == other.get("id"))
    return same or is_composite(one) == is_composite(other)


def likeness(old: Page, one: Element, new: Page, other: Element) -> float:
    """Give the resemblance of two elements, less where one stands in each row of a list and the other does not."""
    points = resemblance(old.portrait(one), new.portrait(other))
    return points - (_UNLIKE_ROWS if is_repeated(old, one) != is_repeated(new, other) else 0.0)


def is_rival(page: Page, best: Element, other: Element, as_good: Likeness) -> bool:
    """Say whether choosing `other` would be another answer: neither as good a place, nor the same link again, nor a wrapper of one text."""
    if other is best or are_mates(page, best, other, as_good):
        return False
    if _leads_alike(best, other) and page.text(best) == page.text(other):
        return False
    if best not in other.iterancestors() and other not in best.iterancestors():
        return True
    return page.text(best) != page.text(other) and not _hold_one_value(page, best, other)


def _hold_one_value(page: Page, one: Element, other: Element) -> bool:
    """Say whether of two nested elements one is the value and the other the value with its label."""
    inner, outer = page.portrait(one), page.portrait(other)
    return inner.shape in VALUES and inner.shape is outer.shape and bool(inner.label) and inner.label == outer.label


def _leads_alike(one: Element, other: Element) -> bool:
    """Say whether two links lead to the same place."""
    address = one.get("href") or ""
    return bool(address.strip("#/")) and family(one) == family(other) == "link" and address == other.get("href")


def best_claim(
    old: Page, target: Element, new: Page, found: Element, rivals: Iterable[Element], as_good: Likeness
) -> float:
    """Give the most points with which another element of the old page claims the find."""
    claims = (
        likeness(old, element, new, found)
        for element in rivals
        if _comparable(found, element) and is_rival(old, target, element, as_good)
    )
    return max(claims, default=float("-inf"))
