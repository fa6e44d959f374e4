"""Edits one string literal of a Ruby source and nothing else, in the quotes in which it stands."""

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from healer import ruby

_ESCAPED: Final = re.compile(r"\\([\"'\\])")
_INTERPOLATES: Final = re.compile(r"#(?=[{$@])")
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}


def replace(source: str, line: int, old: str, new: str) -> str | None:
    """Give `source` with the string `old` replaced by `new`, or None where that cannot be done without doubt.

    The literal is looked for on `line`, then in the call that begins there, then in the whole file; in the first of these places where
    it stands at all, it must stand exactly once. A literal that is put together at run time is never found.
    """
    root = ruby.parse(source)
    if root is None or "\n" in new:
        return None
    node = _only(root, line, old)
    if node is None:
        return None
    written = _in_its_quotes(node, new)
    if written is None:
        return None
    raw = source.encode("utf-8")
    edited = (raw[: node.start_byte] + written.encode("utf-8") + raw[node.end_byte :]).decode("utf-8")
    return edited if _says(edited, node.start_byte, new) else None


def _only(root: Node, line: int, old: str) -> Node | None:
    literals = [node for node in ruby.nodes(root) if node.type == "string" and value_of(node) == old]
    on_line = [node for node in literals if ruby.line_of(node) == line]
    in_call = [node for node in literals if any(ruby.line_of(call) == line for call in _calls_around(node))]
    found = on_line or in_call or literals
    return found[0] if len(found) == 1 else None


def _calls_around(node: Node) -> Iterator[Node]:
    part = node.parent
    while part is not None and part.type in {"argument_list", "call", "pair", "array", "assignment", "hash"}:
        yield part
        part = part.parent


def value_of(node: Node) -> str | None:
    """Give what a string literal says, or None where that is known at run time only or written with rare escapes."""
    parts = []
    for part in node.named_children:
        text = ruby.said(part)
        if part.type == "escape_sequence" and not _ESCAPED.fullmatch(text):
            return None
        if part.type not in {"string_content", "escape_sequence"}:
            return None
        parts.append(text)
    return _ESCAPED.sub(r"\1", "".join(parts))


def _in_its_quotes(node: Node, new: str) -> str | None:
    """Write a text between the literal's own quotes. In CSS and XPath one kind of quotes is as good as the other."""
    text = ruby.said(node)
    opening, closing = ruby.said(node.children[0]), text[-1]
    if opening == '"' and "'" not in new:
        new = new.replace('"', "'")
    escaped = new.replace("\\", "\\\\")
    for sign in {closing, opening[-1]} & set("\"')]}>|!/"):
        escaped = escaped.replace(sign, f"\\{sign}")
    if opening[-1] in _CLOSING and _CLOSING[opening[-1]] == closing:
        escaped = escaped.replace(opening[-1], f"\\{opening[-1]}")
    if opening == '"' or opening.startswith(("%Q", "%(", "%[", "%{")):
        escaped = _INTERPOLATES.sub(r"\\#", escaped)
    return f"{opening}{escaped}{closing}"


def _says(source: str, start: int, wanted: str) -> bool:
    """Check the edit: the source is whole Ruby, and the literal says what was wanted."""
    root = ruby.parse(source)
    if root is None:
        return False
    node = next((part for part in ruby.nodes(root) if part.type == "string" and part.start_byte == start), None)
    said = value_of(node) if node else None
    return said is not None and said.replace('"', "'") == wanted.replace('"', "'")
