"""Rules of the ledgers of money and minutes, on a real Redis."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from healer.budget import Budget, Ledger, Spent
from healer.clients import store
from healer.clients.ledgers import Ledgers, Reservation
from healer.clients.statements import Statements
from healer.contracts import Ceiling, Spend
from healer.errors import UpstreamError

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CEILING = Ceiling(usd=4, seconds=600)
CASE = "UTIL-101"


async def reserve(redis, attempt=1, case=CASE, ceiling=CEILING, now=NOW, **limits) -> Reservation | Spent:
    return await Ledgers(redis, Budget()).reserve(case, attempt, ceiling, Budget(**limits), now)


async def begun(redis, attempt=1, case=CASE, ceiling=CEILING, **limits) -> Reservation:
    reservation = await reserve(redis, attempt, case, ceiling, **limits)
    assert isinstance(reservation, Reservation)
    assert await Ledgers(redis, Budget()).begin(reservation)
    return reservation


async def spent(redis, case=CASE, now=NOW) -> dict[str, float]:
    """Give what each ledger has counted."""
    statement = await Statements(redis, Budget()).of_case(case, Budget(), now)
    return {ledger.value: account.spent for ledger, account in statement.accounts.items()}


def counts(usd: float, minutes: float) -> dict[str, float]:
    return {ledger.value: usd if "usd" in ledger else minutes for ledger in Ledger}


async def test_the_most_is_debited_before_and_the_cost_takes_its_place(redis: Redis) -> None:
    """A reservation counts whole in every ledger; settled, the real cost counts, also where it is more."""
    first, second = await begun(redis, 1), await begun(redis, 2)
    assert await spent(redis) == counts(8, 20)
    ledgers = Ledgers(redis, Budget())
    await ledgers.settle(first, Spend(usd=0.25, seconds=30))
    await ledgers.settle(second, Spend(usd=5, seconds=660))
    assert await spent(redis) == counts(5.25, 11.5)
    runs = (await Statements(redis, Budget()).of_case(CASE, Budget(), NOW)).runs
    assert [(run.attempt, run.usd, run.seconds, run.settled) for run in runs] == [
        (1, 0.25, 30, True),
        (2, 5, 660, True),
    ]


async def test_a_repeated_step_debits_once(redis: Redis) -> None:
    """A step that is killed before its agent begins, and repeated, finds its reservation, also where fifty do so at once."""
    first = await reserve(redis)
    repeated = await asyncio.gather(*(reserve(redis) for _ in range(50)))
    assert {*repeated} == {first}
    assert await spent(redis) == counts(4, 10)


async def test_a_dead_run_stays_counted(redis: Redis) -> None:
    """Nobody knows what a run that began and died has cost: its reservation stays, and the run in its place is debited anew."""
    dead = await begun(redis)
    again = await begun(redis)
    assert again != dead
    await Ledgers(redis, Budget()).settle(again, Spend(usd=1, seconds=60))
    assert await spent(redis) == counts(5, 11)


async def test_what_has_not_begun_is_given_back(redis: Redis) -> None:
    """A case that ended holds nothing for a run that never began, given back once; what began stays counted, and nothing begins late."""
    await begun(redis, 1)
    waiting = await reserve(redis, 2)
    assert isinstance(waiting, Reservation)
    ledgers = Ledgers(redis, Budget())
    for _ in range(2):
        await ledgers.release(CASE)
        assert await spent(redis) == counts(4, 10)
    assert not await ledgers.begin(waiting)


async def test_one_reservation_bears_one_run(redis: Redis) -> None:
    """Of runs that stand on one reservation at once, one begins."""
    reservation = await reserve(redis)
    assert isinstance(reservation, Reservation)
    ledgers = Ledgers(redis, Budget())
    assert sorted(await asyncio.gather(*(ledgers.begin(reservation) for _ in range(10)))) == [False] * 9 + [True]


async def test_a_run_is_settled_once(redis: Redis) -> None:
    """A repeated settlement changes nothing."""
    reservation = await begun(redis)
    for usd in (1, 3):
        await Ledgers(redis, Budget()).settle(reservation, Spend(usd=usd, seconds=60))
    assert await spent(redis) == counts(1, 1)


@pytest.mark.parametrize(
    ("limit", "free_at"),
    [
        ("usd_per_case", None),
        ("agent_minutes_per_case", None),
        ("usd_per_day", datetime(2026, 11, 25, tzinfo=UTC)),
        ("agent_minutes_per_day", datetime(2026, 11, 25, tzinfo=UTC)),
        ("usd_per_month", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
async def test_a_ledger_bears_its_limit_and_no_more(redis: Redis, limit: str, free_at: datetime | None) -> None:
    """What fits to the last cent is reserved; the next is not, nothing of it is debited, and it is said when there is more."""
    most = {limit: 8 if "usd" in limit else 20}
    assert isinstance(await reserve(redis, 1, **most), Reservation)
    assert isinstance(await reserve(redis, 2, **most), Reservation)
    refused = await reserve(redis, 3, **most)
    assert isinstance(refused, Spent)
    assert (refused.ledger.value, refused.account.spent, refused.account.limit) == (limit, most[limit], most[limit])
    assert (refused.asked, refused.free_at) == (4 if "usd" in limit else 10, free_at)
    assert await spent(redis) == counts(8, 20)


async def test_limits_hold_under_a_race(redis: Redis) -> None:
    """Of fifty cases that ask at once as many get their money as the day has, and not one more."""
    answers = await asyncio.gather(*(reserve(redis, case=f"UTIL-{n}", usd_per_day=28) for n in range(1, 51)))
    assert sum(isinstance(answer, Reservation) for answer in answers) == 7
    assert (await spent(redis))["usd_per_day"] == 28


async def test_days_and_months_end(redis: Redis) -> None:
    """A new day has its own money and minutes, a new month too; what a late settlement gives back goes to the day that bore it."""
    late = await begun(redis, 1, usd_per_day=4)
    tomorrow = NOW + timedelta(days=1)
    assert isinstance(await reserve(redis, 2, now=tomorrow, usd_per_day=4, usd_per_month=8), Reservation)
    assert isinstance(await reserve(redis, 3, now=tomorrow, usd_per_month=8), Spent)
    assert isinstance(await reserve(redis, 3, now=datetime(2026, 12, 1, tzinfo=UTC), usd_per_month=8), Reservation)
    await Ledgers(redis, Budget()).settle(late, Spend(usd=1, seconds=60))
    assert ((await spent(redis))["usd_per_day"], (await spent(redis, now=tomorrow))["usd_per_day"]) == (1, 4)


async def test_an_agent_without_cost_needs_no_money(redis: Redis) -> None:
    """Where the money is spent, an agent that costs none still works; where the minutes are, none does."""
    free = Ceiling(seconds=60)
    assert isinstance(await reserve(redis, ceiling=free, usd_per_case=0, usd_per_day=0, usd_per_month=0), Reservation)
    assert isinstance(await reserve(redis, 2, ceiling=free, agent_minutes_per_day=0), Spent)


async def test_a_breach_is_told_and_counted_once(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """Refusals of one day are one line in the log and one breach; each case's own ledger is a breach of its own."""
    with caplog.at_level(logging.WARNING):
        await asyncio.gather(*(reserve(redis, case=f"UTIL-{n}", usd_per_day=1) for n in range(1, 31)))
        await asyncio.gather(*(reserve(redis, case=f"UTIL-{n % 2 + 1}", usd_per_case=1) for n in range(10)))
    told = [record.getMessage() for record in caplog.records]
    assert told == ["a ledger is spent: usd_per_day", *["a ledger is spent: usd_per_case"] * 2]
    assert await Statements(redis, Budget()).breaches() == {"usd_per_day": 1, "usd_per_case": 2}
    assert await redis.ttl("healer:breach:usd_per_day") > 0


