"""A template of Django's or Jinja's kind → a page with made-up data, and where on it each thing is shown.

The templates of two versions of one project name their variables, fields, routes and loops alike: so the same element is known in both,
whatever the redesign did to it, and the data can differ between the two, as next month's bill does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from lxml import etree, html

from healer.element import Element, family

_TAG: Final = re.compile(r"(\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\})", re.DOTALL)
_MARK: Final = re.compile("\ue000(\\d+)\ue001")
_SAID: Final = re.compile(r"(?:trans|translate|_|gettext|ugettext|pgettext|ungettext)\b[\s(]*(['\"])(.*?)\1", re.DOTALL)
_EXPRESSION: Final = re.compile(r"^[A-Za-z_][\w.]*$")
_FIELD: Final = re.compile(
    r"^(?:\w*form)\.([a-z]\w*)(?:\.(label|label_tag|id_for_label|errors|help_text))?(?:\(.*\))?$"
)
_LOOP: Final = re.compile(r"for\s+(.+?)\s+in\s+([\w.]+)")
_ROUTE: Final = re.compile(r"^(?:url\s|url_for\(|url\(|h\.url|abs_url\s|eventurl\s)")
_NOT_SHOWN: Final = re.compile(
    r"super|management_form|error|csrf|media|errors|attrs|as_|render|html|content|hidden|class|css|url|href|src|icon"
)
_WRITES_MARKUP: Final = re.compile(r"link|markdown|safe|render|urlize|rich_text|linebreaks|json|placeholder")
_DATES: Final = re.compile(r"date|created|updated|modified|time|_at$|_on$|day|when")
_MONEY: Final = re.compile(r"price|total|amount|cost|tax|balance|charge")
_NUMBERS: Final = re.compile(r"count|num|quantity|^id$|pk|size|code|reference|version|length|rank")
_SYLLABLES: Final = re.findall(
    "..", "babebodadofafegagohakakekilalelolumamemimonaneninopaperarerirosasesitatetitovavevoza"
)
_UNSEEN: Final = frozenset({"script", "style", "option", "title", "textarea", "head", "meta", "link"})
_SHORTEST_SAID: Final = 3
_LONGEST_SAID: Final = 40
_SPOKEN: Final = frozenset({"title", "alt", "aria-label", "placeholder", "value", "content"})
_INNER: Final = "data-bench-mark"


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing at one place of the template, and the elements that show it (one, or one for each turn of a loop).

    `thing` begins with its sort: `text:` a variable, `field:` a form's field, `href:` or `action:` a route, `row:` a loop, `said:` words.
    """

    thing: str
    place: int
    looped: bool
    paths: tuple[str, ...]


