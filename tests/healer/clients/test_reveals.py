"""Rules of the record of values that were shown."""

import time

from redis.asyncio import Redis

from healer.clients.reveals import Reveals


async def test_each_reveal_is_kept_with_who_and_when(redis: Redis) -> None:
    """Every time that a ref was shown is told in order, with fields, person and time; another ref's is not."""
    reveals = Reveals(redis)
    await reveals.note("a-main", "alice@desk", ["username", "password"])
    await reveals.note("b-main", "bob@desk", ["pin"])
    await reveals.note("a-main", "bob@desk", ["password"])
    first, second = await reveals.of("a-main")
    assert (first.who, first.fields, second.who) == ("alice@desk", "username, password", "bob@desk")
    assert abs(first.at.timestamp() - time.time()) < 5
    assert await reveals.of("c-main") == ()