@pytest.mark.parametrize(
    ("key", "garbage"),
    [
        ("healer:spend:usd:2026-11-24", "much"),
        ("healer:spend:usd:2026-11", "1.5"),
        ("healer:spend:usd:2026-11", "1e"),
        ("healer:spend:ms:2026-11-24", "{}"),
    ],
)
async def test_a_ledger_that_cannot_be_read_lets_nothing_be_spent(redis: Redis, key: str, garbage: str) -> None:
    """Garbage in a ledger is an error, never zero, and nothing is debited."""
    await redis.set(key, garbage)
    before = {each: await redis.get(each) for each in await redis.keys("*")}
    with pytest.raises(UpstreamError):
        await reserve(redis)
    assert {each: await redis.get(each) for each in await redis.keys("*")} == before
    with pytest.raises(UpstreamError):
        await spent(redis)


async def test_a_settlement_is_whole_or_not_at_all(redis: Redis) -> None:
    """Where one ledger cannot be read no other one gets anything back, however often it is tried."""
    reservation = await begun(redis)
    await redis.set("healer:spend:usd:2026-11", "much")
    before = {each: await redis.get(each) for each in await redis.keys("healer:spend:usd:*")}
    for _ in range(2):
        with pytest.raises(UpstreamError):
            await Ledgers(redis, Budget()).settle(reservation, Spend(usd=1, seconds=1))
    assert {each: await redis.get(each) for each in await redis.keys("healer:spend:usd:*")} == before


@pytest.mark.parametrize("garbage", ["", "much", "[]", "{}", '{"usd":1}', '{"usd":"much","ms":1}'])
async def test_a_case_ledger_that_cannot_be_read_lets_nothing_be_spent(redis: Redis, garbage: str) -> None:
    """One unreadable run of a case is enough to refuse the next one, and to begin none."""
    await redis.hset("healer:spend:UTIL-101", "1.0", garbage)
    with pytest.raises(UpstreamError):
        await reserve(redis, 2)
    with pytest.raises(UpstreamError):
        await spent(redis)
    assert await redis.keys("*") == ["healer:spend:UTIL-101"]


async def test_a_run_that_was_never_reserved_does_not_begin(redis: Redis) -> None:
    """Where the ledger is lost, a reservation from before is worth nothing."""
    reservation = await reserve(redis)
    assert isinstance(reservation, Reservation)
    await redis.flushdb()
    assert not await Ledgers(redis, Budget()).begin(reservation)


async def test_without_redis_nothing_is_spent() -> None:
    """A Redis that is gone is an error that may pass."""
    gone = store.connect(SecretStr("redis://127.0.0.1:1/0"))
    with pytest.raises(UpstreamError) as error:
        await reserve(gone)
    assert (error.value.reason, error.value.retryable) == ("redis_unavailable", True)
    await gone.aclose()
