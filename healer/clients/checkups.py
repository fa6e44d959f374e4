"""Gate runs that look at siblings of a healed importer, in Redis: one for each healed case and sibling, for 30 days."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.family import Checkup

_KEPT: Final = timedelta(days=30)
_ALL: Final = "healer:checkups"


def _place(checkup: Checkup) -> str:
    return f"{checkup.origin}:{checkup.importer}"


def _run_key(run_id: int) -> str:
    return f"healer:checkup:{run_id}"


def _link_key(one: str, other: str) -> str:
    return "healer:linked:" + ":".join(sorted((one, other)))


class Checkups:
    """What was sent for whom, and what came of it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, checkup: Checkup) -> None:
        """Store a checkup in place of what was known of it.

        Raises: UpstreamError.
        """
        place = _place(checkup)
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as rows:
                rows.hset(_ALL, place, checkup.model_dump_json())
                rows.set(_run_key(checkup.run.run_id), place, ex=_KEPT)
                await rows.execute()

    async def of_run(self, run_id: int) -> Checkup | None:
        """Read the checkup that dispatched a workflow run.

        Raises: UpstreamError.
        """
        with redis_errors():
            place = cast("str | None", await self._redis.get(_run_key(run_id)))
            text = await cast("Awaitable[str | None]", self._redis.hget(_ALL, place)) if place else None
        return Checkup.model_validate_json(text) if text else None

    async def list(self) -> tuple[Checkup, ...]:
        """Read all, the newest dispatch last, and forget those that are too old.

        Raises: UpstreamError.
        """
        oldest = datetime.now(UTC) - _KEPT
        with redis_errors():
            texts = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(_ALL))
            found = {place: Checkup.model_validate_json(text) for place, text in texts.items()}
            old = [place for place, one in found.items() if one.run.dispatched_at < oldest]
            if old:
                await self._redis.hdel(_ALL, *old)
        kept = (one for place, one in found.items() if place not in old)
        return tuple(sorted(kept, key=lambda one: one.run.dispatched_at))

    async def are_linked(self, one: str, other: str) -> bool:
        """Say whether two tickets were linked to one another.

        Raises: UpstreamError.
        """
        with redis_errors():
            return bool(await self._redis.exists(_link_key(one, other)))

    async def linked(self, one: str, other: str) -> None:
        """Remember that two tickets are linked.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.set(_link_key(one, other), "1", ex=_KEPT)
