"""Relocation: a selector that worked on the old page → the selector that finds the same thing on the new page, or None.

A wrong answer is far worse than none. So what cannot be told from its neighbours, what is gone, and everything on a page that is a
login, an error or a lock where none was before, is None.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from healer import detour, keys
from healer.contracts import Contract
from healer.element import Element
from healer.elsewhere import are_apart
from healer.evidence import evidence
from healer.finder import Find, best_claim, find, likeness
from healer.lineup import Lineup
from healer.lists import Likeness, are_side_by_side, list_of, mates, members, mixes, rows, twins
from healer.portrait import Page, page_of
from healer.selector import Path, Step, is_xpath, parts_of, select
from healer.standing import Standing, still_holds
from healer.wayfinder import shortest
from healer.wording import squish, words

Kind = Literal["css", "xpath", "json", "form", "field", "link"]
_SAYING: Final = frozenset({"title", "aria-label", "alt", "placeholder"})
_COUNTS: Final = re.compile(
    r":nth-|:first|:last|\[\s*(?:\d+|last\(\)|position)|(?:^|[\s>])(?:td|th|tr|li|dd)\s*(?:$|[\s>+~])|[+~]"
)
"""What tells its element by position."""


class Relocation(Contract):
    """Where a lookup's answer is now. `kept`: the selector works as it stands. `margin` is the distance to the next best answer."""

    selector: str
    confidence: float = Field(ge=0, le=1)
    margin: float
    kept: bool = False


def relocate(
    old_html: str, selector: str, new_html: str, *, kind: Kind = "css", many: bool = False, trusted: bool = True
) -> Relocation | None:
    """Find on the new page what `selector` found on the old one.

    `kind` says what the selector is: CSS or XPath; the selector of a form; the name of a form's field; the text of a link; keys of a
    JSON page joined by dots. `many`: all that it finds count, not only the first. Not `trusted`: what it finds on the new page could
    not be read, so a better element is sought in any case.
    """
    if kind == "json":
        moved = keys.relocate(old_html, selector, new_html)
        return _moved(selector, moved.path, moved.confidence, moved.margin) if moved else None
    old, new = page_of(old_html), page_of(new_html)
    if old is None or new is None or detour.is_detour(old, new_html, new):
        return None
    match kind:
        case "field":
            return relocate_field(old, selector, new, old.root, new.root)
        case "link":
            return relocate_link(old, selector, new)
        case _:
            return relocate_elements(old, selector, new, forms=kind == "form", many=many, trusted=trusted)


def _moved(selector: str, new: str, confidence: float, margin: float) -> Relocation:
    return Relocation(selector=new, confidence=confidence, margin=round(margin, 3), kept=new == selector)


# ---------------------------------------------------------------- fields and links, which are named rather than selected


def relocate_field(old: Page, name: str, new: Page, old_form: Element, new_form: Element) -> Relocation | None:
    """Find the field of a form that was called `name`, and say what it is called now."""
    fields = [field for field in old_form.iter("input", "select", "textarea") if field.get("name") == name]
    if not fields:
        return None
    among = [field for field in new_form.iter("input", "select", "textarea") if field.get("name")]
    if any(field.get("name") == name for field in among):
        return _moved(name, name, 1.0, 0.0)
    found = find(Lineup(old, new), fields[0], among, list(old_form.iter("input", "select", "textarea")))
    if found is None or not found.is_sure:
        return None
    return _moved(name, found.element.get("name") or "", found.confidence, found.margin)


def _links(page: Page) -> list[Element]:
    return [link for link in page.root.iter("a") if link.get("href") is not None]


def _link_text(link: Element) -> str:
    return squish("".join(part for part in link.itertext() if isinstance(part, str)))


