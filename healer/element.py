"""A page as a tree, and the plain questions that are asked of its elements: text, family, class names that mean something."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from lxml import etree, html

from healer.wording import squish

Element = etree._Element  # noqa: SLF001 - lxml's stubs name the element so

_LONGEST: Final = 240
SKIPPED: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "meta", "link", "svg", "path", "br", "hr"}
)
_FAMILIES: Final = {
    "link": ("a",),
    "button": ("button",),
    "field": ("input", "select", "textarea"),
    "form": ("form", "fieldset"),
    "row": ("tr", "li", "article"),
    "table": ("table", "tbody", "thead", "ul", "ol", "dl"),
    "cell": ("td", "th", "dd", "dt"),
    "heading": ("h1", "h2", "h3", "h4", "h5", "h6", "legend", "caption"),
    "text": (
        "span",
        "p",
        "strong",
        "b",
        "em",
        "i",
        "small",
        "time",
        "label",
        "data",
        "output",
        "code",
        "bdi",
        "address",
    ),
    "box": ("div", "section", "main", "aside", "header", "footer", "nav", "body", "figure"),
    "image": ("img", "picture", "iframe", "canvas", "object", "embed"),
}
_FAMILY: Final = {tag: family for family, tags in _FAMILIES.items() for tag in tags}
_CLOSE: Final = {
    frozenset({"link", "button"}),
    frozenset({"cell", "text"}),
    frozenset({"cell", "box"}),
    frozenset({"text", "box"}),
    frozenset({"row", "box"}),
    frozenset({"table", "box"}),
    frozenset({"heading", "text"}),
    frozenset({"heading", "box"}),
    frozenset({"row", "link"}),
}
# Names that say how a thing looks, not what it is: grids, spacing, colours, states of the well-known frameworks.
_LOOKS = re.compile(
    r"^(?:(?:xs|sm|md|lg|xl|xxl|hover|focus|dark|print|group)[:-].*"
    r"|(?:col|columns?|row|container|wrapper|inner|outer|grid|flex|d|m|p|[mp][trblxyse]|w|h|g|gx|gy|gap|space|offset|order|pull|push|float|clear(?:fix)?"
    r"|text|bg|fw|fs|fst|font|lh|lead|leading|tracking|border|rounded|shadow|opacity|display|visible|invisible|hidden|show|hide|collapse|fade|in"
    r"|align|justify|items|self|content|position|relative|absolute|sticky|fixed|top|bottom|left|right|start|end|center|middle|min|max|overflow|z"
    r"|btn|button|badge|label|tag|chip|icon|glyphicon|fa|fas|far|bi|mdi|pill|img|thumbnail|media|well|panel|card|callout|alert|box|tile|list|nav|navbar"
    r"|table|striped|stripe|hover(?:able)?|bordered|condensed|responsive|form|input|control|group|block|inline|static|has|is|js|no|ui|sr|sr-only"
    r"|active|current|selected|disabled|enabled|open|closed|first|last|odd|even|small|medium|large|big|tiny|wide|narrow|full|half|primary|secondary"
    r"|success|warning|danger|info|light|dark|muted|white|black|gray|grey|red|green|blue|default|title|subtitle|header|footer|body|main|unstyled|unstriped"
    r"|expanded|vertical|horizontal|stack|align-middle|nowrap|truncate|antialiased|underline|uppercase|bold|italic|h[1-6]|num|numeric|odd|ng-[\w-]+)"
    r"(?:[-_:][\w./:\[\]-]*)?)$",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"^(?:css|sc|jss|emotion|svelte|_?ng(?:content|host)?|styled|ember|ext-gen|yui|gwt-uid|react-select|mui|chakra|radix|headlessui)[-_:]?[\w:-]*\d"
    r"|(?:^|[-_])(?=[a-z0-9]*\d[a-z])(?=(?:[a-z]*\d){2})[a-z0-9]{5,}$|^:r\w*:$|\d{3,}|__[\w-]{5}$|[0-9a-f]{8,}",
    re.IGNORECASE,
)


@lru_cache(maxsize=8)
def parsed(page: str) -> Element | None:
    """Give a page's root, or None where it holds no element. The tree is shared: nobody may change it."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def elements(root: Element) -> Iterator[Element]:
    """Give the elements that show or ask something, in the page's order."""
    skipped: Element | None = None
    for element in root.iter(etree.Element):
        if skipped is not None and skipped in element.iterancestors():
            continue
        skipped = element if element.tag in SKIPPED else None
        if skipped is None:
            yield element


def family(element: Element) -> str:
    """Give the kind of an element: link, button, field, form, row, table, cell, heading, text, box, image or other."""
    if element.tag == "input" and (element.get("type") or "").lower() in {"submit", "button", "image", "reset"}:
        return "button"
    return _FAMILY.get(element.tag, "other")


def are_close(one: str, other: str) -> bool:
    """Say whether a redesign may turn one family into the other."""
    return one == other or frozenset({one, other}) in _CLOSE


def text_of(element: Element) -> str:
    """Give the text that an element shows, at most 240 characters, without scripts."""
    if element.tag == "input" and family(element) == "button":
        return squish(element.get("value") or "")
    parts: list[str] = []
    length = 0
    for part in _texts(element):
        parts.append(part)
        length += len(part)
        if length > _LONGEST:
            break
    return squish(" ".join(parts))


def _texts(element: Element) -> Iterator[str]:
    if element.text and element.tag not in SKIPPED:
        yield element.text
    for child in element:
        if isinstance(child.tag, str) and child.tag not in SKIPPED:
            yield from _texts(child)
        if child.tail:
            yield child.tail


def class_names(element: Element) -> tuple[str, ...]:
    """Give the class names that a person chose, in order; generated ones are left out."""
    return _chosen(element.get("class") or "")


@lru_cache(maxsize=8192)
def _chosen(names: str) -> tuple[str, ...]:
    return tuple(name for name in names.split() if not is_generated(name))


def meant_names(element: Element) -> frozenset[str]:
    """Give the class names that say what an element is rather than how it looks."""
    return _meant(element.get("class") or "")


@lru_cache(maxsize=8192)
def _meant(names: str) -> frozenset[str]:
    return frozenset(name for name in _chosen(names) if not says_looks(name))


@lru_cache(maxsize=8192)
def is_generated(name: str) -> bool:
    """Say whether an id or class name looks made by a program, and so changes with the next build or record."""
    return bool(_GENERATED.search(name))


@lru_cache(maxsize=8192)
def says_looks(name: str) -> bool:
    """Say whether a class name tells how an element looks rather than what it is."""
    return bool(_LOOKS.match(name))
