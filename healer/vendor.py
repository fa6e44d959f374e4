"""Which portals are made by the same software: what their pages show of it, and whether two agree. Pure.

Hosts, texts and values say nothing here, nor does what every site has (frameworks of style, analytics, fields named `password`): a
platform is known by what its vendor wrote, and never by one kind of trace alone.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from healer.contracts import Contract
from healer.element import Element, is_generated, meant_names, parsed

KINDS: Final = ("generator", "assets", "fields", "ids", "classes")
_SHARE: Final = 0.6
_LEAST: Final = {"generator": 1, "assets": 1, "fields": 2, "ids": 2, "classes": 5}
"""So many traces of a kind must be shared, and this share of what the one has that has fewer, for the kind to agree."""
_MUST_AGREE: Final = 2
_ANYBODYS_GENERATOR = re.compile(
    r"wordpress|drupal|joomla|typo3|wix|squarespace|hugo|gatsby|next\.js|jekyll", re.IGNORECASE
)
_ANYBODYS_ASSET = re.compile(
    r"^(?:jquery|bootstrap|modernizr|font-?awesome|popper|angular|react|vue|polyfills?|lodash|moment|gtm|gtag|analytics|recaptcha"
    r"|app|main|index|site|styles?|all|bundle|vendors?|runtime|chunk|common|default|custom|theme|print|screen|normalize|reset)\b"
)
_ANYBODYS_NAME = re.compile(
    r"^(?:|_.*|.*(?:csrf|token).*|aspnetform|user.?(?:name|id)?|uid|login|log|e?-?mail|pass(?:word|wd)?|pwd|q|s|query|search|remember.?(?:me)?"
    r"|submit|action|lang(?:uage)?|page|sort|from|to|date|year|month|amount|account|content|main|header|footer|nav|navigation|menu|form"
    r"|wrapper|container|body|logo|top|left|right|sidebar|title|bills?|invoices?|app|root|sign.?in|sign.?out|log.?in|log.?out|head0?|due|total|active|alt|period|row)$"
)
_FIELDS: Final = frozenset({"input", "select", "textarea", "button"})
_PARTS = re.compile(r"[$:.]|(?<=ctl00)_|(?<=Main)_|(?<=Body)_|(?<=Content)_|(?<=[Hh]older\d)_")
_HUNGARIAN = re.compile(r"^(?:txt|btn|lbl|lnk|ddl|grd|gv|pnl|rbl|chk|img|hid|hdn|tbl|td|frm|div|cph)(?=[A-Z])")
"""What ASP.NET and its like put before the names that people choose."""
_VERSION = re.compile(r"[._-]?v?\d[\w.]*|[._-][0-9a-f]{6,}(?=\.|$)|[._-]min(?=\.|$)")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[a-z]{4,}")


class Print(Contract):
    """What pages show of the software that made them, by kind."""

    generator: frozenset[str] = frozenset()
    assets: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()


def fingerprint(pages: Iterable[str], own: Sequence[str] = ()) -> Print:
    """Give the print of a portal's pages (HTML; what is none shows nothing).

    `own` are the portal's names: a trace that holds a word of them is its own, and not its vendor's.
    """
    found = {kind: set[str]() for kind in KINDS}
    for page in pages:
        root = parsed(page) if "<" in page else None
        for element in root.iter(etree.Element) if root is not None else ():
            _note(element, found)
    mine = {word for text in own for word in _WORD.findall(text.lower())}
    return Print(**{kind: frozenset(one for one in traces if not _names(one, mine)) for kind, traces in found.items()})


def agreeing(one: Print, other: Print) -> tuple[str, ...]:
    """Give the kinds of trace in which two prints agree, where that makes them one platform; else nothing."""
    kinds = tuple(kind for kind in KINDS if _agrees(kind, getattr(one, kind), getattr(other, kind)))
    return kinds if len(kinds) >= _MUST_AGREE else ()


def _agrees(kind: str, one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= _LEAST[kind] and shared / min(len(one), len(other)) >= _SHARE


def _note(element: Element, found: dict[str, set[str]]) -> None:
    tag, name = str(element.tag), element.get("name") or ""
    if tag == "meta" and name.lower() == "generator":
        found["generator"] |= _product(element.get("content") or "")
    found["assets"] |= _asset(element)
    if tag in _FIELDS:
        found["fields"] |= _chosen(name)
    else:  # a field's id says what its name says, and would count twice
        found["ids"] |= _chosen(element.get("id") or "")
    found["classes"] |= {one for name in meant_names(element) for one in _chosen(name)}


def _product(content: str) -> set[str]:
    product = " ".join(_VERSION.sub("", content).lower().split())
    return {product} if product and not _ANYBODYS_GENERATOR.search(product) else set()


def _asset(element: Element) -> set[str]:
    """Give folder and file of a script or a style, without version, hash and host."""
    address = element.get("src") if element.tag == "script" else element.get("href") if element.tag == "link" else None
    try:
        *folders, file = urlsplit(address or "").path.lower().split("/")
    except ValueError:
        return set()
    stem, dot, suffix = file.rpartition(".")
    stem = _VERSION.sub("", stem)
    if not dot or suffix not in {"js", "css", "mjs"} or not stem or _ANYBODYS_ASSET.match(stem):
        return set()
    return {"/".join([*folders[-1:], f"{stem}.{suffix}"])}


def _chosen(name: str) -> set[str]:
    """Give a name that somebody chose for this software, digits as `0`; of one that a framework has put together, its last part."""
    last = _DIGITS.sub("0", _PARTS.split(name.strip())[-1])
    if is_generated(name) or _ANYBODYS_NAME.match(_HUNGARIAN.sub("", last).lower()):
        return set()
    return {last}


def _names(trace: str, mine: set[str]) -> bool:
    return any(word in trace.lower() for word in mine)
