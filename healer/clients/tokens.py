"""API tokens in Redis: only the SHA-256 of a token is kept, with its scopes."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, cast

from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.store import redis_errors

PREFIX: Final = "healer_"
_MAX_TOKEN: Final = 128
_KEYS: Final = "healer:token:"
_ID_LENGTH: Final = 8


class Scope(StrEnum):
    """What a token's holder may do: look, act on cases, report production's logins at portals, or how its fetches ended."""

    READ = "read"
    OPERATE = "operate"
    LOGINS = "logins"
    FETCHES = "fetches"


@dataclass(frozen=True)
class Holder:
    """Who a token was made for, what it allows, and when it was made. `id` tells tokens apart and opens nothing."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime


def _holder(key: str, row: str) -> Holder:
    told = json.loads(row)
    scopes, made = frozenset(Scope(scope) for scope in told["scopes"]), datetime.fromisoformat(told["created_at"])
    return Holder(id=key.removeprefix(_KEYS)[:_ID_LENGTH], name=told["name"], scopes=scopes, created_at=made)


def _key(token: str) -> str:
    return f"{_KEYS}{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}"


class Tokens:
    """Tokens of people and programs that call the gateway. They are random, so that a plain hash is enough."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def create(self, name: str, scopes: Iterable[Scope]) -> SecretStr:
        """Make a token for `name`; it is shown this once.

        Raises: UpstreamError.
        """
        token = PREFIX + secrets.token_urlsafe(32)
        row = {"name": name, "scopes": sorted(scopes), "created_at": datetime.now(UTC).isoformat()}
        with redis_errors():
            await self._redis.set(_key(token), json.dumps(row))
        return SecretStr(token)

    async def holder(self, token: str) -> Holder | None:
        """Give whose token it is and what it allows; None where it is unknown or revoked.

        Raises: UpstreamError.
        """
        if not token.startswith(PREFIX) or len(token) > _MAX_TOKEN:
            return None
        with redis_errors():
            row = cast("str | None", await self._redis.get(_key(token)))
        return _holder(_key(token), row) if row else None

    async def list(self) -> tuple[Holder, ...]:
        """Give every token's holder, by name and age; one line per token, because a name may have several.

        Raises: UpstreamError.
        """
        holders = [_holder(key, row) for key, row in (await self._rows()).items()]
        return tuple(sorted(holders, key=lambda holder: (holder.name, holder.created_at)))

    async def revoke(self, name: str) -> int:
        """Forget every token that was made for `name`; gives how many there were.

        Raises: UpstreamError.
        """
        theirs = [key for key, row in (await self._rows()).items() if _holder(key, row).name == name]
        with redis_errors():
            return int(await self._redis.delete(*theirs)) if theirs else 0

    async def _rows(self) -> dict[str, str]:
        with redis_errors():
            keys = [key async for key in self._redis.scan_iter(match=f"{_KEYS}*")]
            rows = cast("Sequence[str | None]", await self._redis.mget(keys)) if keys else []
        return {key: row for key, row in zip(keys, rows, strict=True) if row}
