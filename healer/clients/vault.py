"""The vault in Redis: sealed credentials by ref."""

import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.rows import Row, Rows, vault_key
from healer.decryptor import OWN, Decryptors, foreign_fields, scheme_of
from healer.envelope import SALT_BYTES, KeyRing, claims, unsealable
from healer.errors import Conflict

NO_OTHERS: Final[Decryptors] = MappingProxyType({})
_MOST_TRIES: Final = 10


@dataclass(frozen=True)
class Stored:
    """What a list may show of a credential. Times are UTC."""

    ref: str
    key_id: str
    put_at: datetime | None


class Vault:
    """Credentials by ref. Values are `SecretStr` from the moment at which they are opened."""

    def __init__(self, redis: Redis, ring: KeyRing, decryptors: Decryptors = NO_OTHERS) -> None:
        self._ring, self._rows, self._decryptors = ring, Rows(redis), decryptors

    async def put(self, ref: str, fields: Mapping[str, SecretStr]) -> None:
        """Seal a credential's fields under its ref, in place of what was there.

        Raises: UpstreamError; Conflict (`credential_changed`) where others put it all the time.
        """
        plaintext = json.dumps({name: value.get_secret_value() for name, value in fields.items()}).encode("utf-8")
        for _ in range(_MOST_TRIES):
            row = await self._rows.get(ref)
            counter = row.counter + 1
            sealed = self._ring.seal(plaintext, vault_key(ref), os.urandom(SALT_BYTES), counter=counter)
            if await self._rows.replace(row, sealed, counter=counter, put_at=int(time.time())):
                return
        raise Conflict(f"others write {ref} all the time.", reason="credential_changed", remedy="Put it again.")

    async def open(self, ref: str) -> dict[str, SecretStr]:
        """Open a credential; empty where the vault has none, or none any more.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        return self._opened(await self._rows.get(ref), time.time())

    def _opened(self, row: Row, now: float) -> dict[str, SecretStr]:
        """Open a row's value. One of an earlier counter is a value that was replaced, and is refused."""
        if not row.sealed:
            return {}
        if scheme_of(row.sealed) != OWN:
            return foreign_fields(self._decryptors, row.sealed, row.ref)
        if claims(row.sealed).has_expired(now):
            return {}
        opened = self._ring.open(row.sealed, vault_key(row.ref), now)
        if opened.counter != row.counter:
            raise unsealable()
        return {name: SecretStr(value) for name, value in json.loads(opened.plaintext).items()}

    async def everything(self) -> AsyncIterator[tuple[str, dict[str, SecretStr]]]:
        """Open every credential that there is, by ref, for whoever must know all values in order to search for them.

        Raises: UpstreamError; Misconfigured (`unsealable`): a search that lacked one would prove nothing.
        """
        for ref in await self._rows.refs():
            if fields := await self.open(ref):
                yield ref, fields

    async def list(self) -> tuple[Stored, ...]:
        """Tell which credentials there are, by ref; never a value.

        Raises: UpstreamError.
        """
        rows = [await self._rows.get(ref) for ref in await self._rows.refs()]
        return tuple(Stored(row.ref, claims(row.sealed).key_id, row.put_at) for row in rows if row.sealed)
