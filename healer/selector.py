"""Selectors: what they find on a page, and how one is written for CSS or XPath.

CSS is read as Nokogiri and cssselect read it; `:contains("…")` is understood by both.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from healer.element import Element

_CSS_SUFFIX: Final = re.compile(r"\s*::(?:text|attr\([^)]*\))\s*$")
_XPATH_SUFFIX: Final = re.compile(r"/(?:@[\w:-]+|text\(\)(?:\[\d+\])?)$")
_XPATH_WRAPPER: Final = re.compile(r"^((?:string|normalize-space)\()(.*)(\))$", re.DOTALL)
_NAME: Final = re.compile(r"^-?[A-Za-z_][\w-]*$")


class Parts(NamedTuple):
    """A selector without what only says which part of the element is read: `before`, the selector itself, `after`."""

    before: str
    core: str
    after: str


def is_xpath(selector: str) -> bool:
    """Say whether a selector is XPath rather than CSS."""
    return selector.lstrip().startswith(("/", "./", "(", "string(", "normalize-space(", "descendant::"))


@lru_cache(maxsize=1024)
def parts_of(selector: str) -> Parts:
    """Take `/@href`, `/text()`, `::text`, `::attr(…)` and `string(…)` off a selector."""
    before = after = ""
    if is_xpath(selector):
        wrapped = _XPATH_WRAPPER.match(selector.strip())
        if wrapped:
            before, selector, after = wrapped.groups()
    ending = (_XPATH_SUFFIX if is_xpath(selector) else _CSS_SUFFIX).search(selector)
    if ending:
        after = ending.group() + after
        selector = selector[: ending.start()]
    return Parts(before, selector.strip(), after)


@lru_cache(maxsize=1024)
def _compiled(core: str, *, whole: bool) -> etree.XPath | None:
    try:
        prefix = "descendant-or-self::" if whole else "descendant::"
        path = core if is_xpath(core) else HTMLTranslator().css_to_xpath(core, prefix=prefix)
        return etree.XPath(path)
    except (SelectorError, etree.XPathError, ValueError):
        return None


def select(scope: Element, selector: str) -> list[Element] | None:
    """Give the elements that a selector finds below `scope` (or on the page, where `scope` is its root), None where it is no selector."""
    path = _compiled(parts_of(selector).core, whole=scope.getparent() is None)
    if path is None:
        return None
    try:
        found = path(scope)
    except etree.XPathError:
        return None
    return [part for part in found if isinstance(part, Element)] if isinstance(found, list) else None


class Step(NamedTuple):
    """One part of a selector. `join` ties it to the part before: a blank (anywhere below), `>` or `+`."""

    tag: str = ""
    id: str = ""
    classes: tuple[str, ...] = ()
    attribute: tuple[str, str, str] | None = None
    """Name, `=` or `*=` or `$=`, value."""
    contains: str = ""
    nth: int = 0
    join: str = " "


def _css_step(step: Step) -> str:
    text = step.tag
    if step.id:
        text += f"#{step.id}" if _NAME.match(step.id) else f"[id={_quoted(step.id)}]"
    text += "".join(f".{name}" if _NAME.match(name) else f"[class~={_quoted(name)}]" for name in step.classes)
    if step.attribute:
        name, operator, value = step.attribute
        text += f"[{name}{operator}{_quoted(value)}]"
    if step.contains:
        text += f":contains({_quoted(step.contains)})"
    if step.nth:
        text += f":nth-child({step.nth})"
    return text or "*"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(text: str) -> str:
    return f'"{text}"' if '"' not in text else f"'{text}'"


def _xpath_tests(step: Step) -> Iterator[str]:
    if step.id:
        yield f"@id={_literal(step.id)}"
    for name in step.classes:
        yield f'contains(concat(" ", normalize-space(@class), " "), {_literal(f" {name} ")})'
    if step.attribute:
        name, operator, value = step.attribute
        said = _literal(value)
        yield {
            "=": f"@{name}={said}",
            "*=": f"contains(@{name}, {said})",
            "$=": f"substring(@{name}, string-length(@{name}) - {len(value) - 1})={said}",
        }[operator]
    if step.contains:
        yield f"contains(., {_literal(step.contains)})"
    if step.nth:
        yield f"count(preceding-sibling::*)={step.nth - 1}"


def _xpath_step(step: Step, *, first: bool) -> str:
    tests = [f"[{test}]" for test in _xpath_tests(step)]
    tag = step.tag or "*"
    if step.join == "+" and not first:
        return "/following-sibling::*[1]" + (f"[self::{step.tag}]" if step.tag else "") + "".join(tests)
    axis = "/" if step.join == ">" and not first else "//"
    return f"{axis}{tag}" + "".join(tests)


class Path(NamedTuple):
    """A selector as steps, and how little one likes it: 0 is the best."""

    steps: tuple[Step, ...]
    cost: float

    def css(self) -> str:
        """Write it as CSS."""
        texts = [
            _css_step(step) if index == 0 or step.join == " " else f"{step.join} {_css_step(step)}"
            for index, step in enumerate(self.steps)
        ]
        return " ".join(texts)

    def xpath(self, start: str = "") -> str:
        """Write it as XPath; `start` is `.` for one that begins below an element."""
        return start + "".join(_xpath_step(step, first=index == 0) for index, step in enumerate(self.steps))

    def found(self, scope: Element) -> list[Element]:
        """Give what it finds below `scope`."""
        found = _below(self.xpath("."))(scope)
        return [part for part in found if isinstance(part, Element)] if isinstance(found, list) else []


@lru_cache(maxsize=4096)
def _below(path: str) -> etree.XPath:
    return etree.XPath(path)
