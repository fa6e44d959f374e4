"""Fixtures that every room's tests share."""

from collections.abc import Iterator

import pytest

from localworld.redis import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Give an empty database on a real redis-server with the durability that production demands."""
    redis_server.flush()
    return redis_server.url
