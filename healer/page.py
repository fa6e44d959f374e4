"""One body of a raw trace → a page redacted by shape: HTML by lxml, JSON by its values, other text as it reads."""

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from lxml import etree, html

from healer.lookalike import Lookalike

LARGEST_BODY: Final = 4 * 1024 * 1024
# References to ids stay, as ids do; what says how a form or a table is built holds no value.
_REFERENCES = {"form", "list", "headers", "aria-labelledby", "aria-describedby", "aria-controls"}
_STRUCTURE = {"method", "autocomplete", "role", "rel", "lang", "scope", "colspan", "rowspan"}
_KEPT: Final = frozenset({"id", "class", "name", "for", "type"} | _REFERENCES | _STRUCTURE)
_URLS: Final = frozenset({"href", "src", "action", "formaction", "poster", "cite", "data", "background", "xlink:href"})
_EMPTIED: Final = frozenset({"style", "srcdoc", "srcset", "imagesrcset"})
_CODE: Final = frozenset({"script", "style"})
_SAYS_WHAT_IT_DOES: Final = frozenset({"submit", "button", "reset", "image", "checkbox", "radio"})
_SECRET_META = re.compile(r"csrf|xsrf|token|nonce", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CHARSET = re.compile(
    r"charset\s*=\s*[\"']?\s*((?:utf-16|iso-8859-|latin-?1|windows-|koi8-[ru]|shift_jis|euc-[jk]|gb|big5)[\w-]{0,12})",
    re.IGNORECASE,
)
_SNIFFED: Final = 2048

Element = etree._Element  # noqa: SLF001 - lxml's stubs name the element so


class Page(NamedTuple):
    """A page's redacted text and the suffix that says what it is."""

    suffix: str
    text: str


def redact_page(body: bytes, content_type: str, lookalike: Lookalike) -> Page | None:
    """Give the redacted page of a body, or None where the body is no text (a PDF, a picture).

    A body that is not what its type says is redacted as plain text. Nothing is raised for any bytes.
    """
    redact = _redactor(content_type.partition(";")[0].strip().lower())
    if redact is None:
        return None
    return redact(_decode(body[:LARGEST_BODY], content_type), lookalike)


def cut_page(page: Page, limit: int) -> Page:
    """Cut a page to at most `limit` bytes of UTF-8, HTML at an element's boundary."""
    text = page.text
    if len(text.encode()) <= limit:
        return page
    if page.suffix == "html":
        text = _cut_html(text, limit)
    return Page(page.suffix, text.encode()[:limit].decode(errors="ignore"))


def _cut_html(text: str, limit: int) -> str:
    room = limit
    # Closing tags make the cut page longer again; a few rounds suffice, else the caller cuts it bluntly.
    for _ in range(4):
        kept = text.encode()[: max(room, 0)].decode(errors="ignore").rpartition("<")[0]
        closed = _closed(kept)
        over = len(closed.encode()) - limit
        if over <= 0:
            return closed
        room -= over
    return text


def _closed(text: str) -> str:
    try:
        return _serialise(_parse(text))
    except (etree.LxmlError, ValueError):
        return ""


def _redactor(kind: str) -> Callable[[str, Lookalike], Page] | None:
    if kind in {"text/html", "application/xhtml+xml", ""}:
        return _redact_html
    if kind == "application/json" or kind.endswith("+json"):
        return _redact_json
    if kind.startswith("text/") or kind in {"application/xml", "application/javascript"} or kind.endswith("+xml"):
        return _redact_text
    return None


def _decode(body: bytes, content_type: str) -> str:
    head = body[:_SNIFFED].decode("latin-1")
    named = _CHARSET.search(content_type) or _CHARSET.search(head)
    try:
        text = body.decode(named.group(1) if named else "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    return _CONTROLS.sub("", text)


def _redact_text(text: str, lookalike: Lookalike) -> Page:
    return Page("txt", lookalike.text(text))


# ---------------------------------------------------------------- HTML


def _redact_html(text: str, lookalike: Lookalike) -> Page:
    try:
        root = _parse(text)
        for element in root.iter("*"):
            _redact_element(element, lookalike)
        return Page("html", _serialise(root))
    except (etree.LxmlError, ValueError):
        return _redact_text(text, lookalike)


def _parse(text: str) -> Element:
    # libxml2, as Nokogiri: a selector that matches here matches there.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)


def _serialise(root: Element) -> str:
    return etree.tostring(root.getroottree(), encoding="unicode", method="html")


def _redact_element(element: Element, lookalike: Lookalike) -> None:
    if element.tail:
        element.tail = lookalike.text(element.tail)
    if element.text:
        element.text = _redact_content(element.tag, element.text, lookalike)
    for name, value in element.attrib.items():
        if name not in _KEPT:
            element.set(str(name), _redact_attribute(element, str(name), str(value), lookalike))


def _redact_content(tag: str, text: str, lookalike: Lookalike) -> str:
    if tag in _CODE:
        return ""
    return lookalike.token("text", text.strip()) if tag == "textarea" else lookalike.text(text)


def _redact_attribute(element: Element, name: str, value: str, lookalike: Lookalike) -> str:
    if name in _EMPTIED or name.startswith("on"):
        return ""
    if name in _URLS:
        return lookalike.url(value)
    if element.tag == "input" and name == "value":
        kind = (element.get("type") or "text").lower()
        return lookalike.text(value) if kind in _SAYS_WHAT_IT_DOES else lookalike.token(_word(kind), value)
    if element.tag == "meta" and name == "content" and _SECRET_META.search(element.get("name") or ""):
        return lookalike.token("hidden", value)
    return lookalike.text(value)


def _word(kind: str) -> str:
    return kind if kind in {"hidden", "password", "email"} else "text"


# ---------------------------------------------------------------- JSON


class _Literal(str):
    """A JSON number as it was written."""

    __slots__ = ()


def _redact_json(text: str, lookalike: Lookalike) -> Page:
    try:
        value = json.loads(text, parse_int=_Literal, parse_float=_Literal, parse_constant=_Literal)
        return Page("json", json.dumps(_redact_value(value, lookalike), ensure_ascii=False, indent=1))
    except (ValueError, RecursionError):
        return _redact_text(text, lookalike)


def _redact_value(value: Any, lookalike: Lookalike) -> Any:
    if isinstance(value, dict):
        return {_CONTROLS.sub("", key): _redact_value(item, lookalike) for key, item in value.items()}
    if isinstance(value, list):
        return [_redact_value(item, lookalike) for item in value]
    if isinstance(value, _Literal):
        return _number(lookalike.number(value))
    return lookalike.text(_CONTROLS.sub("", value)) if isinstance(value, str) else value


def _number(literal: str) -> int | float:
    try:
        return int(literal)
    except ValueError:
        number = float(literal)
        return number if math.isfinite(number) else 0
