"""Rules of intake's limits, on a real Redis."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from factories import make_delivery
from healer.clients.cases import Cases
from healer.clients.limits import USUAL, Limits
from healer.clients.reception import Outcome, Received
from healer.contracts import State
from healer.errors import Rejected
from healer.settings import GatewaySettings

NOW = datetime(2026, 11, 24, 10, 0, 30, tzinfo=UTC)


def _cases(redis: Redis, **limits: int) -> Cases:
    return Cases(redis, Limits(**limits))


async def _send(cases: Cases, number: int, at: datetime = NOW, sender: str = "k1", **fields: Any) -> Received:
    given = {"id": f"msg_{number}", "ticket": f"UTIL-{number}", **fields}
    return await cases.receive(make_delivery(**given), at, sender)


async def _refused(cases: Cases, number: int, at: datetime = NOW, **fields: Any) -> tuple[str, int | None]:
    with pytest.raises(Rejected) as refused:
        await _send(cases, number, at, **fields)
    assert refused.value.status == 429
    return refused.value.reason, refused.value.retry_after


async def test_deliveries_of_a_key_are_limited_by_the_minute(redis: Redis) -> None:
    """A key's deliveries of a minute end at the limit; another key and the next minute are not concerned."""
    cases = _cases(redis, deliveries_per_key_minute=2)
    await _send(cases, 1)
    await _send(cases, 2)
    assert await _refused(cases, 3) == ("too_many_deliveries", 30)
    await _send(cases, 3, sender="k2")
    await _send(cases, 4, NOW + timedelta(seconds=30))


async def test_attached_deliveries_count_for_their_key(redis: Redis) -> None:
    """A key may not write without end to one ticket either."""
    cases = _cases(redis, deliveries_per_key_minute=2)
    await _send(cases, 1)
    await _send(cases, 2, ticket="UTIL-1")
    assert (await _refused(cases, 3, ticket="UTIL-1"))[0] == "too_many_deliveries"


async def test_open_cases_are_limited_until_one_ends(redis: Redis) -> None:
    """Where as many cases are open as may be, the next one waits for an end; a case that is taken up again is open again."""
    cases = _cases(redis, open_cases=2)
    first, _ = (await _send(cases, 1)).case, await _send(cases, 2)
    assert await _refused(cases, 3) == ("too_many_open_cases", 300)
    ended = await cases.record(first, "ended", {}, state=State.NOT_FIXED)
    await _send(cases, 3)
    await cases.record(ended, "again", {}, state=State.DIAGNOSING)
    assert (await _refused(cases, 4))[0] == "too_many_open_cases"


@pytest.mark.parametrize(
    ("limit", "importer", "reason"),
    [
        ("cases_per_importer_day", "brightwater", "too_many_importer_cases"),
        ("cases_per_day", "other", "too_many_cases"),
    ],
)
async def test_cases_of_a_day_are_limited(redis: Redis, limit: str, importer: str, reason: str) -> None:
    """After the cases of the last 24 hours the sender learns in how many seconds the oldest of them is a day old."""
    cases = _cases(redis, **{limit: 2})
    await _send(cases, 1)
    await _send(cases, 2, NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    assert await _refused(cases, 3, later, importer=importer) == (reason, 22 * 3600)
    await _send(cases, 3, NOW + timedelta(hours=24, seconds=1), importer=importer)


async def test_an_importer_is_not_limited_by_another(redis: Redis) -> None:
    """The cases of one importer take nothing from another one's."""
    cases = _cases(redis, cases_per_importer_day=1)
    await _send(cases, 1)
    assert (await _send(cases, 2, importer="other")).outcome is Outcome.OPENED


@pytest.mark.parametrize("limit", ["open_cases", "cases_per_importer_day", "cases_per_day"])
async def test_known_tickets_get_their_answer_over_any_limit(redis: Redis, limit: str) -> None:
    """Limits of cases bound what opens one: a repetition gets the first answer, and a known ticket's delivery is attached."""
    cases = _cases(redis, **{limit: 1})
    await _send(cases, 1)
    await _refused(cases, 2)
    assert (await _send(cases, 1)).outcome is Outcome.REPEATED
    assert (await _send(cases, 3, ticket="UTIL-1")).outcome is Outcome.ATTACHED


async def test_repetition_is_never_limited(redis: Redis) -> None:
    """A repetition gets the first answer also from a key that has spent its minute."""
    cases = _cases(redis, deliveries_per_key_minute=1)
    await _send(cases, 1)
    assert [(await _send(cases, 1)).outcome for _ in range(3)] == [Outcome.REPEATED] * 3


async def test_refused_delivery_leaves_nothing_and_may_come_again(redis: Redis) -> None:
    """What a limit refuses is not known: no case, no run, and the same delivery is taken when there is room."""
    cases = _cases(redis, cases_per_day=1)
    await _send(cases, 1)
    before = set(await redis.keys("*"))
    await _refused(cases, 2)
    assert set(await redis.keys("*")) - before == {"healer:breach:day", "healer:breaches"}
    assert (await _send(cases, 2, NOW + timedelta(days=1, seconds=1))).outcome is Outcome.OPENED


async def test_a_breach_is_told_once(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """A hundred refusals of one window are one line in the log."""
    cases = _cases(redis, cases_per_day=1)
    await _send(cases, 1)
    with caplog.at_level(logging.WARNING):
        await asyncio.gather(*(_refused(cases, number) for number in range(2, 102)))
    assert [record.getMessage() for record in caplog.records] == ["a limit of intake is reached: too_many_cases"]
    assert await redis.hgetall("healer:breaches") == {"too_many_cases": "1"}


async def test_limits_hold_under_a_race(redis: Redis) -> None:
    """Fifty tickets at once open as many cases as the limit says, and not one more."""
    cases = _cases(redis, open_cases=7)
    await asyncio.gather(*(_send(cases, number) for number in range(1, 51)), return_exceptions=True)
    assert len(await cases.list()) == 7
    assert await redis.xlen("healer:outbox") == 7


def test_settings_have_the_usual_limits() -> None:
    """A gateway without settings of its own has the limits that the ledger has by itself."""
    fields = GatewaySettings.model_fields
    assert {name: fields[f"limit_{name}"].default for name in vars(USUAL)} == vars(USUAL)
