"""The vault in Redis: sealed credentials by ref."""

import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.rewrap import Rewrapped
from healer.clients.rows import Row, Rows, vault_key
from healer.contracts import LoginPolicy
from healer.credential import check_rotation
from healer.decryptor import OWN, Decryptors, foreign_fields, scheme_of
from healer.envelope import SALT_BYTES, Claims, KeyRing, claims, unsealable
from healer.errors import Conflict, Misconfigured, Rejected
from healer.redact import Redactor

NO_OTHERS: Final[Decryptors] = MappingProxyType({})
Fields = Mapping[str, SecretStr]
_MOST_TRIES: Final = 10


@dataclass(frozen=True)
class Stored:
    """What a list may show of a credential: the row without its value, and what the seal says of itself.

    The key is empty for other schemes than our own; `is_current` says that the writing key sealed it. Times are UTC.
    """

    ref: str
    scheme: str
    key_id: str
    is_current: bool
    expires_at: datetime | None
    counter: int
    put_at: datetime | None
    leased_at: datetime | None
    allowed: LoginPolicy | None


class Vault:
    """Credentials by ref. Values are `SecretStr` from the moment at which they are opened."""

    def __init__(self, redis: Redis, ring: KeyRing, decryptors: Decryptors = NO_OTHERS) -> None:
        self._ring, self._rows, self._decryptors = ring, Rows(redis), decryptors

    def _sealed(self, ref: str, fields: Fields, counter: int, expires_at: int = 0) -> str:
        plaintext = json.dumps({name: value.get_secret_value() for name, value in fields.items()}).encode("utf-8")
        return self._ring.seal(plaintext, vault_key(ref), os.urandom(SALT_BYTES), expires_at, counter)

    async def put(self, ref: str, fields: Fields) -> None:
        """Seal a credential's fields under its ref, in place of what was there.

        Raises: UpstreamError; Conflict (`credential_changed`) where others put it all the time.
        """
        for _ in range(_MOST_TRIES):
            row = await self._rows.get(ref)
            counter = row.counter + 1
            if await self._rows.replace(row, self._sealed(ref, fields, counter), counter, put_at=int(time.time())):
                return
        raise _changed(ref)

    async def adopt(self, ref: str, sealed: str) -> dict[str, SecretStr]:
        """Keep a value as another scheme has sealed it (`SCHEME.…`), in place of what was there, and give its fields.

        Raises: Misconfigured (`unsealable`) where it does not open; UpstreamError; Conflict (`credential_changed`).
        """
        fields, row = foreign_fields(self._decryptors, sealed, ref), await self._rows.get(ref)
        if not await self._rows.replace(row, sealed, row.counter + 1, put_at=int(time.time())):
            raise _changed(ref)
        return fields

    async def rotate(self, ref: str, fields: Fields) -> int:
        """Put a new value of a credential that is there. Gives its number; the values before it do not open any more.

        Raises: Rejected (`credential_missing`, `bad_credential`); UpstreamError; Conflict (`credential_changed`).
        """
        row, old = await self._known(ref)
        check_rotation(old, fields)
        return await self._put_in_place(row, fields, put_at=int(time.time()))

    async def expire(self, ref: str, at: int | None = None) -> None:
        """Let a credential open until `at` (Unix seconds) and no longer; without it, take its value away now.

        Raises: Rejected (`credential_missing`); UpstreamError; Conflict (`credential_changed`).
        """
        row = await self._rows.get(ref)
        if at is not None:
            row, fields = await self._known(ref)
            await self._put_in_place(row, fields, at)
        elif not row.sealed:
            raise missing(ref)
        elif not await self._rows.replace(row, "", row.counter + 1):
            raise _changed(ref)

    async def _known(self, ref: str) -> tuple[Row, dict[str, SecretStr]]:
        row = await self._rows.get(ref)
        if fields := self._opened(row, time.time()):
            return row, fields
        raise missing(ref)

    async def _put_in_place(self, row: Row, fields: Fields, expires_at: int = 0, **also: int) -> int:
        counter = row.counter + 1
        if not await self._rows.replace(row, self._sealed(row.ref, fields, counter, expires_at), counter, **also):
            raise _changed(row.ref)
        return counter

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

    async def find(self, ref: str) -> Stored | None:
        """Tell what a list tells of one credential; None where the vault has no value.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        row = await self._rows.get(ref)
        return self._stored(row) if row.sealed else None

    async def list(self) -> tuple[Stored, ...]:
        """Tell which credentials there are, by ref; never a value.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        rows = [await self._rows.get(ref) for ref in await self._rows.refs()]
        return tuple(self._stored(row) for row in rows if row.sealed)

    def _stored(self, row: Row) -> Stored:
        scheme = scheme_of(row.sealed)
        told = claims(row.sealed) if scheme == OWN else Claims("", 0, row.counter)
        return Stored(
            ref=row.ref,
            scheme=scheme,
            key_id=told.key_id,
            is_current=told.key_id == self._ring.writer,
            expires_at=datetime.fromtimestamp(told.expires_at, UTC) if told.expires_at else None,
            counter=row.counter,
            put_at=row.put_at,
            leased_at=row.leased_at,
            allowed=row.allowed,
        )

    async def rewrap(self) -> AsyncIterator[tuple[str, Rewrapped]]:
        """Seal every credential anew under the writing key, those of other schemes too, each in one step; tell what became of each.

        Whoever reads meanwhile finds the old seal or the new one. It may end anywhere and be run again.

        Raises: UpstreamError.
        """
        for ref in await self._rows.refs():
            yield ref, await self._rewrapped(ref)

    async def _rewrapped(self, ref: str) -> Rewrapped:
        while True:
            row, now = await self._rows.get(ref), time.time()
            try:
                outcome, sealed, counter = self._anew(row, now)
            except Misconfigured:
                return Rewrapped.UNREADABLE
            if outcome is Rewrapped.CURRENT or not row.sealed or await self._rows.replace(row, sealed, counter):
                return outcome

    def _anew(self, row: Row, now: float) -> tuple[Rewrapped, str, int]:
        """Give what a row should hold: its value under the writing key, or none where it has expired."""
        fields = self._opened(row, now)
        if not fields:
            return Rewrapped.GONE, "", row.counter
        if scheme_of(row.sealed) != OWN:
            return Rewrapped.RENEWED, self._sealed(row.ref, fields, row.counter + 1), row.counter + 1
        if self._ring.is_current(row.sealed):
            return Rewrapped.CURRENT, row.sealed, row.counter
        salt = os.urandom(SALT_BYTES)
        return Rewrapped.RENEWED, self._ring.reseal(row.sealed, vault_key(row.ref), salt, now), row.counter


def _changed(ref: str) -> Conflict:
    return Conflict(f"somebody else wrote {ref} meanwhile.", reason="credential_changed", remedy="Look, and try again.")


async def open_known(vault: Vault, redactor: Redactor, refs: Sequence[str]) -> Mapping[str, Fields]:
    """Open credentials; this process' redactor knows each value before anything else happens. A missing one has no fields.

    Raises: UpstreamError, Misconfigured (`unsealable`).
    """
    credentials = {ref: await vault.open(ref) for ref in refs}
    redactor.add(value.get_secret_value() for fields in credentials.values() for value in fields.values())
    return credentials


def missing(ref: str) -> Rejected:
    """Say that the vault has no value for a ref, or none any more."""
    remedy = "See `healer credential list`."
    return Rejected(f"the vault has no credential {ref}.", reason="credential_missing", status=404, remedy=remedy)
