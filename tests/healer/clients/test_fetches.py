"""Rules of the ledger of production's fetches."""

from datetime import timedelta

from factories import NOW, SHA
from healer.clients.fetches import Fetches
from healer.contracts import Fetch, LastGood
from healer.watch import Told


def fetch(number: int, **fields) -> Fetch:
    told = {"id": f"f-{number}", "at": NOW + timedelta(hours=number), "outcome": "fetched", "commit": SHA, "bills": 3}
    return Fetch(**{**told, **fields})


async def test_a_fetch_counts_once_and_in_order(redis) -> None:
    """A repeated word changes nothing; what is asked for comes oldest first."""
    ledger = Fetches(redis)
    assert [await ledger.take("brightwater", one) for one in (fetch(2), fetch(1), fetch(2, outcome="failed"))] == [
        True,
        True,
        False,
    ]
    assert await ledger.since("brightwater", NOW) == (fetch(1), fetch(2))
    assert await ledger.since("brightwater", NOW + timedelta(hours=2)) == (fetch(2),)
    assert await ledger.last("brightwater") == fetch(2)
    assert (await ledger.since("voltara", NOW), await ledger.last("voltara")) == ((), None)


async def test_fetches_of_long_ago_are_forgotten(redis) -> None:
    """What is older than 90 days goes, and nothing of it stays behind."""
    ledger = Fetches(redis)
    await ledger.take("brightwater", fetch(0))
    await ledger.take("brightwater", fetch(0, id="later", at=NOW + timedelta(days=91)))
    assert [one.id for one in await ledger.since("brightwater", NOW)] == ["later"]
    assert await redis.hlen("healer:fetches:brightwater:told") == 1


async def test_last_good_bill_is_the_newest_of_production_and_gate(redis) -> None:
    """A failed fetch and one without bills are not good; an older word does not replace a newer one."""
    ledger = Fetches(redis)
    assert await ledger.last_good("brightwater") is None
    await ledger.good("brightwater", NOW + timedelta(hours=5), 4, "gate")
    for told in (fetch(1), fetch(6, outcome="failed"), fetch(7, bills=0)):
        await ledger.take("brightwater", told)
    assert await ledger.last_good("brightwater") == LastGood(at=NOW + timedelta(hours=5), bills=4, by="gate")
    await ledger.take("brightwater", fetch(8))
    assert await ledger.last_good("brightwater") == LastGood(at=NOW + timedelta(hours=8), bills=3, by="production")


async def test_tickets_of_alarms_are_remembered_for_90_days(redis) -> None:
    """Cooldown and cap count what was opened before; old ones go."""
    ledger = Fetches(redis)
    old, new = (Told(importer="brightwater", ticket=f"UTIL-{days}", at=NOW + timedelta(days=days)) for days in (1, 95))
    for told in (old, new):
        await ledger.alarmed(told)
    assert await ledger.alarms() == (new,)
