"""Writes a short selector for elements of a page, by what is likely to last: ids and names, class names that mean something, labels.

Positions count only where nothing else tells the element from others.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from healer.element import Element, class_names, family, is_generated, says_looks, text_of
from healer.selector import Path, Step
from healer.wording import VALUES, TextShape, alike, shape_of, squish, words

_TRIES: Final = 160
_ANCESTORS: Final = 7
_LONGEST_TEXT: Final = 32
_WRITTEN: Final = (
    "name",
    "data-testid",
    "data-test",
    "data-qa",
    "data-cy",
    "itemprop",
    "data-field",
    "data-name",
    "data-label",
    "data-title",
    "data-role",
    "autocomplete",
)
_SPECIAL: Final = ("type", "aria-label", "title", "rel", "role", "alt", "placeholder")
_CELLS: Final = frozenset({"td", "th", "dd"})

Fits = Callable[[Path], bool]


def shortest(scope: Element, target: Element, fits: Fits, hint: frozenset[str], style: Step) -> Path | None:
    """Give the likeable path from `scope` to `target` that `fits`, or None.

    `hint` are words of what is looked for: class names that share them come first. `style` shows whether the author names tags.
    """
    own = list(_descriptions(target, hint, style))
    above = [part for part in islice(target.iterancestors(), _ANCESTORS) if scope in part.iterancestors()]
    paths = heapq.nsmallest(_TRIES, _paths(own, above, hint, style), key=lambda path: path.cost)
    return next((path for path in (*paths, *_positions(target, above, hint, style)) if fits(path)), None)


def _positions(target: Element, above: Sequence[Element], hint: frozenset[str], style: Step) -> Iterator[Path]:
    """Give paths that count their way down from something named; for what nothing else tells from its neighbours."""
    down: tuple[Step, ...] = (Step(tag=str(target.tag), nth=_place(target)),)
    for part in above:
        for option in islice(_descriptions(part, hint, style, deep=False), 3):
            yield Path((*option.steps, down[0]._replace(join=">"), *down[1:]), 10.0)
        down = (Step(tag=str(part.tag), nth=_place(part)), down[0]._replace(join=">"), *down[1:])


def _place(element: Element) -> int:
    return sum(1 for other in element.itersiblings(preceding=True) if isinstance(other.tag, str)) + 1


def _paths(own: list[Path], above: Sequence[Element], hint: frozenset[str], style: Step) -> Iterator[Path]:
    yield from own
    described = [list(islice(_descriptions(part, hint, style, deep=False), 6)) for part in above]
    for distance, options in enumerate(described):
        for option in options:
            for path in own:
                join = ">" if distance == 0 and path.steps[0].nth else " "
                yield _joined(option, path, join, 0.8 + 0.1 * distance)
    yield from _three(own, described)


def _three(own: list[Path], described: list[list[Path]]) -> Iterator[Path]:
    """Give paths of three parts, for tables inside named containers."""
    cheap = sorted(own, key=lambda path: path.cost)[:8]
    for near, options in enumerate(described[:3]):
        for far in range(near + 1, len(described)):
            for option in options[:3]:
                for top in described[far][:3]:
                    for path in cheap:
                        join = ">" if near == 0 and path.steps[0].nth else " "
                        yield _joined(top, _joined(option, path, join, 0.8), " ", 1.2)


def _joined(above: Path, below: Path, join: str, cost: float) -> Path:
    first = below.steps[0]._replace(join=join)
    return Path((*above.steps, first, *below.steps[1:]), above.cost + below.cost + cost)


def _descriptions(element: Element, hint: frozenset[str], style: Step, *, deep: bool = True) -> Iterator[Path]:
    """Give the ways to name one element among others, each a path of one or two steps."""
    tag = str(element.tag)
    named = tag if style.tag or tag in {"a", "tr", "td", "li", "input", "form"} else ""
    ident = element.get("id")
    if ident and not is_generated(ident):
        yield Path((Step(tag=named if style.tag else "", id=ident),), 0.0)
    yield from _by_class(element, hint, tag)
    yield from _by_attribute(element, tag)
    if deep:
        yield from _by_text(element, tag)
        yield from _by_label(element, tag)
    yield Path((Step(tag=tag),), 4.0 if tag in {"div", "span", "p", "td"} else 3.0)
    if deep and element.getparent() is not None:
        yield Path((Step(tag=tag, nth=_place(element)),), 6.0 if tag in _CELLS else 8.0)


def _by_class(element: Element, hint: frozenset[str], tag: str) -> Iterator[Path]:
    names = class_names(element)
    meant = sorted(
        (name for name in names if not says_looks(name)), key=lambda name: (-alike(words(name), hint), len(name))
    )
    for place, name in enumerate(meant):
        yield Path((Step(tag=tag, classes=(name,)),), 1.0 + 0.3 * place - 0.4 * (alike(words(name), hint) > 0))
    for name in names:
        if says_looks(name):
            yield Path((Step(tag=tag, classes=(name,)),), 5.0)
    if len(names) > 1 and meant:
        for name in names:
            if name != meant[0]:
                yield Path((Step(tag=tag, classes=(meant[0], name)),), 2.6)


def _by_attribute(element: Element, tag: str) -> Iterator[Path]:
    for name in _WRITTEN:
        value = element.get(name)
        if value and not is_generated(value) and value not in {"on", "off"} and shape_of(value) is TextShape.WORDS:
            yield Path((Step(tag=tag, attribute=(name, "=", value)),), 0.8)
    for name in _SPECIAL:
        value = element.get(name)
        if value and len(value) <= _LONGEST_TEXT and shape_of(value) is TextShape.WORDS:
            yield Path((Step(tag=tag, attribute=(name, "=", value)),), 2.2)
    yield from _by_address(element, tag)


def _by_address(element: Element, tag: str) -> Iterator[Path]:
    address = (element.get("href") or element.get("action") or "").partition("?")[0]
    segments = [part for part in address.split("/") if part and ":" not in part]
    suffix = address.rpartition(".")[2]
    if segments and 2 <= len(suffix) <= 4 and suffix.isalpha() and "." in segments[-1]:  # noqa: PLR2004 - pdf, html, xml
        yield Path((Step(tag=tag, attribute=("href", "$=", f".{suffix}")),), 2.4)
    for part in segments[-3:]:
        if shape_of(part) is TextShape.WORDS and len(part) > 3 and "." not in part and element.get("href"):  # noqa: PLR2004
            last = part == segments[-1]
            yield Path(
                (Step(tag=tag, attribute=("href", "$=" if last else "*=", f"/{part}" if last else f"/{part}/")),), 2.8
            )


def _by_text(element: Element, tag: str) -> Iterator[Path]:
    text = _quotable(element)
    if text and family(element) in {"link", "button", "heading", "cell", "text"}:
        yield Path((Step(tag=tag, contains=text),), 2.8)


def _quotable(element: Element) -> str:
    """Give the words by which an element can be found again: its first text where that is the page's own, else nothing."""
    text = text_of(element)
    raw = next((part for part in element.itertext() if part.strip()), "")
    if (
        not text
        or len(text) > _LONGEST_TEXT
        or shape_of(text) in VALUES
        or squish(str(raw)) != text
        or raw.strip() != text
    ):
        return ""
    return text if '"' not in text or "'" not in text else ""


def _by_label(element: Element, tag: str) -> Iterator[Path]:
    before = element.getprevious()
    if before is not None and isinstance(before.tag, str):
        text = _quotable(before)
        if text:
            cost = 1.8 if before.tag in {"dt", "th", "label"} else 2.6
            yield Path((Step(tag=str(before.tag), contains=text), Step(tag=tag, join="+")), cost)
    parent = element.getparent()
    if parent is not None and parent.tag == "label" and family(element) == "field":
        text = squish(parent.text or "")
        if text and len(text) <= _LONGEST_TEXT and shape_of(text) is TextShape.WORDS:
            yield Path((Step(tag="label", contains=text), Step(tag=tag)), 2.4)
