"""Whether what tells one of two elements is seen elsewhere: then they are two things, however alike they look.

Where the old page's link to the invoices is still on the new page, no other link there is it; and what the old page showed at another
place is not what was sought. Only addresses, names and texts that both pages have are asked.
"""

from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from healer.element import Element
from healer.lineup import Lineup
from healer.portrait import Page
from healer.traits import path_of, stable_id
from healer.wording import alike, overlap, words

_MOST: Final = 12
_NAMES: Final = ("id", "name", "for")


class _Known(NamedTuple):
    """What leads somewhere on a page, and what is named on it."""

    addresses: frozenset[str]
    names: frozenset[str]


@lru_cache(maxsize=8)
def _known(page: Page) -> _Known:
    addresses = frozenset(path for part in page.root.iter("a", "form") if (path := _address(part)))
    return _Known(addresses, frozenset(name for part in page.elements for name in names_of(part)))


def _address(part: Element) -> str:
    """Give where an element leads; nothing where the address says no word."""
    path = path_of(part)
    return path if any(map(str.isalpha, path)) else ""


@lru_cache(maxsize=16384)
def addresses_of(element: Element) -> frozenset[str]:
    """Give where an element leads, or what is in it, or the link that it is in."""
    inside = frozenset(path for part in islice(element.iter("a", "form"), _MOST) if (path := _address(part)))
    if inside:
        return inside
    return frozenset(path for part in islice(element.iterancestors("a"), 1) if (path := _address(part)))


@lru_cache(maxsize=16384)
def names_of(element: Element) -> frozenset[str]:
    """Give the ids and names that a person gave an element, or the field for which a label stands."""
    return frozenset(name for key in _NAMES if (name := stable_id(element.get(key))))


def elsewhere(pages: Lineup, one: Element, other: Element) -> dict[str, float]:
    """Give what of `one` is elsewhere on the new page, and what of `other` was elsewhere on the old one, 0 to 1 each."""
    before, now = _known(pages.old), _known(pages.new)
    mine, theirs = addresses_of(one), addresses_of(other)
    called, calls = names_of(one), names_of(other)
    says = pages.read(one, new=False)
    said = [text for text in pages.read(other, new=True) if text in pages.own]
    foreign = bool(said) and not set(said) & set(says)
    return {
        "same_addresses": overlap(mine, theirs),
        "address_lost": _apart(mine, theirs, now.addresses),
        "address_foreign": _apart(theirs, mine, before.addresses),
        "other_goal": float(bool(mine) and bool(theirs) and not alike(_goals(mine), _goals(theirs))),
        "name_lost": _apart(called, calls, now.names),
        "name_foreign": _apart(calls, called, before.names),
        "text_foreign": float(foreign),
        "texts_apart": float(foreign and any(text in pages.own for text in says)),
    }


def _apart(these: AbstractSet[str], those: AbstractSet[str], there: AbstractSet[str]) -> float:
    """Say whether two share nothing, and the first of them is known there."""
    return float(bool(these) and not these & those and bool(these & there))


def _goals(paths: AbstractSet[str]) -> frozenset[str]:
    """Give the words of the last part of each address that says any."""
    parts = ([part for part in path.partition("?")[0].split("/") if words(part)] for path in paths)
    return frozenset().union(*(words(found[-1]) for found in parts if found))
