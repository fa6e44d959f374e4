"""The seam to agents: a program that is given a brief and a clone, edits the clone, and says what it did.

An agent has no credential and no remote. What it says decides nothing: the guard reads its diff, the gate runs it.
"""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from healer import mender
from healer.contracts import AgentAnswer, Brief, Ceiling, Importer, Spend
from healer.errors import UpstreamError

_LARGEST: Final = 1024 * 1024


class Agent(Protocol):
    """A program that mends importers."""

    @property
    def name(self) -> str:
        """The word that cases and commits call this agent by."""
        ...

    @property
    def ceiling(self) -> Ceiling:
        """The most that one run costs: it is debited before `work`, and the answer's `spend` takes its place afterwards."""
        ...

    async def work(self, brief: Brief, clone: Path) -> AgentAnswer:
        """Edit the files of the brief's importer in `clone`, a tree of the base commit, and say what was changed and why.

        `not_fixable_because` in the answer means that nothing was written.

        Raises: UpstreamError (service `agent`).
        """
        ...


class RelocateAgent:
    """The agent without a model: finds again what moved on the pages, and edits the selectors."""

    name = "relocate"
    ceiling = Ceiling(seconds=60)

    async def work(self, brief: Brief, clone: Path) -> AgentAnswer:
        """See `Agent.work`. Reads and writes the importer's own files and no other.

        Raises: UpstreamError (service `agent`, reason `unreadable`) where such a file cannot be read or written, or is no plain file.
        """
        return await asyncio.to_thread(self._work, brief, clone)

    def _work(self, brief: Brief, clone: Path) -> AgentAnswer:
        started = time.monotonic()
        edits, answer = mender.mend(brief, _read(clone, brief.importer))
        _write(clone, edits)
        return answer.model_copy(update={"spend": Spend(seconds=round(time.monotonic() - started, 3))})


def _own_file(clone: Path, path: str) -> Path:
    """Give the place of an importer's file. A link on the way could lead out of the clone."""
    place = clone / path
    parts = [place, *place.parents]
    inside = clone.resolve() in place.resolve().parents
    if not inside or any(part.is_symlink() for part in parts[: parts.index(clone)]):
        raise UpstreamError(
            f"{path} is no plain file of the clone.",
            service="agent",
            reason="unreadable",
            remedy="Look at the importer's paths in importers.toml and at the base branch.",
        )
    return place


def _read(clone: Path, importer: Importer) -> Mapping[str, str]:
    try:
        places = {path: _own_file(clone, path) for path in importer.paths}
        return {
            path: place.read_bytes()[:_LARGEST].decode("utf-8") for path, place in places.items() if place.is_file()
        }
    except (OSError, UnicodeDecodeError) as error:
        raise UpstreamError(
            f"a file of {importer.name} cannot be read ({type(error).__name__}).", service="agent", reason="unreadable"
        ) from None


def _write(clone: Path, edits: Mapping[str, str]) -> None:
    try:
        for path, text in edits.items():
            _own_file(clone, path).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise UpstreamError(
            f"a mended file cannot be written ({type(error).__name__}).", service="agent", reason="unreadable"
        ) from None
