"""The channel that says: look now."""

import asyncio

import pytest
from pydantic import SecretStr

from healer.clients import store
from healer.clients.nudges import nudges
from healer.clients.outbox import Outbox
from localworld.redis import RedisServer


async def heard(told) -> bool:
    """Say whether an item comes within two seconds."""
    try:
        await asyncio.wait_for(anext(told), 2)
    except TimeoutError:
        return False
    return True


async def test_each_nudge_is_heard_and_so_is_a_new_connection(redis_url):
    """Whoever connects looks once, because a nudge may have been missed, and then for each nudge."""
    redis = store.connect(SecretStr(redis_url))
    told = nudges(redis)
    assert await heard(told)
    await Outbox(redis, "test").nudge("heal:UTIL-101:0")
    assert await heard(told)
    await told.aclose()
    await redis.aclose()


async def test_redis_that_comes_back_is_heard_again(tmp_path):
    """A restart of Redis costs a moment and no nudge: the new connection is an item of its own."""
    with RedisServer(tmp_path) as server:
        redis = store.connect(SecretStr(server.url))
        told = nudges(redis)
        assert await heard(told)
        server.stop()
        server.start()
        assert await asyncio.wait_for(anext(told), 10) is None
        await told.aclose()
        await redis.aclose()


async def test_silence_is_no_nudge(redis_url):
    """Nothing is heard where nobody nudges."""
    redis = store.connect(SecretStr(redis_url))
    told = nudges(redis)
    await anext(told)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(told), 0.2)
    await redis.aclose()
