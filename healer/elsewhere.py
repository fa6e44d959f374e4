"""Whether what tells one of two elements is seen elsewhere: then they are two things, however alike they look.

Where the old page had a link to the usage beside that to the invoices, the link to the usage is not the invoices' on the new page either.
Only addresses and names that both pages have are asked.
"""

from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from healer.element import Element
from healer.lineup import Lineup
from healer.portrait import Page
from healer.traits import path_of, stable_id

_MOST: Final = 12
_NAMES: Final = ("id", "name", "for")
_Told = frozenset[str]


class _Known(NamedTuple):
    """What leads somewhere on a page, and what is named on it."""

    addresses: _Told
    names: _Told


def are_apart(pages: Lineup, one: Element, other: Element) -> bool:
    """Say whether `other` of the new page leads where another element of the old page led, or bears another's name."""
    known = _known(pages.old)
    return _is_anothers(_addresses(one), _addresses(other), known.addresses) or _is_anothers(
        _names(one), _names(other), known.names
    )


def _is_anothers(mine: _Told, theirs: _Told, known: _Told) -> bool:
    return not mine & theirs and bool(theirs & known)


@lru_cache(maxsize=8)
def _known(page: Page) -> _Known:
    addresses = frozenset(path for part in page.root.iter("a", "form") if (path := _address(part)))
    return _Known(addresses, frozenset(name for part in page.elements for name in _names(part)))


def _address(part: Element) -> str:
    """Give where an element leads; nothing where the address says no word."""
    path = path_of(part)
    return path if any(map(str.isalpha, path)) else ""


def _addresses(element: Element) -> _Told:
    """Give where an element leads, or what is in it, or the link that it is in."""
    inside = frozenset(path for part in islice(element.iter("a", "form"), _MOST) if (path := _address(part)))
    if inside:
        return inside
    return frozenset(path for part in islice(element.iterancestors("a"), 1) if (path := _address(part)))


def _names(element: Element) -> _Told:
    """Give the ids and names that a person gave an element, or the field for which a label stands."""
    return frozenset(name for key in _NAMES if (name := stable_id(element.get(key))))
