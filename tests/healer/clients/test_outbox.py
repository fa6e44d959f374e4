"""Rules of the outbox, on a real Redis."""

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from healer.clients import outbox as module
from healer.clients.outbox import Outbox
from healer.contracts import RunRequest


async def _owe(redis: Redis, *attempts: int) -> None:
    for attempt in attempts:
        await redis.xadd(
            "healer:outbox", {"request": RunRequest(flow="heal", case="UTIL-1", attempt=attempt).model_dump_json()}
        )


@pytest.fixture
async def outbox(redis: Redis) -> Outbox:
    mine = Outbox(redis, "one")
    await mine.prepare()
    return mine


async def test_entries_come_in_order_and_once(outbox: Outbox, redis: Redis) -> None:
    """Entries come in the order in which they were owed; another dispatcher does not get the same one."""
    await _owe(redis, 1, 2)
    await outbox.prepare()
    first, second = await outbox.next(10), await Outbox(redis, "two").next(10)
    assert first
    assert second
    assert (first.request, second.request) == (
        RunRequest(flow="heal", case="UTIL-1", attempt=1),
        RunRequest(flow="heal", case="UTIL-1", attempt=2),
    )
    assert await outbox.next(10) is None


async def test_entries_from_before_the_first_dispatcher_count(redis: Redis) -> None:
    """What was owed before anybody dispatched is delivered too."""
    await _owe(redis, 1)
    late = Outbox(redis, "late")
    await late.prepare()
    assert await late.next(10)


async def test_acknowledged_entry_is_gone(outbox: Outbox, redis: Redis) -> None:
    """An acknowledged entry leaves the stream."""
    await _owe(redis, 1)
    entry = await outbox.next(10)
    assert entry
    await outbox.ack(entry)
    assert await redis.xlen("healer:outbox") == 0


async def test_what_a_dead_dispatcher_held_is_taken_over(outbox: Outbox, redis: Redis) -> None:
    """An entry that was taken and not acknowledged for five seconds goes to the next dispatcher, before new ones."""
    await _owe(redis, 1, 2)
    taken = await outbox.next(10)
    assert taken
    await redis.execute_command(
        "XCLAIM", "healer:outbox", "dispatch", "one", 0, taken.id, "IDLE", module.ABANDONED_MS + 1
    )
    again = await Outbox(redis, "two").next(10)
    assert again == taken


async def test_buried_entry_keeps_its_reason(outbox: Outbox, redis: Redis) -> None:
    """An entry that cannot be started moves to the dead letters with the reason; an unreadable one is seen as such."""
    await redis.xadd("healer:outbox", {"request": "{}"})
    entry = await outbox.next(10)
    assert entry
    assert entry.request is None
    await outbox.bury(entry, "unreadable")
    ((_, letter),) = await redis.xrange("healer:outbox:dead")  # type: ignore[misc]
    assert letter == {"request": "{}", "reason": "unreadable"}
    assert await redis.xlen("healer:outbox") == 0


async def test_redriven_letter_is_owed_again(outbox: Outbox, redis: Redis) -> None:
    """A dead letter tells its run, its reason and its time; redriven it is owed again, once, as the last one."""
    await _owe(redis, 1)
    entry = await outbox.next(10)
    assert entry
    await outbox.bury(entry, "run_refused")
    await _owe(redis, 2)
    (letter,) = await outbox.dead()
    assert (letter.request, letter.reason) == (entry.request, "run_refused")
    assert abs((datetime.now(UTC) - letter.buried_at).total_seconds()) < 60
    assert [await outbox.redrive(letter.id) for _ in range(2)] == [True, False]
    assert (await outbox.owed(), await outbox.dead()) == (2, ())
    taken = [await outbox.next(10), await outbox.next(10)]
    assert [one.request.attempt for one in taken if one and one.request] == [2, 1]


async def test_nudge_reaches_those_who_listen(outbox: Outbox, redis: Redis) -> None:
    """A nudge is published with the run's key."""
    async with redis.pubsub() as listener:
        await listener.subscribe("healer:nudge")
        await listener.get_message(timeout=1)
        await outbox.nudge("heal:UTIL-1:0")
        message = await listener.get_message(timeout=1)
    assert message
    assert message["data"] == "heal:UTIL-1:0"
