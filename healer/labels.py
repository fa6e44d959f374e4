"""What names an element for its reader: a field's label, the head of a column or row, the term or text before it."""

from collections.abc import Iterator
from typing import Final

from healer.element import Element, family, text_of
from healer.wording import VALUES, TextShape, own_words, shape_of

_LONGEST: Final = 60
_SECTIONS: Final = frozenset({"h1", "h2"})
_CLIMB: Final = 3
_FEW_ROWS: Final = 3
_PAIR: Final = 2
_NAMING: Final = ("aria-label", "data-label", "data-title", "data-th", "placeholder", "title", "alt")


def label_of(element: Element) -> str:
    """Give the text that names an element, or an empty text."""
    return next((label for label in _labels(element) if _is_label(label)), "")


def _is_label(text: str) -> bool:
    return bool(text) and len(text) <= _LONGEST and shape_of(text) not in VALUES


def _labels(element: Element) -> Iterator[str]:
    if family(element) == "field":
        yield from _field_labels(element)
    for name in _NAMING:
        yield element.get(name) or ""
    cell = next((part for part in _upwards(element) if part.tag in {"td", "th", "dd"}), None)
    if cell is not None:
        yield from _cell_labels(cell)
    if (cell is None or cell is not element) and not _names_itself(element):
        yield from _texts_before(element)


def _names_itself(element: Element) -> bool:
    return family(element) in {"link", "button", "heading"} and shape_of(text_of(element)) is TextShape.WORDS


def _upwards(element: Element) -> Iterator[Element]:
    yield element
    yield from element.iterancestors()


def _field_labels(field: Element) -> Iterator[str]:
    root = field.getroottree().getroot()
    ident = field.get("id")
    if ident:
        yield from (text_of(label) for label in root.iter("label") if label.get("for") == ident)
    for name in (field.get("aria-labelledby") or "").split():
        yield from (text_of(part) for part in root.iter() if part.get("id") == name)
    yield from (text_of(part) for part in field.iterancestors("label"))


def _cell_labels(cell: Element) -> Iterator[str]:
    if cell.tag == "dd":
        before = next((part for part in cell.itersiblings(preceding=True) if part.tag == "dt"), None)
        yield text_of(before) if before is not None else ""
        return
    row = cell.getparent()
    if row is None or row.tag != "tr":
        return
    heads = _heads(row)
    if heads is not None:
        yield _head_over(cell, row, heads)
        return
    texts = [text_of(other) for other in cell.itersiblings(preceding=True)]
    yield from (text for text in texts[:1] if text.endswith(":") or len(row) <= _PAIR)
    yield from (text_of(other) for other in row if other.tag == "th" and other is not cell)
    yield from (*texts[:1], *texts[-1:])


def row_head(element: Element) -> str:
    """Give the words with which a row begins in a table with column heads, where the element stands in another cell; else an empty text."""
    cell = next((part for part in _upwards(element) if part.tag in {"td", "th"}), None)
    row = cell.getparent() if cell is not None else None
    if cell is None or row is None or row.tag != "tr" or row[0] is cell or _heads(row) is None:
        return ""
    text = text_of(row[0])
    return text if _is_label(text) and shape_of(text) is TextShape.WORDS else ""


def column_heads(row: Element) -> list[str]:
    """Give the heads of all columns of a table's row, none where the table has none."""
    heads = _heads(row) if row.tag == "tr" else None
    return [] if heads is None else [text_of(head) for head in heads]


def _heads(row: Element) -> Element | None:
    """Give the row of a table's column heads, None where it has none or is that row."""
    table = next(row.iterancestors("table"), None)
    heads = next((line for line in table.iter("tr") if _is_head(line)), None) if table is not None else None
    return None if heads is row else heads


def _head_over(cell: Element, row: Element, heads: Element) -> str:
    if _span(cell) > 1:
        return ""
    start, column = 0, _column(cell, row)
    for head in heads:
        start += _span(head)
        if column < start:
            return text_of(head)
    return ""


def _is_head(row: Element) -> bool:
    parent = row.getparent()
    if parent is not None and parent.tag == "thead":
        return True
    return len(row) > 1 and all(cell.tag == "th" for cell in row)


def _column(cell: Element, row: Element) -> int:
    column = 0
    for other in row:
        if other is cell:
            break
        column += _span(other)
    return column


def _span(cell: Element) -> int:
    span = cell.get("colspan") or "1"
    return int(span) if span.isdecimal() and len(span) < _FEW_ROWS else 1


def _texts_before(element: Element) -> Iterator[str]:
    """Give the texts right before an element, from near to far: its siblings', then those of the parts that hold it."""
    part = element
    for _ in range(_CLIMB):
        parent = part.getparent()
        if parent is None or parent.tag in {"body", "tr", "form", "main"}:
            return
        before = part.getprevious()
        while before is not None:
            said = (before.tail or "").strip() or text_of(before)
            if said and before.tag in _SECTIONS:
                return
            if said:
                yield said.rstrip(": ")
                break
            before = before.getprevious()
        else:
            if (parent.text or "").strip():
                yield (parent.text or "").strip().rstrip(": ")
        if before is not None:
            return
        yield from _text_after(part)
        part = parent


def _text_after(part: Element) -> Iterator[str]:
    """Give the text after an element that comes first of two: tiles show the value above its label."""
    after = part.getnext()
    alone = after is not None and after.getnext() is None and not (part.tail or "").strip()
    if after is not None and alone and not own_words(text_of(part)):
        yield text_of(after)
