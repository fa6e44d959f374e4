"""The agent without a model, and the agent that lets it try before any money is spent."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from healer import mender
from healer.clients.agents.seam import Agent, Progress, Tell
from healer.contracts import AgentAnswer, Brief, Ceiling, Importer, Spend
from healer.errors import UpstreamError

_LARGEST: Final = 1024 * 1024


class RelocateAgent:
    """The agent without a model: finds again what moved on the pages, and edits the selectors."""

    name = "relocate"
    ceiling = Ceiling(seconds=60)

    async def work(self, brief: Brief, clone: Path, tell: Tell) -> AgentAnswer:  # noqa: ARG002 - it is done before there is a step to tell
        """See `Agent.work`. Reads and writes the importer's own files and no other.

        Raises: UpstreamError (service `agent`, reason `unreadable`) where such a file cannot be read or written, or is no plain file.
        """
        return await asyncio.to_thread(self._work, brief, clone)

    def _work(self, brief: Brief, clone: Path) -> AgentAnswer:
        started = time.monotonic()
        edits, answer = mender.mend(brief, _read(clone, brief.importer))
        _write(clone, edits)
        return answer.model_copy(update={"spend": Spend(seconds=round(time.monotonic() - started, 3))})


class FirstTry:
    """Lets an agent that costs nothing try first; where it has no answer, or had one that the guard refused, the other one works."""

    def __init__(self, first: Agent, then: Agent) -> None:
        self._first, self._then = first, then

    @property
    def name(self) -> str:
        """See `Agent.name`: the answer says which of the two gave it."""
        return f"{self._first.name}+{self._then.name}"

    @property
    def ceiling(self) -> Ceiling:
        """See `Agent.ceiling`: both may work in one run."""
        first, then = self._first.ceiling, self._then.ceiling
        return Ceiling(usd=first.usd + then.usd, seconds=first.seconds + then.seconds)

    async def work(self, brief: Brief, clone: Path, tell: Tell) -> AgentAnswer:
        """See `Agent.work`."""
        if not any(past.refusals for past in brief.evidence):
            answer = await self._first.work(brief, clone, tell)
            if answer.not_fixable_because is None:
                return answer
            tell(Progress(f"{self._first.name} has no answer: {answer.not_fixable_because}"))
        return await self._then.work(brief, clone, tell)


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
