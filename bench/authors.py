"""Selectors for an element of a page, as authors of importers write them."""

import re
from collections.abc import Iterator
from typing import Final

from healer.element import Element, class_names, is_generated
from healer.selector import select

_MOST_FOUND: Final = 4


def selectors(root: Element, targets: list[Element]) -> list[str]:
    """Give selectors that find just these (or first this one), as an author might write them; the simplest first."""
    many, good = len(targets) > 1, []
    for text in dict.fromkeys(_options(targets[0])):
        found = select(root, text) or []
        if found == targets if many else (found[:1] == targets and len(found) <= _MOST_FOUND):
            good.append(text)
    return good


def _options(target: Element) -> Iterator[str]:
    own = list(_simple(target))
    yield from own
    above = [part for part in target.iterancestors() if part.tag not in {"html", "body"}]
    for part in above[:5]:
        for name in _simple(part):
            for mine in own:
                yield f"{name} {mine}"
    steps = [_counted(target)]
    for part in above:
        yield " > ".join([next(_simple(part)), *steps])
        steps = [_counted(part), *steps]
    yield "/html/body/" + "/".join(_positions(target))


def _positions(target: Element) -> list[str]:
    path = target.getroottree().getpath(target)
    return path.removeprefix("/html/body/").split("/")


def _simple(part: Element) -> Iterator[str]:
    ident = part.get("id")
    if ident and not is_generated(ident) and re.fullmatch(r"[A-Za-z][\w-]*", ident):
        yield f"#{ident}"
    for name in class_names(part)[:3]:
        if re.fullmatch(r"[A-Za-z][\w-]*", name):
            yield f"{part.tag}.{name}"
    yield str(part.tag)
    yield _counted(part)


def _counted(part: Element) -> str:
    place = sum(1 for other in part.itersiblings(preceding=True) if isinstance(other.tag, str)) + 1
    return f"{part.tag}:nth-child({place})"
