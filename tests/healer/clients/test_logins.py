"""Rules of the login ledger, on a real Redis."""

import asyncio
import time
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from factories import make_run
from healer.clients.logins import DAY_S, CredentialMissing, Granted, Held, LeaseUsed, Logins, TokenUsed
from healer.clients.vault import Vault
from healer.contracts import LoginOutcome, LoginPolicy
from healer.envelope import KeyRing

REF = "brightwater-main"
TOKENS = count(1)


def allowed(ceiling: int = 6, **fields: Any) -> LoginPolicy:
    return LoginPolicy(**{"ceiling": ceiling, "window_s": DAY_S, "cooloff_s": 900, **fields})


async def ask(logins: Logins, run_id: int, policy: LoginPolicy, *refs: str) -> Any:
    """Ask for a lease as a run of its own, by a token of its own."""
    return await logins.lease(make_run(run_id=run_id), dict.fromkeys(refs or (REF,), 1), policy, f"jti-{next(TOKENS)}")


async def back_date(redis: Redis, seconds: float) -> None:
    """Let the latest refusal be older than it is."""
    await redis.hset(f"healer:closed:{REF}", "at", time.time() - seconds)  # type: ignore[misc]


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
    outcomes = await asyncio.gather(*(ask(logins, 1, allowed(100)) for _ in range(50)))
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 1
    assert outcomes.count(LeaseUsed()) == 49
    assert isinstance(await logins.lease(make_run(run_id=1, run_attempt=2), {REF: 1}, allowed(), "other"), Granted)
    assert await logins.used(REF) == 2


async def test_each_repetition_is_debited_before_anything_is_released(logins: Logins) -> None:
    """A lease for three fetches debits three logins of each ref, or none; where two are left the third is waited for."""
    run, token = make_run(run_id=1), "jti-three"
    assert isinstance(await logins.lease(run, {REF: 3}, allowed(5), token), Granted)
    assert await logins.used(REF) == 3
    held = await logins.lease(make_run(run_id=2), {REF: 3}, allowed(5), "jti-more")
    assert isinstance(held, Held)
    assert held.standing.next_at is not None
    assert await logins.used(REF) == 3
    assert isinstance(await logins.lease(make_run(run_id=2), {REF: 2}, allowed(5), "jti-two"), Granted)


async def test_each_ref_is_debited_for_its_own_logins(logins: Logins, vault: Vault) -> None:
    """Of several refs each is debited as often as it is used, and where one has no room left none is debited."""
    await vault.put("second", {"username": SecretStr("other"), "password": SecretStr("wörd-2")})
    assert isinstance(await logins.lease(make_run(run_id=1), {REF: 2, "second": 1}, allowed(3), "jti-both"), Granted)
    assert (await logins.used(REF), await logins.used("second")) == (2, 1)
    held = await logins.lease(make_run(run_id=2), {"second": 1, REF: 2}, allowed(3), "jti-again")
    assert isinstance(held, Held)
    assert held.standing.ref == REF
    assert (await logins.used(REF), await logins.used("second")) == (2, 1)


async def test_credential_knows_its_last_lease(logins: Logins, vault: Vault) -> None:
    """A granted lease leaves its time and what it was allowed on the credential; a refused one changes neither."""
    assert isinstance(await ask(logins, 1, allowed(1)), Granted)
    (stored,) = await vault.list()
    assert stored.leased_at is not None
    assert abs(stored.leased_at.timestamp() - time.time()) < 5
    assert isinstance(await ask(logins, 2, allowed(1, cooloff_s=7)), Held)
    assert ((await vault.list())[0].leased_at, stored.allowed) == (stored.leased_at, allowed(1))


async def test_token_has_one_lease(logins: Logins) -> None:
    """One identity token gets one lease, whatever runs it is shown for, also at once; its id is kept in no clear form."""
    runs = [make_run(run_id=n) for n in range(1, 21)]
    outcomes = await asyncio.gather(*(logins.lease(run, {REF: 1}, allowed(100), "jti-x") for run in runs))
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 1
    assert outcomes.count(TokenUsed()) == 19
    assert await logins.used(REF) == 1


async def test_refused_request_does_not_spend_its_token(logins: Logins) -> None:
    """A token whose lease was refused may ask again: a run can speak before there is room for it."""
    run = make_run()
    assert isinstance(await logins.lease(run, {REF: 1}, allowed(0), "jti-y"), Held)
    assert isinstance(await logins.lease(run, {REF: 1}, allowed(1), "jti-y"), Granted)


