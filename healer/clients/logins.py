"""The login ledger in Redis: one lease per run attempt, and the logins of each credentialRef, whoever logs in."""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from redis.asyncio import Redis

from healer import logins
from healer.clients.rows import vault_key
from healer.clients.store import redis_errors
from healer.contracts import GateRun, LoginOutcome, LoginPolicy, LoginStanding
from healer.identity import LEEWAY_S, MAX_LIFE_S
from healer.logins import Closing, Record

DAY_S: Final = 24 * 3600
_KEPT_S: Final = 8 * DAY_S
"""Longer than any window may be."""
_LEASE_TTL_S: Final = 30 * DAY_S
_TOKEN_TTL_S: Final = MAX_LIFE_S + 2 * LEEWAY_S

# Nothing is written unless everything fits: refs are there and open, run and token have no lease, no ledger is full.
_LEASE: Final = """
local lease, holder, now, kept, lease_ttl, token_ttl, ceiling, window, cooloff = unpack(ARGV)
local function times(i) return tonumber(ARGV[9 + i]) end
now = tonumber(now)
if redis.call('EXISTS', KEYS[1]) == 1 then return {'used', 0} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'replayed', 0} end
local refs = (#KEYS - 2) / 3
for i = 1, refs do
  if redis.call('HEXISTS', KEYS[i * 3], 'sealed') == 0 then return {'missing', i} end
end
for i = 1, refs do
  local at, opened = unpack(redis.call('HMGET', KEYS[i * 3 + 2], 'at', 'opened_at'))
  if at and not opened then return {'closed', i} end
  if at and now < at + cooloff then return {'cooling', i} end
  local used = redis.call('ZCOUNT', KEYS[i * 3 + 1], '(' .. (now - window), '+inf')
  if used + times(i) > tonumber(ceiling) then return {'full', i} end
end
redis.call('SET', KEYS[1], lease, 'EX', lease_ttl)
redis.call('SET', KEYS[2], holder, 'EX', token_ttl)
for i = 1, refs do
  local ledger = KEYS[i * 3 + 1]
  redis.call('ZREMRANGEBYSCORE', ledger, '-inf', now - kept)
  for n = 1, times(i) do redis.call('ZADD', ledger, now, n == 1 and holder or holder .. ':' .. n) end
  redis.call('EXPIRE', ledger, kept)
  redis.call('HSET', KEYS[i * 3], 'leased_at', now, 'ceiling', ceiling, 'window', window, 'cooloff', cooloff)
end
return {'granted', 0}
"""

# A login that was reported before changes nothing: a person may have opened the ref since.
_REPORT: Final = """
local at, login, kept, why, by = unpack(ARGV)
if redis.call('ZADD', KEYS[1], 'NX', at, login) == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], kept)
if why ~= '' then
  redis.call('HSET', KEYS[2], 'at', at, 'why', why, 'by', by)
  redis.call('HDEL', KEYS[2], 'opened_at')
end
return 1
"""

