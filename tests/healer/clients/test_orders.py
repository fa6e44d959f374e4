"""Rules of people's orders on a case, on a real Redis: what is said once counts once, whoever else is at work."""

import asyncio

from redis.asyncio import Redis

from factories import NOW, make_delivery
from healer import turns
from healer.clients import orders
from healer.clients.cases import Cases
from healer.commands import Command, Order
from healer.contracts import Comment

KEY, SAID = "UTIL-101", "ticket:10005"
_AT_ONCE = 8


async def _chain(redis: Redis, kind: str) -> list[str | int | float | bool | None]:
    return [event.data["comment"] for event in await Cases(redis).events(KEY) if event.kind == kind]


async def test_comment_that_raises_the_budget_counts_once_however_many_judge_it_at_once(redis: Redis) -> None:
    """Two runs may judge one `budget` comment in the same instant; one order is written, and each gets its answer."""
    await Cases(redis).receive(make_delivery(), NOW)
    order = Order(command=Command.BUDGET, by="ann", attempts=2, comment=SAID)
    obeyed = await asyncio.gather(*(orders.obey(Cases(redis), KEY, order) for _ in range(_AT_ONCE)))
    assert await _chain(redis, turns.BUDGET_RAISED) == [SAID]
    assert turns.extra_attempts(await Cases(redis).events(KEY)) == 2
    assert sorted(one.again for one in obeyed) == [False] + [True] * (_AT_ONCE - 1)


async def test_two_budgets_both_count(redis: Redis) -> None:
    """Comments of their own, obeyed in the same instant, lose nothing to one another."""
    await Cases(redis).receive(make_delivery(), NOW)
    each = [Order(command=Command.BUDGET, by="ann", attempts=1, comment=f"ticket:{n}") for n in range(1, 1 + _AT_ONCE)]
    await asyncio.gather(*(orders.obey(Cases(redis), KEY, order) for order in each))
    assert turns.extra_attempts(await Cases(redis).events(KEY)) == _AT_ONCE


async def test_comment_is_written_down_once_however_many_hear_it_at_once(redis: Redis) -> None:
    """`reconcile`, a step before a push and a webhook may hear one comment in the same instant; its command is there once."""
    await Cases(redis).receive(make_delivery(), NOW)
    comment = Comment(ref=SAID, place=KEY, author="ann", text="/healer budget +2")

    async def redact(text: str) -> str:
        await asyncio.sleep(0.02)
        return text

    new = await asyncio.gather(*(orders.hear(Cases(redis), KEY, comment, redact) for _ in range(_AT_ONCE)))
    assert (sum(new), await _chain(redis, turns.COMMANDED)) == (1, [SAID])
