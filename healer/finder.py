"""Finds an element of the old page on the new one by the most points.

It has two doubts: a rival on the new page, and a better claim of another element of the old one.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from healer.element import Element, are_close, family
from healer.elsewhere import elsewhere
from healer.evidence import evidence
from healer.lineup import Lineup, shortlist
from healer.lists import Likeness, are_mates, is_repeated, likeness_of, list_of, mates, twins
from healer.portrait import Page
from healer.resemblance import anchor, identity, read_otherwise, resemblance
from healer.standing import BELIEVED, Finding, belief
from healer.traits import is_composite
from healer.weights import SECOND, WEIGHTS
from healer.wording import VALUES

_LOOKED_AT: Final = 30
_CLAIMING: Final = 16
_WIDE: Final = 120
_HARDLY: Final = 1.5
_TOO_NEAR: Final = 2.0
_NEAREST: Final = 0.5
_TELLING: Final = ("same_text", "words", "same_addresses", "same_id", "same_name", "class_words", "labels", "marks")
_UNSURE: Final = 0.49
_SEEN_AGAIN: Final = 8
_FAR: Final = 6.0
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


class Search(NamedTuple):
    """What is looked for: `target` of the old page among elements of the new one, against the claims of its `rivals`."""

    pages: Lineup
    target: Element
    among: Collection[Element]
    rivals: Collection[Element]
    as_good: Likeness


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
    asked = Search(pages, target, among, rivals, likeness_of(pages.old, target, several=interchangeable))
    first = first_opinion(asked)
    if first is None:
        return None
    sure, best = belief(first), first.element
    if sure < BELIEVED or _is_undecided(first):
        sure = min(sure, _UNSURE)
        second = second_opinion(asked)
        if second is not None and (seconded := belief(second, SECOND)) >= BELIEVED:
            best, sure = second.element, seconded
    if mates(pages.old, target)[0] is target:
        best = _first_of(pages.new, best, asked.as_good)
    return Find(best, first.points, first.margin, first.claim, round(sure, 3))


def _is_undecided(first: Finding) -> bool:
    """Say whether a rival is as good, or nearly so where the place alone tells the two apart."""
    told = any(first.evidence[name] for name in _TELLING)
    return first.margin < (_NEAREST if told else _TOO_NEAR)


def first_opinion(asked: Search) -> Finding | None:
    """Give the element with the most points for all that the two pages say, and what speaks for and against it."""
    pages, target, new = asked.pages, asked.target, asked.pages.new
    ranked = [(likeness(pages, target, one), one) for one in _near(pages.old, target, new, asked.among)]
    ranked.sort(key=lambda pair: (-pair[0], new.order.get(pair[1], 0)))
    if not ranked:
        return None
    points, best = _most_exact(pages, target, ranked)
    if asked.as_good is Likeness.ANY_ROW:
        points, best = _first_twin(pages, target, ranked, (points, best))
    others = (score for score, other in ranked if is_rival(new, best, other, asked.as_good))
    margin = points - next(others, points - UNRIVALLED)
    claim = points - best_claim(pages, target, best, asked.rivals, asked.as_good)
    nearest = [other for _, other in ranked[:_SEEN_AGAIN]]
    return Finding(best, points, margin, claim, {**signs(pages, target, best), **_agreed(asked, best, nearest)})


def _agreed(asked: Search, best: Element, nearest: Sequence[Element]) -> dict[str, float]:
    """Say whether labels and shapes alone would have chosen the same."""
    pages = asked.pages
    points = _portrayed(pages, asked.target, best)
    others = [_portrayed(pages, asked.target, one) for one in nearest if is_rival(pages.new, best, one, asked.as_good)]
    ahead = points - max(others, default=points - _FAR)
    return {"ahead": max(-_FAR, min(_FAR, ahead)) / _FAR, "portrayed": max(-1.0, min(2.0, points / 10))}


def _wide(pages: Lineup, target: Element, among: Collection[Element]) -> list[Element]:
    """Give all that one may have become: of close kinds, and both a single thing or both made of several."""
    chosen = list(among) if len(among) <= _WIDE else shortlist(pages.old, target, pages.new, _WIDE, among)
    return [
        one
        for one in chosen
        if are_close(family(target), family(one))
        and (one.tag == target.tag or is_composite(one) == is_composite(target))
    ]


def second_opinion(asked: Search) -> Finding | None:
    """Give what is far ahead by what survives a redesign in which no word and no neighbour stayed: labels and shapes of values."""
    pages, target, new = asked.pages, asked.target, asked.pages.new
    was = pages.old.portrait(target)
    scored = [(_portrayed(pages, target, one), one) for one in _wide(pages, target, asked.among)]
    scored.sort(key=lambda pair: (-pair[0], new.order.get(pair[1], 0)))
    if not scored:
        return None
    points, best = _most_exact(pages, target, scored)
    now = new.portrait(best)
    others = (score for score, one in scored if is_rival(new, best, one, asked.as_good))
    claims = (_portrayed(pages, one, best) for one in _claimants(pages, target, best, asked.rivals, asked.as_good))
    doubt = _READS_OTHERWISE if read_otherwise(was, now) else 0.0
    margin, claim = (points - max(given, default=points - _FAR) - doubt for given in (others, claims))
    share, anchored = points / max(identity(was), 1.0), anchor(was, now)
    far = points >= LEAST_POINTS and share >= LEAST_SHARE and min(margin, claim) >= LEAST_MARGIN
    if not far or anchored < LEAST_ANCHOR:
        return None
    told = {"share": min(1.0, share), "anchor": anchored, "portrayed": min(2.0, points / 10)}
    return Finding(best, points, margin, claim, {**signs(pages, target, best), **told})


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


def signs(pages: Lineup, one: Element, other: Element) -> dict[str, float]:
    """Give all that is known for and against `one` of the old page being `other` of the new one."""
    return {**evidence(pages, one, other), **elsewhere(pages, one, other)}


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
    if next(iter(twins(pages.old, target))) is not target or signs(pages, target, best[1])["same_text"]:
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
