"""What the gateway stands on. Asked often and by anybody, so that an answer is kept for two seconds."""

import asyncio
import time
from typing import Final, Literal

from pydantic import BaseModel

from healer.errors import HealerError
from healer.wiring import GatewayParts

KEPT_S: Final = 2.0
State = Literal["ok", "failing"]


class Answer(BaseModel):
    """The state of each neighbour. Prefect is not needed for taking work: the outbox waits for it."""

    status: Literal["ready", "not_ready"]
    redis: State
    registry: State
    prefect: State


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


async def _ask(parts: GatewayParts) -> Answer:
    redis, registry, prefect = await asyncio.gather(_redis(parts), _registry(parts), parts.orchestrator.ready())
    status: Literal["ready", "not_ready"] = "ready" if (redis, registry) == ("ok", "ok") else "not_ready"
    return Answer(status=status, redis=redis, registry=registry, prefect="ok" if prefect else "failing")


class Readiness:
    """The kept answer of one application."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._answer: Answer | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def ask(self) -> Answer:
        """Give the answer, at most two seconds old."""
        async with self._asking:
            if self._answer is None or time.monotonic() >= self._until:
                self._answer = await _ask(self._parts)
                self._until = time.monotonic() + KEPT_S
            return self._answer
