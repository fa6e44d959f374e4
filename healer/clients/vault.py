"""The vault in Redis: sealed credentials, one lease per run attempt, and the login ledger of each credentialRef."""

import json
import os
import secrets
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.contracts import GateRun
from healer.envelope import SALT_BYTES, KeyRing, key_id

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


@dataclass(frozen=True)
class Stored:
    """What a list may show of a credential. Times are UTC; `logins` counts the last 24 hours."""

    ref: str
    key_id: str
    put_at: datetime
    logins: int


def _vault_key(ref: str) -> str:
    return f"healer:vault:{ref}"


def _ledger_key(ref: str) -> str:
    return f"healer:logins:{ref}"


class Vault:
    """Credentials by ref. Values are `SecretStr` from the moment at which they are opened."""

    def __init__(self, redis: Redis, ring: KeyRing) -> None:
        self._redis, self._ring = redis, ring
        self._lease = redis.register_script(_LEASE)

    async def put(self, ref: str, fields: Mapping[str, SecretStr]) -> None:
        """Seal a credential's fields under its ref, in place of what was there.

        Raises: UpstreamError.
        """
        key = _vault_key(ref)
        plaintext = json.dumps({name: value.get_secret_value() for name, value in fields.items()}).encode("utf-8")
        with redis_errors():
            counter = await self._redis.hincrby(key, "counter", 1)
            sealed = self._ring.seal(plaintext, key, os.urandom(SALT_BYTES), counter=counter)
            row: dict[Any, Any] = {"sealed": sealed, "put_at": int(time.time())}
            await self._redis.hset(key, mapping=row)

    async def open(self, ref: str) -> dict[str, SecretStr]:
        """Open a credential; empty where the vault has none.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        key = _vault_key(ref)
        with redis_errors():
            sealed = await cast("Awaitable[str | None]", self._redis.hget(key, "sealed"))
        if not sealed:
            return {}
        fields = json.loads(self._ring.open(sealed, key, time.time()).plaintext)
        return {name: SecretStr(value) for name, value in fields.items()}

    async def lease(self, run: GateRun, refs: Sequence[str], ceiling: int) -> LeaseOutcome:
        """Give a run attempt its one lease and debit one login of each ref, or nothing at all.

        `ceiling` is the number of logins that each ref may have in 24 hours, all callers together.

        Raises: UpstreamError.
        """
        lease, holder = secrets.token_hex(16), f"{run.run_id}:{run.run_attempt}"
        keys = [f"healer:lease:{holder}", *map(_vault_key, refs), *map(_ledger_key, refs)]
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

    async def logins(self, ref: str) -> int:
        """Count the logins of the last 24 hours.

        Raises: UpstreamError.
        """
        with redis_errors():
            return int(await self._redis.zcount(_ledger_key(ref), time.time() - WINDOW_S, "+inf"))

    async def list(self) -> tuple[Stored, ...]:
        """Tell which credentials there are, by ref; never a value.

        Raises: UpstreamError.
        """
        with redis_errors():
            keys = sorted([key async for key in self._redis.scan_iter(match=_vault_key("*"))])
        rows = [await self._stored(key.removeprefix(_vault_key(""))) for key in keys]
        return tuple(row for row in rows if row)

    async def _stored(self, ref: str) -> Stored | None:
        with redis_errors():
            row = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(_vault_key(ref)))
        if "sealed" not in row:
            return None
        put_at = datetime.fromtimestamp(int(row["put_at"]), UTC)
        return Stored(ref, key_id(row["sealed"]), put_at, await self.logins(ref))
