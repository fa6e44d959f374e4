"""Fixtures that every room's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from jira_site import Site, running
from localworld.redis import RedisServer

# The same examples in every run, so that a red run is red again; --hypothesis-profile=search looks for new ones.
settings.register_profile("repeat", derandomize=True, max_examples=50, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeat")


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a slow thing on one worker, the slowest first: what needs the engine, then what needs Prefect."""
    places = {item: _place(item) for item in items}
    for item, (_, name) in places.items():
        item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: places[item][0])


def _place(item: pytest.Item) -> tuple[int, str]:
    if item.get_closest_marker("docker") or item.get_closest_marker("world"):
        return 0, "engine"
    room = item.path.parent.name
    return (1, "prefect") if room == "flows" else (2, f"{room}/{item.path.stem}")


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
