"""Rules of health, of unknown addresses, and of the start."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from github import Auth
from pydantic import SecretStr
from starlette.responses import JSONResponse

from api.main import create_app
from api.readiness import Readiness
from gateway_site import Gateway, problem
from healer.clients import store
from healer.clients.github import GitHub
from healer.clients.jira import Jira
from healer.errors import Misconfigured
from serving import serving


async def test_process_says_that_it_lives(gateway: Gateway) -> None:
    """Liveness asks nobody."""
    assert (await gateway.http.get("/livez")).json() == {"status": "alive"}


async def test_ready_means_that_work_can_be_taken(gateway: Gateway) -> None:
    """Redis and the registry are needed; Prefect is told, and not needed."""
    gateway.prefect.status = 503
    answer = await gateway.http.get("/readyz")
    told = answer.json()
    assert (answer.status_code, told["status"], told["redis"], told["registry"]) == (200, "ready", "ok", "ok")
    assert told["prefect"] == "failing"


async def test_unreadable_registry_is_not_ready(gateway: Gateway) -> None:
    """Without a registry nothing can be judged."""
    gateway.registry[0] = "no toml"
    answer = await gateway.http.get("/readyz")
    assert (answer.status_code, answer.json()["registry"]) == (503, "failing")


class Far:
    """JIRA and GitHub on the wire: each answers with its status, and counts what it is asked."""

    def __init__(self) -> None:
        self.status = {"jira": 200, "github": 200}
        self.asked = {"jira": 0, "github": 0}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as an ASGI application."""
        name = "jira" if "myself" in scope["path"] else "github"
        self.asked[name] += 1
        await JSONResponse({"id": 1, "name": "importer-healer"}, self.status[name])(scope, receive, send)

    def beside(self, gateway: Gateway, url: str) -> Readiness:
        """Give the readiness of a gateway that has this JIRA and this GitHub."""
        jira = Jira(url, SecretStr("t"), timeout_s=2)
        github = GitHub(url, Auth.Token("t"), "acme/importers", timeout_s=2)
        return Readiness(replace(gateway.parts, jira_ready=jira.ready, github_ready=github.ready))


@pytest.mark.parametrize("ill", ["jira", "github", ""])
async def test_jira_and_github_have_states_of_their_own(gateway: Gateway, ill: str) -> None:
    """What refuses us is failing, the other one is not, and work is taken all the same."""
    far = Far()
    far.status |= {ill: 401} if ill else {}
    with serving(lambda _: far) as url:
        told = await far.beside(gateway, url).ask()
    expected = {name: "failing" if name == ill else "ok" for name in ("jira", "github")}
    assert (told.status, told.jira, told.github) == ("ready", expected["jira"], expected["github"])


async def test_jira_and_github_are_asked_seldom(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often anybody asks us, they are asked once a minute."""
    monkeypatch.setattr("api.readiness.KEPT_S", 0.0)
    far = Far()
    with serving(lambda _: far) as url:
        readiness = far.beside(gateway, url)
        for _ in range(5):
            await readiness.ask()
    assert far.asked == {"jira": 1, "github": 1}


async def test_slow_neighbour_holds_no_answer_up(gateway: Gateway) -> None:
    """A neighbour that does not answer within a second is unknown; the others are told."""
    waiting = threading.Event()
    parts = replace(gateway.parts, jira_ready=lambda: waiting.wait(5) and None)
    try:
        told = await Readiness(parts).ask()
    finally:
        waiting.set()
    assert (told.status, told.jira, told.github) == ("ready", "unknown", "ok")


async def test_answer_is_kept_for_two_seconds(gateway: Gateway) -> None:
    """A flood of questions asks the neighbours once."""
    first = (await gateway.http.get("/readyz")).json()
    gateway.prefect.status = 503
    assert (await gateway.http.get("/readyz")).json() == first


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/v1/leases", 405), ("GET", "/docs", 404)]
)
async def test_unknown_addresses_are_problems_too(gateway: Gateway, method: str, path: str, status: int) -> None:
    """Also what the router refuses is a problem document."""
    assert problem(await gateway.http.request(method, path))[0] == status


async def test_openapi_names_every_endpoint(gateway: Gateway) -> None:
    """The OpenAPI document has all endpoints of the specification."""
    paths = set((await gateway.http.get("/openapi.json")).json()["paths"])
    assert {
        "/v1/hooks/workato",
        "/v1/hooks/github",
        "/v1/leases",
        "/v1/gate/reports",
        "/v1/cases",
        "/v1/cases/{case_id}",
    } <= paths
    assert {"/livez", "/readyz"} <= paths


async def test_gateway_does_not_start_on_a_forgetful_redis(gateway: Gateway, redis_url: str) -> None:
    """A Redis that may lose acknowledged work stops the start."""
    other = store.connect(SecretStr(redis_url))
    await other.config_set("appendfsync", "everysec")
    try:
        app = create_app(gateway.parts)
        with pytest.raises(Misconfigured, match="appendfsync"):
            async with app.router.lifespan_context(app):
                pass
    finally:
        await other.config_set("appendfsync", "always")
        await other.aclose()
