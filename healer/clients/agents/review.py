"""Has a change read by a second session before it is handed in: what the session is shown, and what becomes of its word."""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from healer.clients.agents import home, plain
from healer.clients.agents.answer import Judged, Opinion, Said
from healer.clients.agents.seam import Progress, Tell
from healer.contracts import Brief

_LARGEST: Final = 1 << 18

Session = Callable[[Brief, Path], Awaitable[Said | Opinion | str]]
"""Lets the agent work once on a folder; gives what it said, or why its run does not count. Asked about a change, it says an opinion."""


async def judged(session: Session, brief: Brief, clone: Path, tell: Tell, *, reviewed: bool) -> Judged:
    """Let the agent work on `clone`; `reviewed`, on a draft of it, which comes back only where a second session told its mind."""
    with home.draft(clone) if reviewed else nullcontext(clone) as tree:
        found = await session(brief, tree)
        if not isinstance(found, Said):
            return str(found)
        if not reviewed or found.not_fixable_because is not None:
            return found, None
        opinion = await _opinion(session, brief, clone, tree, tell)
        if not isinstance(opinion, Opinion):
            return f"the change could not be reviewed: {opinion}"
        home.replace(clone, tree)
        return found, None if opinion.accept else opinion.reason


async def _opinion(session: Session, brief: Brief, clone: Path, tree: Path, tell: Tell) -> Opinion | str:
    """Let a second session, to which no file belongs, read what the first one left."""
    diff = difference(clone, tree, brief.importer.paths)
    if not diff:
        return Opinion(accept=True, reason="not asked")
    tell(Progress("the change is reviewed", 1.0))
    reader = brief.importer.model_copy(update={"paths": ()})
    found = await session(brief.model_copy(update={"proposed": diff, "importer": reader}), tree)
    tell(Progress(f"review: {found.reason if isinstance(found, Opinion) else found}", 1.0))
    return found if isinstance(found, Opinion) else str(found)


def form_of(brief: Brief) -> type[Said] | type[Opinion]:
    """Give the form of the answer. Every member is required: an answer with a hole in it is asked for again."""
    return Opinion if brief.proposed else Said


def difference(old: Path, new: Path, paths: Sequence[str]) -> str:
    """Give what differs in these files of two folders, for a reader; the guard reads the trees themselves."""
    told: list[str] = []
    for path in paths:
        before, after = ((plain.read(top / path, _LARGEST) or b"").decode("utf-8", "replace") for top in (old, new))
        told += difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(told)
