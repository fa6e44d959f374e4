"""Rules of the line, on a real Redis: who is over a limit waits, in order, and is never lost."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from factories import make_delivery
from healer import turns
from healer.chain import first_break
from healer.clients.cases import Cases
from healer.clients.limits import Limits
from healer.clients.line import Line, Room, Waiting
from healer.clients.reception import Outcome, Received
from healer.contracts import Case, Reason, State
from healer.errors import Rejected


def queueing(**limits: int) -> Limits:
    return Limits(mode="queue", **limits)


async def send(redis: Redis, most: Limits, number: int, **fields: Any) -> Received:
    given = {"id": f"msg_{number}", "ticket": f"UTIL-{number}", **fields}
    return await Cases(redis, most).receive(make_delivery(**given), datetime.now(UTC), "k1")


async def waiting(redis: Redis) -> list[str]:
    return [each.case for each in await Line(redis, Limits()).waiting()]


async def called(redis: Redis, most: Limits, case_id: str) -> Case:
    """Take room for a case and let it begin, as the flows do."""
    cases, case = Cases(redis), await Cases(redis).get(case_id)
    assert case
    assert await Line(redis, most).take_room(Waiting(case.id, case.importer)) is Room.TAKEN
    return await cases.record(case, "called", {}, state=State.RECEIVED, reason=None)


async def ended(redis: Redis, case_id: str) -> None:
    case = await Cases(redis).get(case_id)
    assert case
    await Cases(redis).record(case, "ended", {}, state=State.NOT_FIXED, reason=Reason.NO_NEW_BILL)


@pytest.mark.parametrize("limit", ["open_cases", "cases_per_importer_day", "cases_per_day"])
async def test_who_is_over_a_limit_of_cases_waits_in_order(redis: Redis, limit: str) -> None:
    """Over a limit of cases a delivery is stored with its place: the case is on disk, with its events and its first run."""
    most = queueing(**{limit: 1})
    assert (await send(redis, most, 1)).outcome is Outcome.OPENED
    received = [await send(redis, most, number) for number in (3, 2, 4)]
    assert [(each.outcome, each.place, each.case.state) for each in received] == [
        (Outcome.QUEUED, place, State.QUEUED) for place in (1, 2, 3)
    ]
    assert await waiting(redis) == ["UTIL-3", "UTIL-2", "UTIL-4"]
    case = await Cases(redis).get("UTIL-2")
    assert case == received[1].case
    assert turns.is_in_line(case)
    assert await Line(redis, most).place(case) == 2
    events = await Cases(redis).events("UTIL-2")
    assert [event.kind for event in events] == ["received", "queued"]
    assert first_break(events) is None
    assert await redis.xlen("healer:outbox") == 4


async def test_waiting_cases_take_no_room(redis: Redis) -> None:
    """Who waits counts neither as open nor as opened today."""
    most = queueing(open_cases=1)
    for number in range(1, 6):
        await send(redis, most, number)
    assert await redis.smembers("healer:cases:open") == {"UTIL-1"}
    assert await redis.zrange("healer:opened", 0, -1) == ["UTIL-1"]


async def test_deliveries_of_a_key_are_never_queued(redis: Redis) -> None:
    """Too many deliveries of a key are refused in either mode, and leave no case."""
    most = queueing(deliveries_per_key_minute=1, open_cases=1)
    await send(redis, most, 1)
    with pytest.raises(Rejected) as refused:
        await send(redis, most, 2)
    assert (refused.value.reason, refused.value.status) == ("too_many_deliveries", 429)
    assert await waiting(redis) == []


async def test_queued_ticket_is_known(redis: Redis) -> None:
    """A repetition and another delivery of a waiting ticket get its case and its place; it waits once."""
    most = queueing(open_cases=1)
    for number in (1, 2, 3):
        await send(redis, most, number)
    again, attached = await send(redis, most, 3), await send(redis, most, 4, ticket="UTIL-3")
    assert [(each.outcome, each.case.id, each.place) for each in (again, attached)] == [
        (Outcome.REPEATED, "UTIL-3", 2),
        (Outcome.ATTACHED, "UTIL-3", 2),
    ]
    assert await waiting(redis) == ["UTIL-2", "UTIL-3"]


async def test_fifty_copies_at_once_wait_once(redis: Redis) -> None:
    """However many deliveries of one ticket come at once, it has one case and one place."""
    most = queueing(open_cases=1)
    await send(redis, most, 1)
    received = await asyncio.gather(*(send(redis, most, n, ticket="UTIL-2") for n in range(2, 52)))
    assert [each.outcome for each in received].count(Outcome.QUEUED) == 1
    assert await waiting(redis) == ["UTIL-2"]


async def test_room_goes_to_the_line_first(redis: Redis) -> None:
    """When there is room again, who waits has it before anybody new, in either mode."""
    most = queueing(open_cases=1)
    await send(redis, most, 1)
    await send(redis, most, 2)
    await ended(redis, "UTIL-1")
    assert (await send(redis, most, 3)).place == 2
    with pytest.raises(Rejected) as refused:
        await send(redis, Limits(open_cases=1), 4)
    assert refused.value.reason == "others_wait"
    await called(redis, most, "UTIL-2")
    assert await waiting(redis) == ["UTIL-3"]
    assert await redis.smembers("healer:cases:open") == {"UTIL-2"}


async def test_who_waits_for_its_importer_lets_others_pass(redis: Redis) -> None:
    """An importer that has had its cases of the day keeps none of another importer's waiting, but all of its own."""
    most = queueing(cases_per_importer_day=1)
    await send(redis, most, 1)
    assert (await send(redis, most, 2)).outcome is Outcome.QUEUED
    assert (await send(redis, most, 3, importer="other")).outcome is Outcome.OPENED
    assert (await send(redis, most, 4)).place == 2
    line = Line(redis, most)
    assert await line.take_room(Waiting("UTIL-2", "brightwater")) is Room.IMPORTER_FULL


