"""Finds an element of the old page on the new one, by the most points, with two doubts: a rival on the new page, and a better claim
of another element of the old one."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from healer.element import Element, are_close, family
from healer.lists import is_repeated, mates, slot
from healer.portrait import Page
from healer.resemblance import identity, resemblance

LEAST_POINTS: Final = 4.5
LEAST_SHARE: Final = 0.25
LEAST_MARGIN: Final = 1.0
_UNLIKE_ROWS: Final = 2.0


class Find(NamedTuple):
    """An element of the new page. `points` are its resemblance, `share` their part of what the old element could get,
    `margin` the distance to the nearest doubt in points."""

    element: Element
    points: float
    share: float
    margin: float

    @property
    def confidence(self) -> float:
        """How sure the find is, 0 to 1; what is refused has less than 0.5."""
        sure = min(self.points / (2 * LEAST_POINTS), self.share / (2 * LEAST_SHARE), self.margin / (2 * LEAST_MARGIN))
        return round(max(0.0, min(0.99, sure)), 3)

    @property
    def is_sure(self) -> bool:
        """Whether the find may be acted on."""
        return self.points >= LEAST_POINTS and self.share >= LEAST_SHARE and self.margin >= LEAST_MARGIN


def find(  # noqa: PLR0913 - two pages, each with its part that counts
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
    points, best = ranked[0]
    same = interchangeable or _is_first(old, target)
    second = next((score for score, other in ranked[1:] if is_rival(new, best, other, same=same)), points - 2 * LEAST_MARGIN)
    claim = _best_claim(old, target, new, best, rivals, same=same)
    share = points / max(identity(old.portrait(target)), 1.0)
    return Find(mates(new, best)[0] if same else best, points, share, points - max(second, claim))


def _is_first(page: Page, element: Element) -> bool:
    together = mates(page, element)
    return len(together) > 1 and together[0] is element and page.row(element) is not element


def _ranked(old: Page, target: Element, new: Page, among: Iterable[Element]) -> list[tuple[float, Element]]:
    kind = family(target)
    scored = [(_likeness(old, target, new, element), element) for element in among if are_close(kind, family(element))]
    scored.sort(key=lambda pair: (-pair[0], new.order.get(pair[1], 0)))
    return scored


def _likeness(old: Page, one: Element, new: Page, other: Element) -> float:
    """Give the resemblance of two elements, less where one stands in each row of a list and the other does not."""
    points = resemblance(old.portrait(one), new.portrait(other))
    return points - (_UNLIKE_ROWS if is_repeated(old, one) != is_repeated(new, other) else 0.0)


def is_rival(page: Page, best: Element, other: Element, *, same: bool) -> bool:
    """Say whether choosing `other` instead would be another answer: neither the same place in another row (where `same` lets that pass), nor a link to the same place,
    nor a wrapper of the same text."""
    if other is best or (same and slot(page, best) == slot(page, other)):
        return False
    if _leads_alike(best, other):
        return False
    nested = best in other.iterancestors() or other in best.iterancestors()
    return not (nested and page.text(best) == page.text(other))


def _leads_alike(one: Element, other: Element) -> bool:
    """Say whether two links lead to the same place."""
    address = one.get("href") or ""
    return bool(address.strip("#/")) and family(one) == family(other) == "link" and address == other.get("href")


def _best_claim(  # noqa: PLR0913 - two pages, each with its part that counts
    old: Page, target: Element, new: Page, found: Element, rivals: Iterable[Element], *, same: bool
) -> float:
    """Give the most points with which another element of the old page claims the find."""
    kind = family(found)
    claims = (
        _likeness(old, element, new, found)
        for element in rivals
        if are_close(family(element), kind) and is_rival(old, target, element, same=same)
    )
    return max(claims, default=float("-inf"))
