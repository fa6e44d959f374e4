"""Single traits of an element: its address without values, the texts in it, the marks that were written for programs."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from healer.element import Element, is_generated
from healer.wording import VALUES, TextShape, shape_of, words

_MOST: Final = 24
_PARTS: Final = 3
_MADE_OF_PARTS: Final = frozenset({"tr", "form", "table"})
_CODE: Final = frozenset({"script", "style", "noscript", "template"})
_DIGITS: Final = re.compile(r"\d+|token-[0-9a-f]+")
_MARKS: Final = re.compile(
    r"^(?:data-(?:test|qa|cy|e2e|automation|hook|role|name|field|key|type|action|bind|target|column|col|label|title).*|itemprop|aria-controls|formcontrolname)$"
)


def path_of(element: Element) -> str:
    """Give path and query of an element's address, digits as `0`; nothing for one that leads nowhere."""
    address = element.get("href") or element.get("action") or element.get("src") or ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return _DIGITS.sub("0", parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else ""))


def suffix_of(path: str) -> str:
    """Give the suffix of a path's last part, lower case, or an empty text."""
    stem, dot, suffix = path.partition("?")[0].rpartition("/")[2].rpartition(".")
    return suffix.lower() if dot and stem else ""


@lru_cache(maxsize=16384)
def texts_in(part: Element) -> tuple[str, ...]:
    """Give the texts in an element one by one, as its markup parts them, at most so many."""
    found: list[str] = []
    for element in part.iter(etree.Element):
        if element.tag not in _CODE and element.text and not element.text.isspace():
            found.append(element.text)
        if element is not part and element.tail and not element.tail.isspace():
            found.append(element.tail)
        if len(found) > _MOST:
            break
    return tuple(found)


def is_composite(element: Element) -> bool:
    """Say whether an element is made of several things rather than being one."""
    return element.tag in _MADE_OF_PARTS or len(texts_in(element)) > _PARTS


def words_in(texts: Iterable[str]) -> frozenset[str]:
    """Give the words of the texts that are the page's own; those beside values are left out."""
    return frozenset().union(*(words(text) for text in texts if shape_of(text) is TextShape.WORDS))


@lru_cache(maxsize=8192)
def words_of_names(ident: str | None, names: frozenset[str]) -> frozenset[str]:
    """Give the words of an element's id and of class names."""
    return frozenset().union(words(stable_id(ident)), *(words(name) for name in names))


def stable_id(ident: str | None) -> str:
    """Give an id that a person chose, an empty text for none and for one that a program made."""
    return ident if ident and not is_generated(ident) else ""


def marks_of(element: Element) -> frozenset[str]:
    """Give the attributes that name an element for programs (`data-testid`, `itemprop`), as `name=value`."""
    marked = ((str(name), str(value)) for name, value in element.attrib.items() if _MARKS.match(str(name)))
    return frozenset(f"{name}={value}" for name, value in marked if value and shape_of(value) not in VALUES)
