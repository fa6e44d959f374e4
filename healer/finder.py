"""Finds an element of the old page on the new one, by the most points, with two doubts: a rival on the new page, and a better claim
of another element of the old one."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from healer.element import Element, are_close
from healer.lists import mates, slot
from healer.portrait import Page, Portrait
from healer.resemblance import identity, resemblance

LEAST_POINTS: Final = 4.5
LEAST_SHARE: Final = 0.34
LEAST_MARGIN: Final = 1.2
_CONTAINERS: Final = frozenset({"box", "table", "form", "row"})


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
    portrait = old.portrait(target)
    ranked = _ranked(portrait, new, among)
    if not ranked:
        return None
    points, best = ranked[0]
    same = interchangeable or _is_first(old, target)
    second = next(
        (score for score, other in ranked[1:] if is_rival(new, best, other, same=same)), points - 2 * LEAST_MARGIN
    )
    claim = _best_claim(old, target, new.portrait(best), rivals, same=same)
    share = points / max(identity(portrait), 1.0)
    return Find(best, points, share, points - max(second, claim))


def _is_first(page: Page, element: Element) -> bool:
    together = mates(page, element)
    return len(together) > 1 and together[0] is element and page.row(element) is not element


def _ranked(portrait: Portrait, page: Page, among: Iterable[Element]) -> list[tuple[float, Element]]:
    scored = [
        (resemblance(portrait, other), element)
        for element in among
        if are_close(portrait.family, (other := page.portrait(element)).family)
    ]
    scored.sort(key=lambda pair: (-pair[0], page.order.get(pair[1], 0)))
    return scored


def is_rival(page: Page, best: Element, other: Element, *, same: bool) -> bool:
    """Say whether choosing `other` instead would be another answer: neither the same place in another row (where `same` lets that pass),
    nor a wrapper of the same text."""
    if other is best or (same and slot(page, best) == slot(page, other)):
        return False
    nested = best in other.iterancestors() or other in best.iterancestors()
    return not (nested and page.text(best) == page.text(other))


def _best_claim(old: Page, target: Element, found: Portrait, rivals: Iterable[Element], *, same: bool) -> float:
    """Give the most points with which another element of the old page claims the find."""
    claims = (
        resemblance(portrait, found)
        for element in rivals
        if are_close((portrait := old.portrait(element)).family, found.family)
        and is_rival(old, target, element, same=same)
    )
    return max(claims, default=float("-inf"))
