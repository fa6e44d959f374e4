"""The channel `healer:nudge` in Redis: somebody created a flow run, so whoever executes flow runs should look now."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

_CHANNEL: Final = "healer:nudge"
_PAUSE_S: Final = 1.0
_LISTENING_S: Final = 4.0


async def nudges(redis: Redis) -> AsyncIterator[None]:
    """Give an item for each nudge, and one for each new connection, since a nudge may have been missed before it.

    While Redis does not answer there is no item: whoever waits has a slower look of its own.
    """
    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(_CHANNEL)
                while True:
                    if await channel.get_message(timeout=_LISTENING_S):
                        yield None
        except (RedisError, OSError):
            await asyncio.sleep(_PAUSE_S)
