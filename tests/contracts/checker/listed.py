"""Findings that are known and explained, and therefore set apart from violations."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.checker.finding import Kind, Note


@dataclass(frozen=True)
class Listed:
    """One known finding: what kind it is, patterns for operation (whole) and text (anywhere in it), and the reason."""

    kind: Kind
    operation: str
    text: str
    reason: str


def set_apart(listed: Iterable[Listed], operation: str, note: Note) -> Note:
    """Give a known finding with its kind and reason; give all else as it is."""
    for each in listed:
        if re.fullmatch(each.operation, operation) and re.search(each.text, note[1]):
            return each.kind, f"{note[1]} ({each.reason})"
    return note
