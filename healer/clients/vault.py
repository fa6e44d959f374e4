"""The vault in Redis: sealed credentials by ref."""

import json
import os
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.envelope import SALT_BYTES, KeyRing, key_id


@dataclass(frozen=True)
class Stored:
    """What a list may show of a credential. Times are UTC."""

    ref: str
    key_id: str
    put_at: datetime


def vault_key(ref: str) -> str:
    """Give the key of the hash that holds a credential."""
    return f"healer:vault:{ref}"


class Vault:
    """Credentials by ref. Values are `SecretStr` from the moment at which they are opened."""

    def __init__(self, redis: Redis, ring: KeyRing) -> None:
        self._redis, self._ring = redis, ring

    async def put(self, ref: str, fields: Mapping[str, SecretStr]) -> None:
        """Seal a credential's fields under its ref, in place of what was there.

        Raises: UpstreamError.
        """
        key = vault_key(ref)
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
        key = vault_key(ref)
        with redis_errors():
            sealed = await cast("Awaitable[str | None]", self._redis.hget(key, "sealed"))
        if not sealed:
            return {}
        fields = json.loads(self._ring.open(sealed, key, time.time()).plaintext)
        return {name: SecretStr(value) for name, value in fields.items()}

    async def list(self) -> tuple[Stored, ...]:
        """Tell which credentials there are, by ref; never a value.

        Raises: UpstreamError.
        """
        with redis_errors():
            keys = sorted([key async for key in self._redis.scan_iter(match=vault_key("*"))])
        rows = [await self._stored(key.removeprefix(vault_key(""))) for key in keys]
        return tuple(row for row in rows if row)

    async def _stored(self, ref: str) -> Stored | None:
        with redis_errors():
            row = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(vault_key(ref)))
        if "sealed" not in row:
            return None
        put_at = datetime.fromtimestamp(int(row["put_at"]), UTC)
        return Stored(ref, key_id(row["sealed"]), put_at)