async def test_ceiling_holds_under_a_rush(logins: Logins) -> None:
    """However many runs ask at once, no more logins are released than the ceiling allows, and it is told when one is free."""
    outcomes = await asyncio.gather(*(ask(logins, n, allowed(6)) for n in range(1, 41)))
    full = [outcome for outcome in outcomes if isinstance(outcome, Held)]
    assert sum(isinstance(outcome, Granted) for outcome in outcomes) == 6
    assert len(full) == 34
    assert (full[0].why, full[0].standing.ref, full[0].standing.used) == ("full", REF, 6)
    assert full[0].standing.next_at
    assert abs(full[0].standing.next_at.timestamp() - time.time() - DAY_S) < 10


async def test_refused_lease_debits_nothing(logins: Logins, vault: Vault) -> None:
    """Where one ref of several is missing or held, none is debited and the lease is not spent."""
    assert await ask(logins, 9, allowed(), REF, "absent") == CredentialMissing("absent")
    await vault.put("full-one", {"password": SecretStr("abcdef")})
    await ask(logins, 1, allowed(1), "full-one")
    refused = await ask(logins, 9, allowed(1), REF, "full-one")
    assert isinstance(refused, Held)
    assert refused.standing.ref == "full-one"
    assert await logins.used(REF) == 0
    assert isinstance(await ask(logins, 9, allowed(1)), Granted)


async def test_logins_leave_the_window(logins: Logins, redis: Redis) -> None:
    """A login older than the utility's window does not count there, and still counts in a longer one."""
    await redis.zadd(f"healer:logins:{REF}", {"old": time.time() - 3601})
    assert isinstance(await ask(logins, 1, allowed(1)), Held)
    assert isinstance(await ask(logins, 1, allowed(1, window_s=3600)), Granted)
    assert await logins.used(REF) == 2


async def test_ceiling_of_none_releases_nothing(logins: Logins) -> None:
    """A ceiling of 0 means no login at all; a run that needs no login is not held up."""
    assert isinstance(await ask(logins, 1, allowed(0)), Held)
    assert isinstance(await logins.lease(make_run(run_id=1), {}, allowed(0), "z"), Granted)


async def test_production_logins_count(logins: Logins) -> None:
    """A login that production reports counts like ours, once per id, at the time at which it was made."""
    for _ in range(2):
        await logins.report(REF, "fetch-1", time.time() - 60, LoginOutcome.ACCEPTED, "scheduler")
    assert (await logins.standing(REF, allowed(2))).used == 1
    assert isinstance(await ask(logins, 1, allowed(2)), Granted)
    held = await ask(logins, 2, allowed(2))
    assert isinstance(held, Held)
    assert held.standing.next_at
    assert abs(held.standing.next_at.timestamp() - (time.time() - 60 + DAY_S)) < 5


@pytest.mark.parametrize("outcome", [LoginOutcome.REFUSED, LoginOutcome.LOCKED])
async def test_refused_or_locked_login_is_never_tried_again_blindly(logins: Logins, redis: Redis, outcome: Any) -> None:
    """It closes the ref until a person opens it, however long ago it was; then the cool-off still holds."""
    assert await logins.report(REF, "fetch-1", time.time(), outcome, "scheduler")
    await back_date(redis, 40 * DAY_S)
    held = await ask(logins, 1, allowed())
    assert isinstance(held, Held)
    assert (held.why, held.standing.closed) == ("closed", outcome)
    await back_date(redis, 0)
    assert await logins.open(REF)
    held = await ask(logins, 1, allowed())
    assert isinstance(held, Held)
    assert (held.why, held.standing.closed) == ("cooling", None)
    await back_date(redis, 901)
    assert isinstance(await ask(logins, 1, allowed()), Granted)


async def test_repeated_report_does_not_close_what_a_person_opened(logins: Logins) -> None:
    """The same refused login reported again changes nothing; the next refused one closes the ref again."""
    await logins.report(REF, "fetch-1", time.time(), LoginOutcome.REFUSED, "scheduler")
    assert [await logins.open(REF), await logins.open(REF)] == [True, False]
    assert not await logins.report(REF, "fetch-1", time.time(), LoginOutcome.REFUSED, "scheduler")
    assert (await logins.standing(REF, allowed())).closed is None
    await logins.close(REF, LoginOutcome.REFUSED, "UTIL-101")
    assert (await logins.standing(REF, allowed())).closed is LoginOutcome.REFUSED


async def test_ref_that_was_never_closed_is_not_opened(logins: Logins) -> None:
    """Opening what is open changes nothing."""
    assert not await logins.open(REF)
    assert (await logins.record(REF)).closing is None
