"""The ledger of production's fetches in Redis: how each ended, for 90 days, and of each importer when bills were fetched last."""

from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.contracts import Fetch, ImporterName, LastGood
from healer.watch import Told

KEPT: Final = timedelta(days=90)
_ALARMS: Final = "healer:alarms"

# A fetch that was told before changes nothing: it counts once.
_TAKE: Final = """
local id, at, text, oldest = unpack(ARGV)
if redis.call('ZADD', KEYS[1], 'NX', at, id) == 0 then return 0 end
redis.call('HSET', KEYS[2], id, text)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. oldest)) do redis.call('HDEL', KEYS[2], old) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. oldest)
return 1
"""

_GOOD: Final = """
local known = redis.call('HGET', KEYS[1], 'at')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'told', ARGV[2])
return 1
"""


def _ids(importer: ImporterName) -> str:
    return f"healer:fetches:{importer}"


class Fetches:
    """What production tells, and who has fetched bills last. A repeated word counts once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take, self._good = redis.register_script(_TAKE), redis.register_script(_GOOD)

    async def take(self, importer: ImporterName, fetch: Fetch) -> bool:
        """Record a production fetch; give whether it is new.

        Raises: UpstreamError.
        """
        oldest = (fetch.at - KEPT).timestamp()
        keys = [_ids(importer), f"{_ids(importer)}:told"]
        with redis_errors():
            is_new = await self._take(keys=keys, args=[fetch.id, fetch.at.timestamp(), fetch.model_dump_json(), oldest])
        if is_new and fetch.outcome == "fetched" and fetch.bills:
            await self.good(importer, fetch.at, fetch.bills, "production")
        return bool(is_new)

    async def good(self, importer: ImporterName, at: datetime, bills: int, by: Literal["production", "gate"]) -> None:
        """Remember that bills were fetched, where nobody has fetched some since.

        Raises: UpstreamError.
        """
        last = LastGood(at=at, bills=bills, by=by)
        with redis_errors():
            await self._good(keys=[f"healer:fetched:{importer}"], args=[at.timestamp(), last.model_dump_json()])

    async def last_good(self, importer: ImporterName) -> LastGood | None:
        """Say when bills were fetched last, None where nobody has told.

        Raises: UpstreamError.
        """
        with redis_errors():
            text = await cast("Awaitable[str | None]", self._redis.hget(f"healer:fetched:{importer}", "told"))
        return LastGood.model_validate_json(text) if text else None

    async def last(self, importer: ImporterName) -> Fetch | None:
        """Read the fetch that production told last, None where there is none in 90 days.

        Raises: UpstreamError.
        """
        with redis_errors():
            ids = cast("Sequence[str]", await self._redis.zrange(_ids(importer), -1, -1))
        told = await self._told(importer, ids)
        return told[0] if told else None

    async def since(self, importer: ImporterName, when: datetime) -> tuple[Fetch, ...]:
        """Read the fetches that production has told since then, oldest first.

        Raises: UpstreamError.
        """
        with redis_errors():
            ids = await self._redis.zrangebyscore(_ids(importer), when.timestamp(), "+inf")
        return await self._told(importer, cast("Sequence[str]", ids))

    async def alarmed(self, told: Told) -> None:
        """Remember a ticket that an alarm has opened, for 90 days.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.zadd(_ALARMS, {told.model_dump_json(): told.at.timestamp()})
            await self._redis.zremrangebyscore(_ALARMS, "-inf", (told.at - KEPT).timestamp())

    async def alarms(self) -> tuple[Told, ...]:
        """Read the tickets that alarms have opened in 90 days, oldest first.

        Raises: UpstreamError.
        """
        with redis_errors():
            texts = cast("Sequence[str]", await self._redis.zrange(_ALARMS, 0, -1))
        return tuple(Told.model_validate_json(text) for text in texts)

    async def _told(self, importer: ImporterName, ids: Sequence[str]) -> tuple[Fetch, ...]:
        if not ids:
            return ()
        with redis_errors():
            texts = await cast("Awaitable[list[str | None]]", self._redis.hmget(f"{_ids(importer)}:told", list(ids)))
        return tuple(Fetch.model_validate_json(text) for text in texts if text)
