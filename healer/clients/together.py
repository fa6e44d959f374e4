"""One script for many callers: calls that wait at the same time go to Redis in one pipeline, with one write, one read and one fsync."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

_MOST: Final = 100
"""Calls of one pipeline; Redis serves others between two pipelines."""
_GATHER_S: Final = 0.002
"""Shortest time from one pipeline to the next: an fsync for one call costs as much as one for all that come meanwhile."""


@dataclass(frozen=True)
class _Call:
    keys: Sequence[str]
    args: Sequence[str | float]
    answer: "asyncio.Future[Any]"


class Together:
    """A Lua script. Each call is atomic by itself, and its answer comes when it alone is on disk; only the way is shared."""

    def __init__(self, redis: Redis, script: str) -> None:
        self._redis, self._script = redis, script
        self._sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._waiting: list[_Call] = []
        self._sender: asyncio.Task[None] | None = None

    async def __call__(self, keys: Sequence[str], args: Sequence[str | float]) -> Any:
        """Run the script.

        Raises: RedisError or OSError. Then the call may have been run or not, as with any command whose answer is lost.
        """
        call = _Call(keys, args, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await call.answer

    async def _send(self) -> None:
        """Send what waits until nothing does; what comes meanwhile waits for the next pipeline."""
        clock = asyncio.get_running_loop().time
        while self._waiting:
            leaves_again = clock() + _GATHER_S
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            try:
                answers = await self._ask(batch)
                for call, answer in zip(batch, answers, strict=True):
                    _tell(call.answer, answer)
            finally:
                for call in batch:
                    call.answer.cancel()  # nobody waits for ever, whatever happened here; an answer given stays given
            await asyncio.sleep(leaves_again - clock())

    async def _ask(self, batch: Sequence[_Call]) -> Sequence[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        # The first brings the text, so that the others find it by its hash, whenever Redis was started.
        for number, call in enumerate(batch):
            run, script = (pipeline.evalsha, self._sha) if number else (pipeline.eval, self._script)
            run(script, len(call.keys), *call.keys, *call.args)
        try:
            return await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            return [error] * len(batch)


def _tell(waiting: "asyncio.Future[Any]", answer: Any) -> None:
    if waiting.done():
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
