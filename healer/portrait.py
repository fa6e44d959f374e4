"""What a redesign tends to keep of an element: names, label, words, shape of its value, address, and the company it keeps."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final

from healer.element import Element, class_names, elements, family, meant_names, parsed, text_of
from healer.labels import column_heads, label_of, row_head
from healer.traits import is_composite, marks_of, path_of, stable_id, suffix_of, texts_in, words_in, words_of_names
from healer.wording import VALUES, TextShape, own_words, shape_of, words

_PARTS: Final = 3
_FACT: Final = 2
_CHOICES: Final = frozenset({"select", "textarea", "datalist"})
_LANDMARKS: Final = {
    "header": "header", "nav": "nav", "main": "main", "aside": "aside", "footer": "footer", "form": "form", "table": "table",
    "dl": "facts", "thead": "head",
}  # fmt: skip
_NEAR: Final = 3
_AROUND: Final = 24
_HEADING: Final = 60
_ROW_TAGS: Final = frozenset({"tr", "li", "article"})
_NO_ROWS: Final = frozenset(
    {
        "td",
        "th",
        "dt",
        "dd",
        "option",
        "label",
        "input",
        "span",
        "br",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "button",
        "col",
        "thead",
        "tbody",
    }
)


@dataclass(frozen=True, slots=True)
class Portrait:
    """The features of one element. Words are as `wording.words` gives them; `slot` says where in its row it stands."""

    tag: str
    family: str
    id: str
    id_words: frozenset[str]
    name: str
    name_words: frozenset[str]
    kind: str
    autocomplete: str
    marks: frozenset[str]
    classes: frozenset[str]
    class_words: frozenset[str]
    shape: TextShape
    texts: int
    text_words: frozenset[str]
    label: frozenset[str]
    label_text: str
    aside: frozenset[str]
    heading: frozenset[str]
    path: str
    href: frozenset[str]
    suffix: str
    landmark: str
    above: frozenset[str]
    around: frozenset[str]
    around_shapes: frozenset[TextShape]
    inside: frozenset[str]
    repeated: bool


@lru_cache(maxsize=16384)
def signature(element: Element) -> tuple[object, ...]:
    """Give what siblings of one list have in common: tag, meaningful classes, tags of the children."""
    return element.tag, meant_names(element), tuple(child.tag for child in element if isinstance(child.tag, str))[:4]


class Page:
    """One page and the portraits of its elements, made when they are asked for."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self._portraits: dict[Element, Portrait] = {}
        self._texts: dict[Element, str] = {}
        self._rows: dict[Element, Element | None] = {}

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """All elements that show or ask something, in order."""
        return tuple(elements(self.root))

    @cached_property
    def order(self) -> dict[Element, int]:
        """The place of each element in the page."""
        return {element: place for place, element in enumerate(self.elements)}

    @cached_property
    def headings(self) -> dict[Element, str]:
        """The heading under which each element stands: the one before it in the page's order."""
        found, current = {}, ""
        for element in self.elements:
            found[element] = current
            if family(element) == "heading":
                current = self.text(element)[:_HEADING]
        return found

    @cached_property
    def usual(self) -> frozenset[str]:
        """The words that are in most addresses of the page, and so tell none from another."""
        different = {path for link in self.root.iter("a", "form") if (path := path_of(link))}
        paths = [found for path in different if (found := words(path))]
        counted = Counter(word for found in paths for word in found)
        return frozenset(word for word, count in counted.items() if len(paths) > _PARTS and count > len(paths) / 2)

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word of the page itself occurs."""
        texts = (part for element in self.elements for part in (element.text, element.tail) if part)
        return Counter(word for text in texts for word in words(text))

    def text(self, element: Element) -> str:
        """Give an element's text, remembered."""
        if element not in self._texts:
            self._texts[element] = text_of(element)
        return self._texts[element]

    def portrait(self, element: Element) -> Portrait:
        """Give an element's portrait, remembered."""
        if element not in self._portraits:
            self._portraits[element] = self._draw(element)
        return self._portraits[element]

    def row(self, element: Element) -> Element | None:
        """Give the innermost part of a list in which an element stands, or which it is; None where there is no list."""
        if element not in self._rows:
            parent = element.getparent()
            is_row = _is_row(element)
            self._rows[element] = element if is_row else self.row(parent) if parent is not None else None
        return self._rows[element]

    def heading(self, element: Element) -> str:
        """Give the heading under which an element stands; for what is in a list, that of the whole list."""
        row = self.row(element)
        while row is not None:
            parent = row.getparent()
            if parent is None:
                break
            element, row = parent, self.row(parent)
        return self.headings.get(element, "")

    def _draw(self, element: Element) -> Portrait:
        path = path_of(element)
        text, texts = ("", ()) if element.tag in _CHOICES else (self.text(element), texts_in(element))
        composite = is_composite(element)
        shape = TextShape.PROSE if composite else shape_of(text)
        own = words_in([*texts, *column_heads(element)]) if composite else own_words(text)
        label = "" if composite and element.tag != "form" else label_of(element)
        if not label and own and shape in VALUES:
            label = texts[0].strip(": ") if len(texts) > 1 else " ".join(sorted(own))
        heading = words(self.heading(element))
        stable = frozenset(class_names(element))
        return Portrait(
            tag=str(element.tag),
            family=family(element),
            id=stable_id(element.get("id")),
            id_words=words(stable_id(element.get("id"))),
            name=element.get("name") or "",
            name_words=words(element.get("name") or ""),
            kind=(element.get("type") or ("text" if element.tag == "input" else "")).lower(),
            autocomplete=(element.get("autocomplete") or "").lower(),
            marks=marks_of(element),
            classes=stable,
            class_words=words_of_names(None, meant_names(element)),
            shape=shape,
            texts=len(texts),
            text_words=own,
            label=words(label),
            label_text=label.lower(),
            aside=words(row_head(element)),
            heading=heading,
            path=path,
            href=words(path) - self.usual,
            suffix=suffix_of(path),
            landmark=next((_LANDMARKS[part.tag] for part in element.iterancestors() if part.tag in _LANDMARKS), ""),
            above=frozenset().union(*self._names_above(element)),
            around=self._around(element),
            around_shapes=self._shapes_in(self.row(element) if self.row(element) is not None else element.getparent()),
            inside=self._inside(element),
            repeated=self.row(element) is not None,
        )

    def _names_above(self, element: Element) -> Iterator[frozenset[str]]:
        named = (words_of_names(part.get("id"), meant_names(part)) for part in element.iterancestors())
        return islice(filter(None, named), _NEAR)

    def _around(self, element: Element) -> frozenset[str]:
        """Give the words near an element, its own excepted: those of its row, or of the smallest part that holds more than the element."""
        own, row = self.text(element), self.row(element)
        if row is not None and row is not element:
            near = (*texts_in(row), *column_heads(row))
        else:
            part = next((part for part in element.iterancestors() if len(self.text(part)) > len(own) + 2), None)
            near = () if part is None else texts_in(part)
        return frozenset(sorted(words_in(near) - words(own))[:_AROUND])

    def _shapes_in(self, part: Element | None) -> frozenset[TextShape]:
        if part is None or len(part) == 0:
            return frozenset()
        return frozenset(shape_of(text) for text in texts_in(part))

    def _inside(self, element: Element) -> frozenset[str]:
        """Give the names of what a container holds: fields of a form, links and cells of a list."""
        if len(element) == 0:
            return frozenset()
        found = set()
        for part in element.iter("input", "select", "textarea", "a", "button", "th", "dt", "label", "time"):
            found.add(f"{part.tag}:{part.get('type') or ''}")
            found |= {f"{part.tag}={name}" for name in words(part.get("name") or "")}
            if len(found) > _AROUND:
                break
        return frozenset(found | {f"has:{shape}" for shape in self._shapes_in(element)})


def _is_fact(element: Element) -> bool:
    """Tell a label with its value in a box of their own; a list of facts is no list of rows."""
    if any(child.tag == "dt" for child in element):
        return True
    texts = texts_in(element)
    return len(texts) == _FACT and shape_of(texts[0]) is TextShape.WORDS and shape_of(texts[1]) in VALUES


def _is_row(element: Element) -> bool:
    parent = element.getparent()
    if parent is None or element.tag in _NO_ROWS:
        return False
    if element.tag == "tr":
        return any(child.tag == "td" for child in element)
    if element.tag in _ROW_TAGS:
        return sum(1 for other in parent if other.tag == element.tag) > 1
    if _is_fact(element):
        return False
    mine = signature(element)
    if len(element) == 0 or (not mine[1] and len(element) < _NEAR - 1):
        return False
    return any(other is not element and signature(other) == mine for other in parent)


@lru_cache(maxsize=8)
def page_of(text: str) -> Page | None:
    """Give the page of an HTML text, or None where it holds no element."""
    root = parsed(text)
    return None if root is None else Page(root)
