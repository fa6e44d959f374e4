"""The line in Redis: cases that are over a limit, in order, until there is room for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, cast

from redis.asyncio import Redis

from healer.clients import limits
from healer.clients.store import redis_errors
from healer.contracts import Case

# A case that has room already keeps it: whoever gave it died before the case was called.
_TAKE_ROOM: Final = f"""{limits.SCRIPT}
local id, waiting = unpack(ARGV, {limits.ARGS + 1})
if not redis.call('ZSCORE', KEYS[9], waiting) then return 'gone' end
if redis.call('SISMEMBER', KEYS[2], id) == 1 then return 'taken' end
local full = too_many()
if full then return full[1] == 'too_many_importer_cases' and 'importer full' or 'full' end
count(id)
return 'taken'
"""


class Room(StrEnum):
    """Whether a case in the line has room."""

    TAKEN = "taken"
    FULL = "full"
    IMPORTER_FULL = "importer full"
    """Another importer's case may have room."""
    GONE = "gone"
    """The case has left the line."""


@dataclass(frozen=True)
class Waiting:
    """A case that waits."""

    case: str
    importer: str


class Line:
    """What waits. A case leaves the line when it is written in any other state than its waiting one."""

    def __init__(self, redis: Redis, most: limits.Limits) -> None:
        self._redis, self._limits = redis, most
        self._take_room = redis.register_script(_TAKE_ROOM)

    async def waiting(self) -> tuple[Waiting, ...]:
        """Give who waits, in order.

        Raises: UpstreamError.
        """
        with redis_errors():
            members = cast("Sequence[str]", await self._redis.zrange(limits.LINE, 0, -1))
        return tuple(Waiting(*member.split(" ", 1)) for member in members)

    async def length(self) -> int:
        """Count who waits.

        Raises: UpstreamError.
        """
        with redis_errors():
            return int(await self._redis.zcard(limits.LINE))

    async def place(self, case: Case) -> int | None:
        """Give a case's place, from 1; None where it does not wait.

        Raises: UpstreamError.
        """
        with redis_errors():
            rank = cast("int | None", await self._redis.zrank(limits.LINE, limits.waiting(case.id, case.importer)))
        return None if rank is None else rank + 1

    async def take_room(self, waiting: Waiting) -> Room:
        """Count a waiting case as open and as opened today, where the limits leave room; taking it again changes nothing.

        Raises: UpstreamError.
        """
        now = datetime.now(UTC)
        args = [*self._limits.args(now), waiting.case, limits.waiting(waiting.case, waiting.importer)]
        with redis_errors():
            answer = await self._take_room(keys=self._limits.keys(waiting.importer, "", now), args=args)
        return Room(answer)
