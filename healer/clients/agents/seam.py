"""The seam to agents: a program that is given a brief and a clone, edits the clone, and says what it did.

An agent has no credential and no remote. What it says decides nothing: the guard reads its diff, the gate runs it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from healer.contracts import AgentAnswer, Brief, Ceiling


class Progress(NamedTuple):
    """One step of an agent at work: a line for people, which may quote foreign text, and how much of its turns is used (0 to 1)."""

    line: str
    share: float = 0.0


Tell = Callable[[Progress], None]
"""Takes an agent's steps as they happen; must neither block nor raise. Who shows them redacts them."""


class Prompt(NamedTuple):
    """What a model is told: the rules, which are the same for every case, and the task."""

    system: str
    task: str


Writer = Callable[[Brief], Prompt]
"""Puts a brief into words."""


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

    async def work(self, brief: Brief, clone: Path, tell: Tell) -> AgentAnswer:
        """Edit the files of the brief's importer in `clone`, a tree of the base commit, and say what was changed and why.

        `not_fixable_because` or `unfinished_because` in the answer means that nothing was written. The agent keeps to its
        ceiling by itself; `spend` says what it cost, and is the whole ceiling where nobody can tell.

        Raises: UpstreamError (service `agent`), Misconfigured. Neither is the agent's doing, so neither is an attempt.
        """
        ...