def relocate_link(old: Page, text: str, new: Page) -> Relocation | None:
    """Find the link with this text, and say how it reads now."""
    links = [link for link in _links(old) if _link_text(link) == text]
    if not links:
        return None
    among = _links(new)
    if any(_link_text(link) == text for link in among):
        return _moved(text, text, 1.0, 0.0)
    found = find(Lineup(old, new), links[0], [link for link in among if _link_text(link)], _links(old))
    if found is None or not found.is_sure:
        return None
    reads = _link_text(found.element)
    first = next(link for link in among if _link_text(link) == reads)
    if any(char.isdigit() for char in reads) or first.get("href") != found.element.get("href"):
        return None
    return _moved(text, reads, found.confidence, found.margin)


# ---------------------------------------------------------------- elements


def relocate_elements(
    old: Page, selector: str, new: Page, *, forms: bool = False, many: bool = False, trusted: bool = True
) -> Relocation | None:
    """Find what a CSS selector or XPath found; with `forms` it can only be a form."""
    targets = select(old.root, selector)
    if not targets:
        return None
    among = [part for part in new.elements if part.tag == "form"] if forms else new.elements
    pages = Lineup(old, new)
    found = find(pages, targets[0], among, old.elements, interchangeable=len(targets) > 1)
    standing = select(new.root, selector)
    holds = trusted and standing and _still_holds(pages, targets[0], standing[0], found, old.elements, selector)
    if standing and holds and not (many and mixes(targets, standing)):
        return _moved(selector, selector, found.confidence if found else 0.5, found.margin if found else 0.0)
    if found is None or not found.is_sure:
        return None
    wanted = _all_of(old, targets, new, found.element) if many else [found.element]
    if many and len(wanted) < len(targets) and not _is_list(wanted):
        return None
    if many and mixes(targets, wanted):
        return None
    written = _written(pages, targets, wanted, selector, many=many)
    return _moved(selector, written, found.confidence, found.margin) if written else None


def _all_of(old: Page, targets: Sequence[Element], new: Page, found: Element) -> list[Element]:
    """Give all that stand for `targets`; where they stand in no rows, those of the find's tag and names in the same place of each tree."""
    wanted = members(old, targets, new, found)
    # Where the author chose among those that look alike, all that look alike are too many.
    if len(wanted) < 2 and len(twins(old, targets[0])) == len(targets):  # noqa: PLR2004 - several
        wanted = twins(new, found)
    # What was one alone has become a list only where nothing stands between its items.
    return wanted if len(targets) > 1 or are_side_by_side(rows(new, wanted) or wanted) else [found]


def _is_list(wanted: Sequence[Element]) -> bool:
    """Say whether these can be all of a list: several, or one that is a row by its name."""
    return len(wanted) > 1 or (bool(wanted) and wanted[0].tag in {"tr", "li", "article"})


def _still_holds(
    pages: Lineup, target: Element, standing: Element, found: Find | None, rivals: Sequence[Element], selector: str
) -> bool:
    """Say whether what the selector finds now is what it found."""
    points = likeness(pages, target, standing)
    same = found is not None and _is_same(pages.new, standing, found.element)
    if found and found.is_sure:
        return same
    known = evidence(pages, target, standing)
    if are_apart(pages, target, standing) or known["one_repeated"]:
        return False
    return still_holds(
        Standing(
            points - (found.points if found else points),
            points - best_claim(pages, target, standing, rivals, Likeness.ANY_ROW),
            bool(_COUNTS.search(selector)),
            same,
            known,
        )
    )


def _is_same(page: Page, standing: Element, found: Element) -> bool:
    """Say whether what a selector finds is the find, or in the same place of another row of its list."""
    return standing is found or (standing in mates(page, found) and list_of(standing) is list_of(found))


