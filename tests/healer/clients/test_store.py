"""Rules of the connection to Redis."""

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.store import check_durability, connect, redis_errors
from healer.errors import Misconfigured, UpstreamError


async def test_durable_redis_is_accepted(redis: Redis) -> None:
    """A Redis that writes each command to disk before it answers, and evicts nothing, is accepted."""
    await check_durability(redis)


@pytest.mark.parametrize(
    ("name", "value", "back"),
    [("appendfsync", "everysec", "always"), ("maxmemory-policy", "allkeys-lru", "noeviction")],
)
async def test_forgetful_redis_is_refused(redis: Redis, name: str, value: str, back: str) -> None:
    """A Redis that may lose what it acknowledged is refused, and the setting is named."""
    await redis.config_set(name, value)
    try:
        with pytest.raises(Misconfigured, match=name):
            await check_durability(redis)
    finally:
        await redis.config_set(name, back)


async def test_silence_is_our_own_error_without_the_address() -> None:
    """A Redis that does not answer is an UpstreamError whose text does not hold the password."""
    nowhere = connect(SecretStr("redis://:hunter22@127.0.0.1:1/0"))
    with pytest.raises(UpstreamError) as error, redis_errors():
        await nowhere.ping()
    assert error.value.retryable
    assert "hunter22" not in repr(error.value) + str(error.value.__cause__)
    await nowhere.aclose()
