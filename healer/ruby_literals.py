"""What a literal in an importer may give away: that it is a bill's value, or an address of another host."""

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from healer import ruby

_LITERALS: Final = frozenset(
    re.findall(
        r"\w+",
        "string integer float rational complex nil true false simple_symbol delimited_symbol string_array symbol_array heredoc_beginning"
        " chained_string character unary",
    )
)
_COLLECTIONS: Final = frozenset({"array", "hash", "parenthesized_statements", "argument_list", "range"})
_MONEY: Final = r"\d[.,]\d{2}(?!\d)"
_DATE: Final = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.] ?\d{1,2}[-/.] ?\d{2,4}"
_MONTHS: Final = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*"
_MONTH: Final = rf"\b{_MONTHS}\.?[ -]+\d|\d{{1,2}}\.?[ -]{_MONTHS}\b"
_ACCOUNT: Final = r"(?:\d[ _-]?){6,}|\b[A-Z]{1,4}[-/]?\d{4,}"
_BILL_LIKE: Final = re.compile(f"{_MONEY}|{_DATE}|{_MONTH}|{_ACCOUNT}", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"(\w*):?//((?:[\w-]+\.)+[\w-]+(?::\d+)?|localhost(?::\d+)?|[^/\s\"']*#\{[^}]*\}[^/\s\"']*)(?=[/\"'?#\s]|$)"
)


def bill_like(text: str) -> bool:
    """Say whether a literal looks like a value of a bill: money, a date, the number of an account. Formats such as `%Y-%m-%d` do not."""
    return bool(_BILL_LIKE.search(text))


def hosts_in(text: str) -> Iterator[tuple[str, str]]:
    """Give scheme and host of each address in a literal's source; one that is put together at run time has its code for a host."""
    for match in _ADDRESS.finditer(text):
        yield match.group(1).lower(), match.group(2).lower()


def literal(node: Node) -> bool:
    """Say whether an expression says the same whatever the page says."""
    if node.type in _COLLECTIONS:
        return all(literal(part) for part in node.named_children)
    if node.type == "pair":
        value = node.child_by_field_name("value")
        return value is not None and literal(value)
    if node.type not in _LITERALS:
        return False
    return not any(part.type == "interpolation" for part in ruby.nodes(node))