def _written(
    pages: Lineup, targets: Sequence[Element], wanted: Sequence[Element], selector: str, *, many: bool
) -> str | None:
    old, new = pages.old, pages.new
    allowed = set(wanted) if many else {wanted[0], *mates(new, wanted[0])}

    def fits(path: Path) -> bool:
        found = path.found(new.root) if _quotes_own(path, pages) else []
        return bool(found) and (found == list(wanted) if many else found[0] is wanted[0] and allowed.issuperset(found))

    def leads(path: Path) -> bool:
        found = path.found(new.root) if _quotes_own(path, pages) else []
        return bool(found) and found[0] is wanted[0] and len(found) <= len(targets)

    hint, style = hint_of(old, targets[0], selector), style_of(selector)
    path = shortest(new.root, wanted[0], fits, hint, style)
    if path is None and not many and len(targets) > 1:
        # The author's selector, too, found more than was read.
        path = shortest(new.root, wanted[0], leads, hint, style)
    return styled(path, selector) if path else None


def _quotes_own(path: Path, pages: Lineup) -> bool:
    """Say whether a path quotes no text that may be this month's data: each shares a word with the old page."""
    said = [step.contains for step in path.steps]
    said += [step.attribute[2] for step in path.steps if step.attribute and step.attribute[0] in _SAYING]
    return all(words(text) & frozenset(pages.old.words) or text in pages.own for text in said if text)


# ---------------------------------------------------------------- what is looked up inside each row


def relocate_in_rows(
    old: Page,
    old_rows: Sequence[Element],
    selector: str,
    new: Page,
    new_rows: Sequence[Element],
    *,
    trusted: bool = True,
) -> Relocation | None:
    """Find what a selector found inside each row of a list, and write a selector that finds it inside each row of the new list."""
    target = next((parts[0] for row in old_rows if (parts := select(row, selector))), None)
    if target is None or not new_rows:
        return None
    home = next(row for row in old_rows if row in target.iterancestors())
    pages, rivals = Lineup(old, new), _below(old, home)
    found = find(pages, target, _below(new, new_rows[0]), rivals)
    standing = [part for row in new_rows if (part := next(iter(select(row, selector) or ()), None)) is not None]
    if trusted and len(standing) == len(new_rows) and _still_holds(pages, target, standing[0], found, rivals, selector):
        return _moved(selector, selector, found.confidence if found else 0.5, found.margin if found else 0.0)
    if found is None or not found.is_sure:
        return None
    written = _written_in_rows(old, target, new, new_rows, found.element, selector)
    return _moved(selector, written, found.confidence, found.margin) if written else None


def _below(page: Page, row: Element) -> list[Element]:
    return [part for part in row.iterdescendants() if part in page.order]


def _written_in_rows(
    old: Page, target: Element, new: Page, new_rows: Sequence[Element], found: Element, selector: str
) -> str | None:
    same = mates(new, found)
    wanted = [next((part for part in same if row in part.iterancestors()), None) for row in new_rows]

    def fits(path: Path) -> bool:
        firsts = [next(iter(path.found(row)), None) for row in new_rows]
        return all(first is not None and first is want for first, want in zip(firsts, wanted, strict=True))

    path = shortest(new_rows[0], found, fits, hint_of(old, target, selector), style_of(selector))
    return styled(path, selector) if path else None


def hint_of(old: Page, target: Element, selector: str) -> frozenset[str]:
    """Give the words by which class names on the new page are chosen: of the old selector, names and label."""
    portrait = old.portrait(target)
    return words(selector) | portrait.label | portrait.id_words | portrait.class_words | portrait.name_words


def style_of(selector: str) -> Step:
    """Give a step that shows whether the author names tags."""
    core = parts_of(selector).core
    return Step(tag="" if core.startswith(("#", ".", "[", "//*")) else "*")


def styled(path: Path, selector: str) -> str:
    """Write a path as the author wrote: XPath for XPath, with what was read of the element (`/@href`, `::text`)."""
    before, core, after = parts_of(selector)
    text = path.xpath("." if core.startswith(".") else "") if is_xpath(core) else path.css()
    return f"{before}{text}{after}"
