"""One Prefect server for all tests of the flows."""

from collections.abc import Iterator
from typing import Any

import pytest

import flow_github
import teller_site
from flow_desk import Desk, jira_with
from flow_site import PLANTED, Hand, Prefect, environment, prefect_server
from localworld.redis import RedisServer


@pytest.fixture(scope="session")
def planted() -> tuple[str, ...]:
    """Give secrets that the server's environment names, and one that has a known form only."""
    return (*list(PLANTED.values())[:3], "github_pat_11ABCDEFG0plantedplantedplanted")


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """Give our Prefect server on a fresh SQLite database."""
    with prefect_server(tmp_path_factory.mktemp("prefect") / "home", HEALER_REDACT_PERSONAL="true", **PLANTED) as site:
        yield site


@pytest.fixture
def flow_env(redis_url: str, tmp_path) -> dict[str, str]:
    """Give the settings of the flows, with nobody behind JIRA's and GitHub's addresses."""
    return environment(
        **PLANTED,
        HEALER_REDIS_URL=redis_url,
        HEALER_JIRA_URL="http://127.0.0.1:9",
        HEALER_JIRA_PROJECT="UTIL",
        HEALER_GITHUB_API_URL="http://127.0.0.1:9",
        HEALER_GITHUB_URL="http://127.0.0.1:9",
        HEALER_IMPORTERS_REPOSITORY="acme/importers",
        HEALER_WORK_DIR=str(tmp_path / "work"),
        PREFECT_HOME=str(tmp_path / "prefect"),
    )


@pytest.fixture(scope="session")
def hand(prefect: Prefect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    """Give what executes the flow runs of all stories; whose rule is about processes takes a runner."""
    root = tmp_path_factory.mktemp("hand")
    with prefect.hand(environment(PREFECT_HOME=str(root / "home")), root / "hand.log") as made:
        yield made


@pytest.fixture(scope="session")
def teller(prefect: Prefect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[teller_site.Teller]:
    """Give what does one step of a flow run's end, and may be killed."""
    with teller_site.running(tmp_path_factory.mktemp("teller"), prefect.api_url) as made:
        yield made


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest,
    hand: Hand,
    redis_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """Run GitHub and JIRA for all stories of a module, with its `SETTINGS` and `TICKETS`; each story has a ticket that no other has."""
    root = tmp_path_factory.mktemp("stories")
    tickets = [f"UTIL-{n}" for n in getattr(request.module, "TICKETS", range(101, 140))]
    redis_server.flush()
    with flow_github.running(root) as github, jira_with(root / "jira", tickets) as jira:
        env = environment(
            **PLANTED,
            HEALER_REDIS_URL=redis_server.url,
            HEALER_JIRA_URL=jira.url,
            HEALER_JIRA_USER="importer-healer@acme.example",
            HEALER_JIRA_PROJECT="UTIL",
            HEALER_GITHUB_API_URL=github.url,
            HEALER_GITHUB_URL=github.url,
            HEALER_IMPORTERS_REPOSITORY=flow_github.REPOSITORY,
            HEALER_WORK_DIR=str(root / "work-dir"),
            PREFECT_HOME=str(root / "prefect"),
            **getattr(request.module, "SETTINGS", {}),
        )
        hand.take(env)
        yield {"github": github, "jira": jira, "env": env, "redis_url": redis_server.url}


@pytest.fixture
def desk(world, prefect, hand, request) -> Desk:
    """Give a desk with the ticket that the test's marker names."""
    return Desk(world["redis_url"], prefect, world["github"], world["jira"], hand, request.param)
