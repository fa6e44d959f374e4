"""What the tests of clients share: a connection to the real Redis."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients import store
from healer.envelope import KeyRing


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Give a connection to an empty database."""
    client = store.connect(SecretStr(redis_url))
    yield client
    await client.aclose()


@pytest.fixture
def ring() -> KeyRing:
    """Give a ring with one key."""
    return KeyRing({"k1": b"k" * 32})
