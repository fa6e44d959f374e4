"""What relocation's weights are fitted to: finds and standing selectors of the development projects, each with what is known of it.

Each case is asked as it is, with its element taken out of the new page, and on a new page that was redesigned further: names of classes
and ids changed, or cells, rows and tables made boxes.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from lxml import etree, html

from bench.authors import selectors
from bench.pairs import Case, without
from healer import detour
from healer.element import Element, text_of
from healer.finder import Search, best_claim, find, first_opinion, likeness, second_opinion, signs
from healer.lineup import Lineup
from healer.lists import Likeness, likeness_of
from healer.portrait import Page, page_of
from healer.relocate import counts, is_same
from healer.selector import select
from healer.standing import BELIEVED, Standing, belief, known_of, known_of_standing

_MOST_STANDING: Final = 3
_BOXES: Final = {
    "table": "section",
    "tbody": "div",
    "tr": "article",
    "td": "div",
    "th": "span",
    "dl": "div",
    "dt": "span",
    "dd": "div",
}


class Example(NamedTuple):
    """One answer: of which model, what is known of it, whether it is right, and how much it counts."""

    model: str
    project: str
    known: dict[str, float]
    right: bool
    sort: str
    share: float = 1.0


def examples(case: Case) -> list[Example]:
    """Give all examples of a case."""
    found = list(_asked(case, case.new_html, case.everywhere or case.expected, case.kind, 1.0))
    if case.kind not in {"moved", "stands"}:
        return found
    if case.kind == "moved" or _dice(case.id, 3) == 0:
        less = without(case.new_html, case.everywhere)
        found += _asked(case, less, (), "gone", 0.5) if less else ()
    if _dice(case.id, 2) == 0:
        html_text, paths = further(case.new_html, case.everywhere or case.expected, boxes=_dice(case.id, 4) == 0)
        found += _asked(case, html_text, paths, "further", 0.5)
    return found


def _dice(text: str, sides: int) -> int:
    return sha256(f"dice {text}".encode()).digest()[0] % sides


def _asked(case: Case, new_html: str, paths: Sequence[str], sort: str, share: float) -> Iterator[Example]:
    old, new = page_of(case.old_html), page_of(new_html)
    targets = select(old.root, case.old_selector) if old else None
    if old is None or new is None or not targets or detour.is_detour(old, new_html, new):
        return
    wanted = [part for path in paths for part in (select(new.root, path) or [])[:1]]
    pages, as_good = Lineup(old, new), likeness_of(old, targets[0], several=len(targets) > 1)
    asked = Search(pages, targets[0], new.elements, old.elements, as_good)
    good = wanted if case.many or as_good is not Likeness.ITSELF else wanted[:1]
    first, second = first_opinion(asked), second_opinion(asked)
    if first:
        yield Example("FOUND", case.project, known_of(first), _is_one(first.element, good), sort, share)
    if second and (not first or belief(first) < BELIEVED or second.element is not first.element):
        yield Example("SECOND", case.project, known_of(second), _is_one(second.element, good), sort, share)
    yield from _standing(case, asked, new, wanted, sort, share)


def _is_one(found: Element, wanted: Sequence[Element]) -> bool:
    """Say whether an element is one of those, or wraps one and shows no more."""
    return any(
        found is one
        or ((found in one.iterancestors() or one in found.iterancestors()) and text_of(found) == text_of(one))
        for one in wanted
    )


def _standing(
    case: Case, asked: Search, new: Page, wanted: Sequence[Element], sort: str, share: float
) -> Iterator[Example]:
    """Ask of selectors that an author might have written, and that find something on the new page, whether it is the thing."""
    pages, target = asked.pages, asked.target
    found = find(pages, target, new.elements, asked.rivals, interchangeable=asked.as_good is Likeness.ANY_ROW)
    options = [case.old_selector, *selectors(pages.old.root, [target])]
    options.sort(key=lambda text: sha256(f"{case.id}{text}".encode()).digest())
    seen: set[Element] = set()
    for text in options:
        standing = next(iter(select(new.root, text) or ()), None)
        if standing is None or standing in seen or standing not in new.order or len(seen) >= _MOST_STANDING:
            continue
        seen.add(standing)
        points = likeness(pages, target, standing)
        same = found is not None and is_same(pages, standing, found.element, asked.as_good)
        claim = points - best_claim(pages, target, standing, asked.rivals, Likeness.ANY_ROW)
        lead = points - (found.points if found else points)
        known = Standing(lead, claim, counts(text), same, signs(pages, target, standing))
        yield Example("STANDS", case.project, known_of_standing(known), _is_one(standing, wanted[:1]), sort, share)


def further(html_text: str, paths: Sequence[str], *, boxes: bool) -> tuple[str, tuple[str, ...]]:
    """Redesign a page further; give it, and where the elements at `paths` are on it now."""
    root = html.document_fromstring(html_text.encode(), html.HTMLParser(encoding="utf-8"))
    kept = [part for path in paths for part in (select(root, path) or [])[:1]]
    for part in root.iter(etree.Element):
        for name in ("id", "class"):
            if part.get(name):
                part.set(name, " ".join(_other(word) for word in (part.get(name) or "").split()))
        if boxes and part.tag in _BOXES:
            part.tag = _BOXES[str(part.tag)]
    text = etree.tostring(root, encoding="unicode", method="html")
    tree = root.getroottree()
    return text, tuple(tree.getpath(part) for part in kept)


def _other(name: str) -> str:
    """Give another name, the same for the same one: of letters, so that it could be a person's."""
    return "".join(chr(ord("a") + byte % 26) for byte in sha256(f"name {name}".encode()).digest()[:7])
