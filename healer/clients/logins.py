"""The login ledger in Redis: one lease per run attempt, and how many logins each credentialRef has had."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from healer.clients.rows import vault_key
from healer.clients.store import redis_errors
from healer.contracts import GateRun

WINDOW_S: Final = 24 * 3600
_LEASE_TTL_S: Final = 30 * 24 * 3600

# Nothing is written unless everything fits: refs are there, the run has no lease, no ledger is full.
_LEASE: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then return {'used', ''} end
local refs = (#KEYS - 1) / 2
for i = 1, refs do
  if redis.call('HEXISTS', KEYS[1 + i], 'sealed') == 0 then return {'missing', tostring(i)} end
end
for i = 1, refs do
  local ledger = KEYS[1 + refs + i]
  redis.call('ZREMRANGEBYSCORE', ledger, '-inf', ARGV[3] - ARGV[4])
  if redis.call('ZCARD', ledger) >= tonumber(ARGV[5]) then
    local first = redis.call('ZRANGE', ledger, 0, 0, 'WITHSCORES')
    return {'ceiling', tostring(i), first[2] or ARGV[3]}
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[6])
for i = 1, refs do
  redis.call('ZADD', KEYS[1 + refs + i], ARGV[3], ARGV[2])
  redis.call('EXPIRE', KEYS[1 + refs + i], ARGV[4])
end
return {'granted', ''}
"""


@dataclass(frozen=True)
class Granted:
    """The run attempt holds this lease, and each login of it is debited."""

    lease: str


@dataclass(frozen=True)
class LeaseUsed:
    """The run attempt had its lease already."""


@dataclass(frozen=True)
class CredentialMissing:
    """The vault has nothing for this ref; nothing was debited."""

    ref: str


@dataclass(frozen=True)
class CeilingReached:
    """The ledger of this ref is full; nothing was debited. The oldest login leaves the window at `next_at` (Unix seconds)."""

    ref: str
    next_at: float


LeaseOutcome = Granted | LeaseUsed | CredentialMissing | CeilingReached


def _ledger_key(ref: str) -> str:
    return f"healer:logins:{ref}"


class Logins:
    """The ledger of logins by ref."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lease = redis.register_script(_LEASE)

    async def lease(self, run: GateRun, refs: Sequence[str], ceiling: int) -> LeaseOutcome:
        """Give a run attempt its one lease and debit one login of each ref, or nothing at all.

        `ceiling` is the number of logins that each ref may have in 24 hours, all callers together.

        Raises: UpstreamError.
        """
        lease, holder = secrets.token_hex(16), f"{run.run_id}:{run.run_attempt}"
        keys = [f"healer:lease:{holder}", *map(vault_key, refs), *map(_ledger_key, refs)]
        args: list[str | float] = [lease, holder, time.time(), WINDOW_S, ceiling, _LEASE_TTL_S]
        with redis_errors():
            outcome, index, *first = await self._lease(keys=keys, args=args)
        match outcome:
            case "granted":
                return Granted(lease)
            case "missing":
                return CredentialMissing(refs[int(index) - 1])
            case "ceiling":
                return CeilingReached(refs[int(index) - 1], float(first[0]) + WINDOW_S)
            case _:
                return LeaseUsed()

    async def used(self, ref: str) -> int:
        """Count the logins of the last 24 hours.

        Raises: UpstreamError.
        """
        with redis_errors():
            return int(await self._redis.zcount(_ledger_key(ref), time.time() - WINDOW_S, "+inf"))
