"""Which tickets were heard as they stand now, so that `reconcile` reads the comments of those alone that were written since."""

from typing import Final

from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.contracts import Ticket

_TTL_S: Final = 31 * 24 * 3600
"""Longer than `reconcile` looks back."""


class Heard:
    """By ticket, when JIRA says that it was written last."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def has(self, ticket: Ticket) -> bool:
        """Say whether nothing was written on a ticket since it was heard.

        Raises: UpstreamError.
        """
        with redis_errors():
            return bool(await self._redis.get(_key(ticket)) == ticket.updated)

    async def keep(self, ticket: Ticket) -> None:
        """Remember that a ticket was heard, read after it stood as it is given.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.set(_key(ticket), ticket.updated, ex=_TTL_S)


def _key(ticket: Ticket) -> str:
    return f"healer:heard:{ticket.key}"
