"""The record of every value that was shown to a person, in Redis. It is written before anything is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from redis.asyncio import Redis

from healer.clients.store import redis_errors

_STREAM: Final = "healer:reveals"


@dataclass(frozen=True)
class Reveal:
    """Which fields of which ref were shown to whom, when (UTC)."""

    ref: str
    who: str
    fields: str
    at: datetime


class Reveals:
    """The record, oldest first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def note(self, ref: str, who: str, fields: Sequence[str]) -> None:
        """Record that fields are about to be shown.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.xadd(_STREAM, {"ref": ref, "who": who, "fields": ", ".join(fields)})

    async def of(self, ref: str) -> tuple[Reveal, ...]:
        """Give every time that a ref's fields were shown.

        Raises: UpstreamError.
        """
        with redis_errors():
            entries = cast("list[tuple[str, dict[str, str]]]", await self._redis.xrange(_STREAM))
        return tuple(_reveal(entry, told) for entry, told in entries if told["ref"] == ref)


def _reveal(entry: str, told: dict[str, str]) -> Reveal:
    at = datetime.fromtimestamp(int(entry.partition("-")[0]) / 1000, UTC)
    return Reveal(told["ref"], told["who"], told["fields"], at)
