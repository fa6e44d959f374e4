"""Fixtures that every room's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jira_site import Site, running
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


@pytest.fixture(params=["cloud", "datacenter"])
def jira_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Give a JIRA stand-in with one ticket, once as Cloud and once as Data Center."""
    with running(request.param, tmp_path / "jira") as site:
        yield site
