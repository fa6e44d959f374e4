"""A template of Django's or Jinja's kind → a page with made-up data, and where on it each variable is shown.

The templates of two versions of one project name their variables alike: so the same element is known in both, whatever the redesign
did to it, and the data can differ between the two, as next month's bill does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from lxml import etree, html

from healer.element import Element

_TAG: Final = re.compile(r"(\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\})", re.DOTALL)
_MARK: Final = re.compile("\ue000(\\d+)\ue001")
_SAID: Final = re.compile(r"(?:trans|translate|_|gettext|ugettext|pgettext|ungettext)\b[\s(]*(['\"])(.*?)\1", re.DOTALL)
_EXPRESSION: Final = re.compile(r"^[A-Za-z_][\w.]*$")
_FIELD: Final = re.compile(
    r"^(?:\w*form)\.([a-z]\w*)(?:\.(label|label_tag|id_for_label|errors|help_text))?(?:\(.*\))?$"
)
_NOT_SHOWN: Final = re.compile(
    r"super|management_form|error|csrf|media|errors|attrs|as_|render|html|content|hidden|class|css|url|href|src|icon"
)
_WRITES_MARKUP: Final = re.compile(r"link|markdown|safe|render|urlize|rich_text|linebreaks|json|placeholder")
NAMES: Final = [
    "Alder",
    "Brook",
    "Cedar",
    "Dune",
    "Ember",
    "Fjord",
    "Grove",
    "Heath",
    "Inlet",
    "Juniper",
    "Knoll",
    "Larch",
    "Meadow",
    "Nettle",
    "Orchard",
    "Pine",
    "Quarry",
    "Ridge",
    "Sage",
    "Thorn",
]
_DATES: Final = re.compile(r"date|created|updated|modified|time|_at$|_on$|day|when")
_MONEY: Final = re.compile(r"price|total|amount|cost|tax|balance|charge")
_NUMBERS: Final = re.compile(r"count|num|quantity|^id$|pk|size|code|reference|version|length|rank")


@dataclass(frozen=True, slots=True)
class Shown:
    """One variable at one place of the template, and the elements that show it (one, or one for each turn of a loop)."""

    variable: str
    place: int
    looped: bool
    paths: tuple[str, ...]


@dataclass(slots=True)
class _Writer:
    turns: int
    marks: list[tuple[str, int, bool]] = field(default_factory=list)

    def mark(self, variable: str, place: int, *, looped: bool) -> str:
        self.marks.append((variable, place, looped))
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
    shown = list(_shown(root, writer))
    written = etree.tostring(root, encoding="unicode", method="html")
    return _MARK.sub(lambda mark: _value(*writer.marks[int(mark[1])], int(mark[1]), seed), written), shown


def _shown(root: Element, writer: _Writer) -> Iterator[Shown]:
    tree = root.getroottree()
    places: dict[tuple[str, int, bool], list[str]] = {}
    for element in root.iter(etree.Element):
        own = [element.text or "", *(child.tail or "" for child in element)]
        marks = [int(mark) for text in own for mark in _MARK.findall(text)]
        if len(marks) == 1 and element.tag not in {"script", "style", "option", "title", "textarea"}:
            variable, place, looped = writer.marks[marks[0]]
            places.setdefault((variable, place, looped), []).append(tree.getpath(element))
    for (variable, place, looped), paths in places.items():
        yield Shown(variable, place, looped, tuple(paths))


def _written(tokens: list[tuple[int, str]], at: int, writer: _Writer, *, looped: bool) -> tuple[str, int]:
    """Write tokens from `at` on to the end of their block; of an `if` its first branch. Give the text and where the block ended."""
    out: list[str] = []
    off = 0
    while at < len(tokens):
        place, token = tokens[at]
        word = (
            token[2:-2].strip(" -+\n\t").split(None, 1)[0]
            if token.startswith("{%") and token[2:-2].strip(" -+\n\t")
            else ""
        )
        if word in {"endfor", "endif", "endcomment", "endmacro", "endifchanged"}:
            return "".join(out), at
        if word in {"else", "elif", "empty"}:
            off = 1
        elif word in {"for", "if", "ifchanged", "comment", "macro"}:
            text, end = _written(tokens, at + 1, writer, looped=looped or word == "for")
            if not off and word not in {"comment", "macro"}:
                out.append(text)
                again = writer.turns - 1 if word == "for" and not looped else 0
                out += [_written(tokens, at + 1, writer, looped=True)[0] for _ in range(again)]
            at = end
        elif not off:
            out.append(_token(token, place, writer, looped=looped))
        at += 1
    return "".join(out), at


def _token(token: str, place: int, writer: _Writer, *, looped: bool) -> str:
    if token.startswith("{#"):
        return ""
    if not token.startswith(("{%", "{{")):
        return token
    inside = token[2:-2].strip(" -+\n\t")
    said = _SAID.match(inside)
    if said:
        return said[2]
    if token.startswith("{%"):
        words = re.findall(r"['\"]([\w:./-]+)['\"]", inside)
        return "/" + words[0].replace(":", "/") if inside.startswith(("url", "static")) and words else ""
    return _expression(inside, place, writer, looped=looped)


def _expression(inside: str, place: int, writer: _Writer, *, looped: bool) -> str:
    if inside.startswith(("url_for", "url(", "h.url", "static(")):
        words = re.findall(r"['\"]([\w:./-]+)['\"]", inside)
        return "/" + words[0].replace(".", "/").replace(":", "/") if words else "/"
    expression = inside.partition("|")[0].strip()
    asked = _FIELD.match(expression)
    if asked:
        return _field(asked[1], asked[2] or "")
    if (
        _WRITES_MARKUP.search(inside.partition("|")[2])
        or not _EXPRESSION.match(expression)
        or _NOT_SHOWN.search(expression.rpartition(".")[2])
    ):
        return ""
    return writer.mark(expression, place, looped=looped)


def _field(name: str, part: str) -> str:
    label = name.replace("_", " ").capitalize()
    kind = "password" if "password" in name else "email" if "email" in name else "text"
    return {
        "": f'<input type="{kind}" name="{name}" id="id_{name}">',
        "label": label,
        "label_tag": f'<label for="id_{name}">{label}</label>',
        "id_for_label": f"id_{name}",
    }.get(part, "")


def _value(variable: str, _place: int, _looped: bool, mark: int, seed: str) -> str:  # noqa: FBT001 - unpacked from a mark
    dice = int(sha256(f"{seed}:{variable}:{mark}".encode()).hexdigest()[:12], 16)
    name = variable.rpartition(".")[2].lower()
    if _DATES.search(name):
        return f"{1 + dice % 28:02d}/{1 + dice % 12:02d}/{2021 + dice % 5}"
    if _MONEY.search(name):
        return f"${dice % 90000 / 100 + 10:.2f}"
    if _NUMBERS.search(name):
        return str(dice % 90000 + 7)
    if "email" in name:
        return f"{NAMES[dice % 20].lower()}{dice % 97}@example.org"
    return f"{NAMES[dice % 20]} {NAMES[dice // 20 % 20]}"
