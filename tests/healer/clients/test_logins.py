"""Rules of the login ledger, on a real Redis."""

import asyncio
import time

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from factories import make_run
from healer.clients.logins import WINDOW_S, CeilingReached, CredentialMissing, Granted, LeaseUsed, Logins
from healer.clients.vault import Vault
from healer.envelope import KeyRing

REF = "brightwater-main"


@pytest.fixture
async def vault(redis: Redis, ring: KeyRing) -> Vault:
    filled = Vault(redis, ring)
    await filled.put(REF, {"username": SecretStr("robot"), "password": SecretStr("pässwörd")})
    return filled


@pytest.fixture
def logins(redis: Redis, vault: Vault) -> Logins:
    return Logins(redis)


async def test_run_attempt_has_one_lease(logins: Logins) -> None:
    """A run attempt gets one lease, another attempt its own; fifty at once get one."""
    outcomes = await asyncio.gather(*(logins.lease(make_run(), [REF], 100) for _ in range(50)))
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 1
    assert outcomes.count(LeaseUsed()) == 49
    assert isinstance(await logins.lease(make_run(run_attempt=2), [REF], 100), Granted)
    assert await logins.used(REF) == 2


async def test_ceiling_holds_under_a_rush(logins: Logins) -> None:
    """However many runs ask at once, no more logins are released than the ceiling allows, and it is told when one is free."""
    outcomes = await asyncio.gather(*(logins.lease(make_run(run_id=n), [REF], 6) for n in range(1, 41)))
    full = [outcome for outcome in outcomes if isinstance(outcome, CeilingReached)]
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 6
    assert len(full) == 34
    assert full[0].ref == REF
    assert abs(full[0].next_at - time.time() - WINDOW_S) < 10


async def test_refused_lease_debits_nothing(logins: Logins, vault: Vault) -> None:
    """Where one ref of several is missing or full, none is debited and the lease is not spent."""
    assert await logins.lease(make_run(), [REF, "absent"], 6) == CredentialMissing("absent")
    await vault.put("full-one", {"password": SecretStr("abcdef")})
    await logins.lease(make_run(run_id=1), ["full-one"], 1)
    refused = await logins.lease(make_run(), [REF, "full-one"], 1)
    assert isinstance(refused, CeilingReached)
    assert refused.ref == "full-one"
    assert await logins.used(REF) == 0
    assert isinstance(await logins.lease(make_run(), [REF], 1), Granted)


async def test_logins_leave_the_ledger_after_a_day(logins: Logins, redis: Redis) -> None:
    """A login of more than 24 hours ago does not count."""
    await redis.zadd(f"healer:logins:{REF}", {"old": time.time() - WINDOW_S - 1})
    assert await logins.used(REF) == 0
    assert isinstance(await logins.lease(make_run(), [REF], 1), Granted)


async def test_ceiling_of_none_releases_nothing(logins: Logins) -> None:
    """A ceiling of 0 means no login at all; a run that needs no login is not held up."""
    assert isinstance(await logins.lease(make_run(), [REF], 0), CeilingReached)
    assert isinstance(await logins.lease(make_run(), [], 0), Granted)
