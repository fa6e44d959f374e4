"""One Prefect server for all tests of the flows."""

from collections.abc import Iterator

import pytest

from flow_site import PLANTED, Prefect, environment, prefect_server


@pytest.fixture(scope="session")
def planted() -> tuple[str, ...]:
    """Give secrets that the server's environment names, and one that has a known form only."""
    return (*list(PLANTED.values())[:3], "github_pat_11ABCDEFG0plantedplantedplanted")


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """Give our Prefect server on a fresh SQLite database."""
    with prefect_server(tmp_path_factory.mktemp("prefect") / "home", **PLANTED) as site:
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