_OPEN: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'opened_at') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'opened_at', ARGV[1])
return 1
"""


@dataclass(frozen=True)
class Granted:
    """The run attempt holds this lease, and each login of it is debited."""

    lease: str


@dataclass(frozen=True)
class LeaseUsed:
    """The run attempt had its lease already."""


@dataclass(frozen=True)
class TokenUsed:
    """Another run attempt had its lease by this identity token."""


@dataclass(frozen=True)
class CredentialMissing:
    """The vault has nothing for this ref; nothing was debited."""

    ref: str


@dataclass(frozen=True)
class Held:
    """The ledger releases no login of this ref now; nothing was debited."""

    why: Literal["full", "cooling", "closed"]
    standing: LoginStanding


LeaseOutcome = Granted | LeaseUsed | TokenUsed | CredentialMissing | Held


def _ledger_key(ref: str) -> str:
    return f"healer:logins:{ref}"


def _closing_key(ref: str) -> str:
    return f"healer:closed:{ref}"


def _token_key(token_id: str) -> str:
    return f"healer:jti:{hashlib.sha256(token_id.encode()).hexdigest()}"


class Logins:
    """The ledger of logins by ref."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lease = redis.register_script(_LEASE)
        self._report = redis.register_script(_REPORT)
        self._open = redis.register_script(_OPEN)

    async def lease(self, run: GateRun, debits: Mapping[str, int], allowed: LoginPolicy, token_id: str) -> LeaseOutcome:
        """Give a run attempt its one lease and debit so many logins of each ref, or nothing at all.

        `token_id` is the `jti` of the token that asks; it gets one lease.

        Raises: UpstreamError.
        """
        lease, holder, refs = secrets.token_hex(16), f"{run.run_id}:{run.run_attempt}", tuple(debits)
        keys = [f"healer:lease:{holder}", _token_key(token_id)]
        keys += [key for ref in refs for key in (vault_key(ref), _ledger_key(ref), _closing_key(ref))]
        args: list[str | float] = [lease, holder, time.time(), _KEPT_S, _LEASE_TTL_S, _TOKEN_TTL_S]
        args += [allowed.ceiling, allowed.window_s, allowed.cooloff_s, *debits.values()]
        with redis_errors():
            outcome, index = await self._lease(keys=keys, args=args)
        match outcome:
            case "granted":
                return Granted(lease)
            case "used":
                return LeaseUsed()
            case "replayed":
                return TokenUsed()
            case "missing":
                return CredentialMissing(refs[index - 1])
            case _:
                ref = refs[index - 1]
                return Held(outcome, await self.standing(ref, allowed, debits[ref]))

    async def report(self, ref: str, login: str, at: float, outcome: LoginOutcome, by: str) -> bool:
        """Record a login that somebody else made, once per id; `at` is in Unix seconds. Gives whether it was new.

        One that was refused or locked closes the ref.

        Raises: UpstreamError.
        """
        why = "" if outcome is LoginOutcome.ACCEPTED else outcome.value
        args: list[str | float] = [at, f"reported:{login}", _KEPT_S, why, by]
        with redis_errors():
            return bool(await self._report(keys=[_ledger_key(ref), _closing_key(ref)], args=args))

    async def close(self, ref: str, why: LoginOutcome, by: str) -> None:
        """Release no login of this ref from now on, until `open`.

        Raises: UpstreamError.
        """
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as both:
                both.hset(_closing_key(ref), mapping={"at": time.time(), "why": why.value, "by": by})
                both.hdel(_closing_key(ref), "opened_at")
                await both.execute()

    async def open(self, ref: str) -> bool:
        """Release logins of this ref again, once it has cooled off. Gives whether it was closed.

        Raises: UpstreamError.
        """
        with redis_errors():
            return bool(await self._open(keys=[_closing_key(ref)], args=[time.time()]))

    async def record(self, ref: str) -> Record:
        """Read what the ledger holds of a ref.

        Raises: UpstreamError.
        """
        with redis_errors():
            found = await self._redis.zrange(_ledger_key(ref), 0, -1, withscores=True)
            closing = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(_closing_key(ref)))
        rows = cast("Sequence[tuple[str, float]]", found)
        return Record(tuple(at for _, at in rows), _closing(closing) if closing else None)

    async def standing(self, ref: str, allowed: LoginPolicy, times: int = 1) -> LoginStanding:
        """Say how a ref stands now for somebody who wants `times` logins.

        Raises: UpstreamError.
        """
        return logins.standing(ref, await self.record(ref), allowed, time.time(), times)

    async def used(self, ref: str) -> int:
        """Count the logins of the last 24 hours.

        Raises: UpstreamError.
        """
        with redis_errors():
            return int(await self._redis.zcount(_ledger_key(ref), time.time() - DAY_S, "+inf"))


def _closing(row: dict[str, str]) -> Closing:
    opened_at = float(row["opened_at"]) if "opened_at" in row else None
    return Closing(float(row["at"]), LoginOutcome(row["why"]), row["by"], opened_at)
