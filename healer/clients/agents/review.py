"""What a review is shown of a change."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from healer.clients.agents import plain

_LARGEST: Final = 1 << 18


def difference(old: Path, new: Path, paths: Sequence[str]) -> str:
    """Give what differs in these files of two folders, for a reader; the guard reads the trees themselves."""
    told: list[str] = []
    for path in paths:
        before, after = ((plain.read(top / path, _LARGEST) or b"").decode("utf-8", "replace") for top in (old, new))
        told += difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(told)
