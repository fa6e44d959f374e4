"""Fixtures that every room's tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from jira_site import Site, running
from localworld.redis import RedisServer

# The same examples in every run, so that a red run is red again; --hypothesis-profile=search looks for new ones.
settings.register_profile("repeat", derandomize=True, max_examples=50, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeat")


_SLOWEST = ("stories", "actions", "flows")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow rooms first: test processes take whole files in this order, and none is left alone with a long one."""
    items.sort(key=lambda item: (*_SLOWEST, item.path.parent.name).index(item.path.parent.name))


class Rooms(LoadFileScheduling):
    """Gives whole files to test processes, and the files of the flows as two: each process that has one starts a Prefect server."""

    FIRST: Final = ("tests/flows/test_stories.py", "tests/flows/test_commands.py")

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return f"flows, {file in self.FIRST}" if file.startswith("tests/flows/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Rooms:
    """Distribute by our own rule."""
    return Rooms(config, log)


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