async def test_room_is_taken_within_the_limits_and_once(redis: Redis) -> None:
    """Of two that wait one has the room; taking it again, after a death in between, changes nothing."""
    most = queueing(open_cases=1)
    for number in (1, 2, 3):
        await send(redis, most, number)
    line = Line(redis, most)
    second, third = await line.waiting()
    assert await line.take_room(second) is Room.FULL
    await ended(redis, "UTIL-1")
    assert [await line.take_room(each) for each in (second, second, third)] == [Room.TAKEN, Room.TAKEN, Room.FULL]
    assert await redis.zcard("healer:opened") == 2


async def test_who_is_stopped_leaves_the_line(redis: Redis) -> None:
    """A case that a person ends while it waits takes no room any more, and those behind it move up."""
    most = queueing(open_cases=1)
    for number in (1, 2, 3):
        await send(redis, most, number)
    await ended(redis, "UTIL-2")
    assert await waiting(redis) == ["UTIL-3"]
    assert await Line(redis, most).take_room(Waiting("UTIL-2", "brightwater")) is Room.GONE
    assert await redis.smembers("healer:cases:open") == {"UTIL-1"}


async def test_a_new_day_has_room(redis: Redis) -> None:
    """What a day's limit kept waiting begins when the oldest case is a day old."""
    most = queueing(cases_per_day=1)
    await Cases(redis, most).receive(make_delivery(), datetime.now(UTC) - timedelta(hours=25), "k1")
    await ended(redis, "UTIL-101")
    first = await send(redis, most, 1)
    assert first.outcome is Outcome.OPENED
    assert (await send(redis, most, 2)).outcome is Outcome.QUEUED
    await redis.zadd("healer:opened", {"UTIL-1": datetime.now(UTC).timestamp() - 24 * 3600 - 1})
    assert await Line(redis, most).take_room(Waiting("UTIL-2", "brightwater")) is Room.TAKEN


async def test_a_breach_is_told_once_also_where_it_queues(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """A hundred queued deliveries are one line in the log and one breach."""
    most = queueing(open_cases=1)
    with caplog.at_level(logging.WARNING):
        await asyncio.gather(*(send(redis, most, number) for number in range(1, 102)))
    assert [record.getMessage() for record in caplog.records] == ["a limit of intake is reached: too_many_open_cases"]
    assert await redis.hgetall("healer:breaches") == {"too_many_open_cases": "1"}
    assert await Line(redis, most).length() == 100
