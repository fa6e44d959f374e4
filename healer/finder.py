"""Finds an element of the old page on the new one by the most points.

It has two doubts: a rival on the new page, and a better claim of another element of the old one.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from healer.element import Element, are_close, family
from healer.elsewhere import are_apart
from healer.evidence import evidence
from healer.lineup import Lineup, shortlist
from healer.lists import Likeness, are_mates, is_repeated, likeness_of, list_of, mates, twins
from healer.portrait import Page
from healer.resemblance import anchor, identity, read_otherwise, resemblance
from healer.standing import BELIEVED, Finding, belief
from healer.traits import is_composite
from healer.weights import WEIGHTS
from healer.wording import VALUES

_LOOKED_AT: Final = 30
_CLAIMING: Final = 16
_WIDE: Final = 120
_HARDLY: Final = 1.5
_TOO_NEAR: Final = 2.0
_UNSURE: Final = 0.49
LEAST_POINTS: Final = 4.5
LEAST_SHARE: Final = 0.25
LEAST_MARGIN: Final = 1.0
LEAST_ANCHOR: Final = 0.51
_UNLIKE_ROWS: Final = 2.0
_READS_OTHERWISE: Final = 2.0
"""How much more distance is asked for where two links lead to one place and share no word."""
UNRIVALLED: Final = 12.0
"""The lead of what has no rival."""


class Find(NamedTuple):
    """An element of the new page.

    `points` are its resemblance, `margin` the distance to the nearest rival on the new page, `claim` that to the best claim of another
    old element on it, `confidence` how sure the find is, 0 to 1.
    """

    element: Element
    points: float
    margin: float
    claim: float
    confidence: float

    @property
    def is_sure(self) -> bool:
        """Whether the find may be acted on."""
        return self.confidence >= BELIEVED


def find(
    pages: Lineup,
    target: Element,
    among: Collection[Element],
    rivals: Collection[Element],
    *,
    interchangeable: bool = False,
) -> Find | None:
    """Give the element of `among` (on the new page) that resembles `target` most, or None where none is of its kind.

    `rivals` are the elements of the old page that may have the better claim. `interchangeable`: the same place in another row is as good.
    """
    new = pages.new
    ranked = [(likeness(pages, target, one), one) for one in _near(pages.old, target, new, among)]
    ranked.sort(key=lambda pair: (-pair[0], new.order.get(pair[1], 0)))
    if not ranked:
        return None
    points, best = _most_exact(pages, target, ranked)
    as_good = likeness_of(pages.old, target, several=interchangeable)
    if interchangeable:
        points, best = _first_twin(pages, target, ranked, (points, best))
    margin = points - next(
        (score for score, other in ranked if is_rival(new, best, other, as_good)), points - UNRIVALLED
    )
    claim = points - best_claim(pages, target, best, rivals, as_good)
    sure = belief(Finding(margin, claim, evidence(pages, target, best)))
    if sure < BELIEVED or margin < _TOO_NEAR:
        sure = min(sure, _UNSURE)
        second = _second(pages, target, _wide(pages, target, among), rivals, as_good)
        if second is not None:
            best, sure = second, BELIEVED
    if are_apart(pages, target, best):
        sure = min(sure, _UNSURE)
    return Find(_first_of(new, best, as_good), points, margin, claim, round(sure, 3))


def _wide(pages: Lineup, target: Element, among: Collection[Element]) -> list[Element]:
    """Give all that one may have become: of close kinds, and both a single thing or both made of several."""
    chosen = list(among) if len(among) <= _WIDE else shortlist(pages.old, target, pages.new, _WIDE, among)
    return [
        one
        for one in chosen
        if are_close(family(target), family(one))
        and (one.tag == target.tag or is_composite(one) == is_composite(target))
    ]


def _second(
    pages: Lineup, target: Element, ranked: Sequence[Element], rivals: Collection[Element], as_good: Likeness
) -> Element | None:
    """Give what is far ahead by what survives a redesign in which no word and no neighbour stayed: labels and shapes of values."""
    old, new = pages.old, pages.new
    was = old.portrait(target)
    scored = [(_portrayed(pages, target, one), one) for one in ranked]
    scored.sort(key=lambda pair: (-pair[0], new.order.get(pair[1], 0)))
    if not scored:
        return None
    points, best = _most_exact(pages, target, scored)
    now = new.portrait(best)
    others = (score for score, one in scored if is_rival(new, best, one, as_good))
    claims = (_portrayed(pages, one, best) for one in _claimants(pages, target, best, rivals, as_good))
    doubt = _READS_OTHERWISE if read_otherwise(was, now) else 0.0
    margin = points - max([*others, *claims, points - 2 * LEAST_MARGIN]) - doubt
    share = points / max(identity(was), 1.0)
    far = points >= LEAST_POINTS and share >= LEAST_SHARE and margin >= LEAST_MARGIN
    return best if far and anchor(was, now) >= LEAST_ANCHOR else None


def _portrayed(pages: Lineup, one: Element, other: Element) -> float:
    points = resemblance(pages.old.portrait(one), pages.new.portrait(other))
    return points - (_UNLIKE_ROWS if is_repeated(pages.old, one) != is_repeated(pages.new, other) else 0.0)


def _near(old: Page, target: Element, new: Page, among: Collection[Element]) -> list[Element]:
    """Give the elements that are worth a look, of all of `among` where that is few."""
    chosen = list(among) if len(among) <= _LOOKED_AT else shortlist(old, target, new, _LOOKED_AT, among)
    return [one for one in chosen if are_close(family(target), family(one)) or target.tag == one.tag]


def likeness(pages: Lineup, one: Element, other: Element) -> float:
    """Give the points for `one` of the old page being `other` of the new one: about 10 and more among relatives."""
    figures = evidence(pages, one, other)
    return sum(weight * figures[name] for name, weight in WEIGHTS.items())


def _most_exact(pages: Lineup, target: Element, ranked: Sequence[tuple[float, Element]]) -> tuple[float, Element]:
    """Give the best of the ranking; where that is a value with its label and the old element was a value alone, the value in it."""
    points, best = ranked[0]
    page, portrait = pages.new, pages.old.portrait(target)
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


def _first_twin(
    pages: Lineup, target: Element, ranked: Sequence[tuple[float, Element]], best: tuple[float, Element]
) -> tuple[float, Element]:
    """Give the first of those that hardly differ from the best, where the old element was the first of its like."""
    if next(iter(twins(pages.old, target))) is not target:
        return best
    near = {element: points for points, element in ranked if points > best[0] - _HARDLY}
    first = next((element for element in twins(pages.new, best[1]) if element in near), best[1])
    return near.get(first, best[0]), first


def _first_of(page: Page, element: Element, as_good: Likeness) -> Element:
    return next(
        other
        for other in mates(page, element)
        if list_of(other) is list_of(element) and are_mates(page, element, other, as_good)
    )


def is_rival(page: Page, best: Element, other: Element, as_good: Likeness) -> bool:
    """Say whether choosing `other` would be another answer: neither as good a place, nor the same link again, nor a wrapper of one text."""
    if other is best or are_mates(page, best, other, as_good):
        return False
    if as_good is Likeness.ANY_ROW and other in twins(page, best) and page.order[best] < page.order[other]:
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


def _leads_alike(best: Element, other: Element) -> bool:
    """Say whether two links lead to the same place."""
    address = best.get("href") or ""
    return bool(address.strip("#/")) and family(best) == family(other) == "link" and address == other.get("href")


def best_claim(pages: Lineup, target: Element, found: Element, rivals: Collection[Element], as_good: Likeness) -> float:
    """Give the most points with which another element of the old page claims the find."""
    claims = (likeness(pages, other, found) for other in _claimants(pages, target, found, rivals, as_good))
    return max(claims, default=float("-inf"))


def _claimants(
    pages: Lineup, target: Element, found: Element, rivals: Collection[Element], as_good: Likeness
) -> list[Element]:
    old = pages.old
    near = list(rivals) if len(rivals) <= _CLAIMING else shortlist(pages.new, found, old, _CLAIMING, rivals)
    return [
        other for other in near if are_close(family(other), family(found)) and is_rival(old, target, other, as_good)
    ]