@dataclass(slots=True)
class _Writer:
    turns: int
    marks: list[tuple[str, int, bool]] = field(default_factory=list)
    turned: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Each turn of an outer loop: what it goes through, its place, and which marks it wrote (from, to)."""

    def mark(self, thing: str, place: int, *, looped: bool) -> str:
        self.marks.append((thing, place, looped))
        return f"\ue000{len(self.marks) - 1}\ue001"


def page(template: str, seed: str, turns: int) -> tuple[str, list[Shown]]:
    """Give the page of a template, and what it shows where. `turns`: how often each loop is gone through; `seed` decides the data.

    Raises ValueError for a template that holds no element.
    """
    writer = _Writer(turns)
    tokens = [token for token in enumerate(_TAG.split(template)) if token[1]]
    text, _ = _written(tokens, 0, writer, looped=False)
    try:
        root = html.document_fromstring(f"<html><body>{text}</body></html>".encode(), html.HTMLParser(encoding="utf-8"))
    except etree.LxmlError as error:
        raise ValueError(str(error)) from error
    shown = [*_shown(root, writer), *_rows(root, writer), *_said(root)]
    _fill(root, writer, seed)
    return etree.tostring(root, encoding="unicode", method="html"), shown


# ---------------------------------------------------------------- what is shown where


def _shown(root: Element, writer: _Writer) -> Iterator[Shown]:
    tree = root.getroottree()
    places: dict[tuple[str, int, bool], list[str]] = {}
    for element in root.iter(etree.Element):
        if element.tag in _UNSEEN:
            continue
        own = [element.text or "", *(child.tail or "" for child in element)]
        sorts = {"text": "".join(own), "field": element.get(_INNER) or ""}
        sorts |= {name: element.get(name) or "" for name in ("href", "action")}
        for sort, text in sorts.items():
            marks = [int(mark) for mark in _MARK.findall(text)]
            if len(marks) == 1:
                thing, place, looped = writer.marks[marks[0]]
                places.setdefault((f"{sort}:{thing}", place, looped), []).append(tree.getpath(element))
    for (thing, place, looped), paths in places.items():
        yield Shown(thing, place, looped, tuple(paths))


def _marks_in(element: Element) -> set[int]:
    found: set[int] = set()
    for part in element.iter(etree.Element):
        for text in (
            part.text or "",
            *([part.tail or ""] if part is not element else []),
            *map(str, part.attrib.values()),
        ):
            found |= {int(mark) for mark in _MARK.findall(text)}
    return found


def _rows(root: Element, writer: _Writer) -> Iterator[Shown]:
    """Give the outermost elements that hold all of one turn of a loop, and nothing of another."""
    tree = root.getroottree()
    inside = {element: marks for element in root.iter(etree.Element) if (marks := _marks_in(element))}
    places: dict[tuple[str, int], list[str]] = {}
    for thing, place, begin, end in writer.turned:
        mine = set(range(begin, end))
        box = next((element for element, marks in inside.items() if marks == mine), None)
        if len(mine) > 1 and box is not None and len(box) > 0:
            places.setdefault((thing, place), []).append(tree.getpath(box))
    for (thing, place), paths in places.items():
        if len(paths) == writer.turns:
            yield Shown(f"row:{thing}", place, looped=True, paths=tuple(paths))


def _said(root: Element) -> Iterator[Shown]:
    """Give links, buttons and headings that show words of the template alone."""
    tree = root.getroottree()
    for element in root.iter("a", "button", "h1", "h2", "h3", "h4", "legend", "th", "label"):
        text = " ".join("".join(map(str, element.itertext())).split())
        if _SHORTEST_SAID <= len(text) <= _LONGEST_SAID and not _marks_in(element):
            yield Shown(f"said:{family(element)}:{text}", 0, looped=False, paths=(tree.getpath(element),))


# ---------------------------------------------------------------- the template gone through


def _written(tokens: list[tuple[int, str]], at: int, writer: _Writer, *, looped: bool) -> tuple[str, int]:
    """Write tokens from `at` on to the end of their block; of an `if` its first branch. Give the text and where the block ended."""
    out: list[str] = []
    off = 0
    while at < len(tokens):
        place, token = tokens[at]
        inside = token[2:-2].strip(" -+\n\t") if token.startswith("{%") else ""
        word = inside.split(None, 1)[0] if inside else ""
        if word in {"endfor", "endif", "endcomment", "endmacro", "endifchanged"}:
            return "".join(out), at
        if word in {"else", "elif", "empty"}:
            off = 1
        elif word in {"for", "if", "ifchanged", "comment", "macro"}:
            begin = len(writer.marks)
            text, end = _written(tokens, at + 1, writer, looped=looped or word == "for")
            if not off and word not in {"comment", "macro"}:
                out.append(text)
                over = _LOOP.match(inside)
                if word == "for" and not looped:
                    out += _again(tokens, at, writer, over[2] if over else "", begin)
            at = end
        elif not off:
            out.append(_token(token, place, writer, looped=looped))
        at += 1
    return "".join(out), at


def _again(tokens: list[tuple[int, str]], at: int, writer: _Writer, over: str, begin: int) -> Iterator[str]:
    """Go through a loop for its other turns, and remember which marks each of them wrote; `begin` is the first mark of the first."""
    writer.turned.append((over, tokens[at][0], begin, len(writer.marks)))
    for _ in range(writer.turns - 1):
        begin = len(writer.marks)
        yield _written(tokens, at + 1, writer, looped=True)[0]
        writer.turned.append((over, tokens[at][0], begin, len(writer.marks)))


def _token(token: str, place: int, writer: _Writer, *, looped: bool) -> str:
    if token.startswith("{#"):
        return ""
    if not token.startswith(("{%", "{{")):
        return token
    inside = token[2:-2].strip(" -+\n\t")
    said = _SAID.match(inside)
    if said:
        return said[2]
    if _ROUTE.match(inside):
        return _route(inside, place, writer, looped=looped)
    if token.startswith("{%") or inside.startswith("static("):
        names = re.findall(r"['\"]([\w:./-]+)['\"]", inside)
        return "/" + names[0] if inside.startswith("static") and names else ""
    return _expression(inside, place, writer, looped=looped)


def _route(inside: str, place: int, writer: _Writer, *, looped: bool) -> str:
    names = re.findall(r"['\"]([\w:./-]+)['\"]", inside)
    if not names:
        return "/"
    address = names[0].replace(":", "/").replace(".", "/").replace("_", "-").strip("/")
    return f"/{address}/{writer.mark(names[0], place, looped=looped)}"


def _expression(inside: str, place: int, writer: _Writer, *, looped: bool) -> str:
    expression = inside.partition("|")[0].strip()
    asked = _FIELD.match(expression)
    if asked:
        return _field(asked[1], asked[2] or "", place, writer, looped=looped)
    if (
        _WRITES_MARKUP.search(inside.partition("|")[2])
        or not _EXPRESSION.match(expression)
        or _NOT_SHOWN.search(expression.rpartition(".")[2])
    ):
        return ""
    return writer.mark(expression, place, looped=looped)


def _field(name: str, part: str, place: int, writer: _Writer, *, looped: bool) -> str:
    label = name.replace("_", " ").capitalize()
    kind = "password" if "password" in name else "email" if "email" in name else "text"
    if not part:
        return (
            f'<input type="{kind}" name="{name}" id="id_{name}" {_INNER}="{writer.mark(name, place, looped=looped)}">'
        )
    return {"label": label, "label_tag": f'<label for="id_{name}">{label}</label>', "id_for_label": f"id_{name}"}.get(
        part, ""
    )


# ---------------------------------------------------------------- made-up data


def _fill(root: Element, writer: _Writer, seed: str) -> None:
    """Put values in place of the marks; in attributes as a program writes them there."""

    def value(mark: re.Match[str]) -> str:
        return _value(writer.marks[int(mark[1])][0], f"{seed}:{mark[1]}")

    def number(mark: re.Match[str]) -> str:
        return str(_dice(writer.marks[int(mark[1])][0], f"{seed}:{mark[1]}") % 9000 + 1000)

    for element in root.iter(etree.Element):
        if _INNER in element.attrib:
            del element.attrib[_INNER]
        element.text = _MARK.sub(value, element.text) if element.text else element.text
        element.tail = _MARK.sub(value, element.tail) if element.tail else element.tail
        for name, text in element.attrib.items():
            if "\ue000" in str(text):
                element.set(name, _MARK.sub(value if name in _SPOKEN else number, str(text)))


def _dice(thing: str, seed: str) -> int:
    return int(sha256(f"{seed}:{thing}".encode()).hexdigest()[:15], 16)


def _word(dice: int) -> str:
    many = len(_SYLLABLES)
    return "".join(_SYLLABLES[dice // many**place % many] for place in range(2 + dice % 2)).capitalize()


def _value(thing: str, seed: str) -> str:
    dice = _dice(thing, seed)
    name = thing.rpartition(".")[2].lower()
    if _DATES.search(name):
        return f"{1 + dice % 28:02d}/{1 + dice % 12:02d}/{2021 + dice % 5}"
    if _MONEY.search(name):
        return f"${dice % 90000 / 100 + 10:.2f}"
    if _NUMBERS.search(name):
        return str(dice % 90000 + 7)
    if "email" in name:
        return f"{_word(dice).lower()}{dice % 97}@example.org"
    return f"{_word(dice)} {_word(dice // 99991)}"
