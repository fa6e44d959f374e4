"""Rules of health, of unknown addresses, and of the start."""

import pytest
from pydantic import SecretStr

from api.main import create_app
from gateway_site import Gateway, problem
from healer.clients import store
from healer.errors import Misconfigured


async def test_process_says_that_it_lives(gateway: Gateway) -> None:
    """Liveness asks nobody."""
    assert (await gateway.http.get("/livez")).json() == {"status": "alive"}


async def test_ready_means_that_work_can_be_taken(gateway: Gateway) -> None:
    """Redis and the registry are needed; Prefect is told, and not needed."""
    gateway.prefect.status = 503
    answer = await gateway.http.get("/readyz")
    expected = {"status": "ready", "redis": "ok", "registry": "ok", "prefect": "failing"}
    assert (answer.status_code, answer.json()) == (200, expected)


async def test_unreadable_registry_is_not_ready(gateway: Gateway) -> None:
    """Without a registry nothing can be judged."""
    gateway.registry[0] = "no toml"
    answer = await gateway.http.get("/readyz")
    assert (answer.status_code, answer.json()["registry"]) == (503, "failing")


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
