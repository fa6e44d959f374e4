"""What the gateway stands on. Asked often and by anybody, so that an answer is kept for two seconds.

GitHub and JIRA count what they are asked, and may be slow: each is asked at most once a minute, beside the answer.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Literal

from pydantic import BaseModel

from healer.errors import HealerError
from healer.wiring import GatewayParts

KEPT_S: Final = 2.0
_LOG = logging.getLogger(__name__)
ASKED_EVERY_S: Final = 60.0
_FIRST_WAIT_S: Final = 1.0
State = Literal["ok", "failing"]
FarState = Literal["ok", "failing", "unknown"]


class Answer(BaseModel):
    """The state of each neighbour. Redis and the registry are needed for taking work; for the others the work waits.

    `unknown` is one that has not answered its first question yet.
    """

    status: Literal["ready", "not_ready"]
    redis: State
    registry: State
    prefect: State
    jira: FarState
    github: FarState


class _Far:
    """A neighbour that is asked seldom, in a thread; what it said last is its state until it says something else."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._state: FarState = "unknown"
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def state(self) -> FarState:
        """Give the last state; only the first answer is waited for, a second at most."""
        idle = self._asking is None or self._asking.done()
        if idle and time.monotonic() - self._asked_at >= ASKED_EVERY_S:
            self._asked_at, self._asking = time.monotonic(), asyncio.create_task(self._ask())
        if self._state == "unknown" and self._asking:
            await asyncio.wait({self._asking}, timeout=_FIRST_WAIT_S)
        return self._state

    async def _ask(self) -> None:
        try:
            await asyncio.to_thread(self._ready)
        except HealerError as error:
            _LOG.warning("a neighbour is not ready: %s", error)
            self._state = "failing"
        else:
            self._state = "ok"


async def _redis(parts: GatewayParts) -> State:
    try:
        await parts.cases.list(1)
    except HealerError:
        return "failing"
    return "ok"


async def _registry(parts: GatewayParts) -> State:
    try:
        await parts.registry.get()
    except HealerError:
        return "failing"
    return "ok"


class Readiness:
    """The kept answer of one application."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._jira, self._github = _Far(parts.jira_ready), _Far(parts.github_ready)
        self._answer: Answer | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def ask(self) -> Answer:
        """Give the answer, at most two seconds old."""
        async with self._asking:
            if self._answer is None or time.monotonic() >= self._until:
                self._answer = await self._ask()
                self._until = time.monotonic() + KEPT_S
            return self._answer

    async def _ask(self) -> Answer:
        redis, registry, prefect, jira, github = await asyncio.gather(
            _redis(self._parts),
            _registry(self._parts),
            self._parts.orchestrator.ready(),
            self._jira.state(),
            self._github.state(),
        )
        status: Literal["ready", "not_ready"] = "ready" if (redis, registry) == ("ok", "ok") else "not_ready"
        told: State = "ok" if prefect else "failing"
        return Answer(status=status, redis=redis, registry=registry, prefect=told, jira=jira, github=github)
