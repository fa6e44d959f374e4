"""Rows of the vault in Redis: one hash a credentialRef, replaced only where nobody else has replaced it meanwhile."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.contracts import LoginPolicy

_PREFIX: Final = "healer:vault:"
_REPLACE: Final = """
if (redis.call('HGET', KEYS[1], 'sealed') or '') ~= ARGV[1] then return 0 end
if (redis.call('HGET', KEYS[1], 'counter') or '0') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], 'sealed') else redis.call('HSET', KEYS[1], 'sealed', ARGV[3]) end
redis.call('HSET', KEYS[1], 'counter', ARGV[4], unpack(ARGV, 5))
return 1
"""


def vault_key(ref: str) -> str:
    """Give the key under which a ref's row is kept, which its seal is bound to."""
    return _PREFIX + ref


@dataclass(frozen=True)
class Row:
    """What stands under a ref. `sealed` is empty where there is no value (any more); `counter` counts the values that stood there.

    Times are UTC; `leased_at` and `allowed` are those of the last lease.
    """

    ref: str
    sealed: str
    counter: int
    put_at: datetime | None
    leased_at: datetime | None
    allowed: LoginPolicy | None


def _time(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(text), UTC) if text else None


def _policy(stored: Mapping[str, str]) -> LoginPolicy | None:
    numbers = [stored.get(name) for name in ("ceiling", "window", "cooloff")]
    if None in numbers:
        return None
    ceiling, window_s, cooloff_s = (int(number or 0) for number in numbers)
    return LoginPolicy(ceiling=ceiling, window_s=window_s, cooloff_s=cooloff_s)


def _row(ref: str, stored: Mapping[str, str]) -> Row:
    return Row(
        ref=ref,
        sealed=stored.get("sealed", ""),
        counter=int(stored.get("counter", 0)),
        put_at=_time(stored.get("put_at")),
        leased_at=_time(stored.get("leased_at")),
        allowed=_policy(stored),
    )


class Rows:
    """The rows of all refs."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._replace = redis.register_script(_REPLACE)

    async def get(self, ref: str) -> Row:
        """Read a row; an empty one where there is none.

        Raises: UpstreamError.
        """
        with redis_errors():
            stored = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(vault_key(ref)))
        return _row(ref, stored)

    async def refs(self) -> list[str]:
        """Give every ref that has a row, sorted.

        Raises: UpstreamError.
        """
        with redis_errors():
            return sorted({key.removeprefix(_PREFIX) async for key in self._redis.scan_iter(match=vault_key("*"))})

    async def replace(self, read: Row, sealed: str, counter: int, **also: int) -> bool:
        """Put a value in place of the one that was read, with other columns; none where `sealed` is empty.

        Gives False where somebody else was first, and nothing was written.

        Raises: UpstreamError.
        """
        columns = [part for name, value in also.items() for part in (name, str(value))]
        args: list[str | int] = [read.sealed, read.counter, sealed, counter, *columns]
        with redis_errors():
            return bool(await self._replace(keys=[vault_key(read.ref)], args=args))
