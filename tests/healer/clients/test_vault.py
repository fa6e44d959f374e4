"""Rules of the vault and the login ledger, on a real Redis."""

import asyncio
import time

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from factories import make_run
from healer.clients.vault import WINDOW_S, CeilingReached, CredentialMissing, Granted, LeaseUsed, Vault
from healer.envelope import KeyRing
from healer.errors import Misconfigured

REF = "brightwater-main"


@pytest.fixture
async def vault(redis: Redis, ring: KeyRing) -> Vault:
    filled = Vault(redis, ring)
    await filled.put(REF, {"username": SecretStr("robot"), "password": SecretStr("pässwörd")})
    return filled


async def test_credential_opens_as_it_was_put(vault: Vault) -> None:
    """A credential's fields come back as secrets; an unknown ref has none; the latest put counts."""
    opened = await vault.open(REF)
    assert {name: value.get_secret_value() for name, value in opened.items()} == {
        "username": "robot",
        "password": "pässwörd",
    }
    assert "pässwörd" not in repr(opened)
    assert await vault.open("other") == {}
    await vault.put(REF, {"password": SecretStr("new-one")})
    assert list(await vault.open(REF)) == ["password"]


async def test_redis_holds_no_value(vault: Vault, redis: Redis) -> None:
    """What stands in Redis is sealed, and opens under its own ref only."""
    row = await redis.hgetall(f"healer:vault:{REF}")  # type: ignore[misc]
    assert "robot" not in str(row)
    await redis.hset("healer:vault:other", mapping=row)  # type: ignore[misc]
    with pytest.raises(Misconfigured):
        await vault.open("other")


async def test_list_shows_refs_and_never_values(vault: Vault) -> None:
    """The list names ref, key, age and logins used."""
    await vault.lease(make_run(), [REF], 6)
    (stored,) = await vault.list()
    assert (stored.ref, stored.key_id, stored.logins) == (REF, "k1", 1)
    assert abs(stored.put_at.timestamp() - time.time()) < 5


async def test_run_attempt_has_one_lease(vault: Vault) -> None:
    """A run attempt gets one lease, another attempt its own; fifty at once get one."""
    outcomes = await asyncio.gather(*(vault.lease(make_run(), [REF], 100) for _ in range(50)))
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 1
    assert outcomes.count(LeaseUsed()) == 49
    assert isinstance(await vault.lease(make_run(run_attempt=2), [REF], 100), Granted)
    assert await vault.logins(REF) == 2


async def test_ceiling_holds_under_a_rush(vault: Vault) -> None:
    """However many runs ask at once, no more logins are released than the ceiling allows, and it is told when one is free."""
    outcomes = await asyncio.gather(*(vault.lease(make_run(run_id=n), [REF], 6) for n in range(1, 41)))
    full = [outcome for outcome in outcomes if isinstance(outcome, CeilingReached)]
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 6
    assert len(full) == 34
    assert full[0].ref == REF
    assert abs(full[0].next_at - time.time() - WINDOW_S) < 10


async def test_refused_lease_debits_nothing(vault: Vault) -> None:
    """Where one ref of several is missing or full, none is debited and the lease is not spent."""
    assert await vault.lease(make_run(), [REF, "absent"], 6) == CredentialMissing("absent")
    await vault.put("full-one", {"password": SecretStr("abcdef")})
    await vault.lease(make_run(run_id=1), ["full-one"], 1)
    refused = await vault.lease(make_run(), [REF, "full-one"], 1)
    assert isinstance(refused, CeilingReached)
    assert refused.ref == "full-one"
    assert await vault.logins(REF) == 0
    assert isinstance(await vault.lease(make_run(), [REF], 1), Granted)


async def test_logins_leave_the_ledger_after_a_day(vault: Vault, redis: Redis) -> None:
    """A login of more than 24 hours ago does not count."""
    await redis.zadd(f"healer:logins:{REF}", {"old": time.time() - WINDOW_S - 1})
    assert await vault.logins(REF) == 0
    assert isinstance(await vault.lease(make_run(), [REF], 1), Granted)


async def test_ceiling_of_none_releases_nothing(vault: Vault) -> None:
    """A ceiling of 0 means no login at all; a run that needs no login is not held up."""
    assert isinstance(await vault.lease(make_run(), [REF], 0), CeilingReached)
    assert isinstance(await vault.lease(make_run(), [], 0), Granted)
