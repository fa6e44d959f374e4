"""Ruby source as a syntax tree (tree-sitter). Offsets are bytes of the UTF-8 text; lines count from 1."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

import tree_sitter_ruby
from tree_sitter import Language, Node, Parser

_KEYWORDS: Final = frozenset(
    {"end", "do", "then", "else", "elsif", "ensure", "rescue", "when", "def", "class", "module", "begin"}
)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_ruby.language()))


@lru_cache(maxsize=8)
def parse(source: str) -> Node | None:
    """Give the root of a source's tree, or None where it is no whole Ruby."""
    root = _parser().parse(source.encode("utf-8", "replace")).root_node
    return None if root.has_error or any(map(_is_stray, nodes(root))) else root


def _is_stray(node: Node) -> bool:
    """Tell a keyword that the grammar took for a name, as it does with an `end` too many."""
    if node.type != "identifier" or said(node) not in _KEYWORDS:
        return False
    parent = node.parent
    names = [parent.child_by_field_name(name) for name in ("method", "name")] if parent else []
    return node not in names


def nodes(root: Node) -> Iterator[Node]:
    """Give every named node, parents before children."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.named_children))


def said(node: Node) -> str:
    """Give the source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def line_of(node: Node) -> int:
    """Give the line on which a node begins."""
    return node.start_point[0] + 1


def field(node: Node, name: str) -> str:
    """Give the source text of a node's named part, or an empty text."""
    part = node.child_by_field_name(name)
    return said(part) if part else ""


def arguments(node: Node) -> list[Node]:
    """Give the arguments of a call, or the keys of an element reference."""
    if node.type == "element_reference":
        return node.named_children[1:]
    listed = node.child_by_field_name("arguments")
    return listed.named_children if listed else []


def plain(node: Node) -> str | None:
    """Give the value of a string or symbol that is written out, or None where it is made up at run time or is something else."""
    if node.type == "simple_symbol":
        return said(node)[1:]
    if node.type not in {"string", "bare_string", "bare_symbol", "delimited_symbol"}:
        return None
    if any(part.type != "string_content" for part in node.named_children):
        return None
    return "".join(map(said, node.named_children))
