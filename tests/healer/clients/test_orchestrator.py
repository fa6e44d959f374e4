"""Rules of starting flow runs, against Prefect's wire."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import respx
from pydantic import SecretStr

from healer.clients.orchestrator import Orchestrator, basic_auth
from healer.contracts import RunRequest
from healer.errors import Misconfigured, UpstreamError
from loopback import NO_TLS

API = "http://prefect.example/api"
HEAL = RunRequest(flow="heal", case="UTIL-101", attempt=1)
PUBLISH = RunRequest(flow="publish", case="UTIL-101", run_id=77, run_attempt=2)


@pytest.fixture
async def orchestrator() -> AsyncIterator[Orchestrator]:
    async with httpx.AsyncClient(base_url=API, headers=basic_auth(SecretStr("admin:pw")), verify=NO_TLS) as http:
        yield Orchestrator(http)


@pytest.fixture
def prefect() -> respx.Router:
    with respx.mock(assert_all_called=False, base_url=API) as router:
        for flow in ("heal", "publish"):
            router.get(f"/deployments/name/{flow}/{flow}").respond(json={"id": f"d-{flow}"})
            router.post(f"/deployments/d-{flow}/create_flow_run", name=flow).respond(201, json={"id": f"r-{flow}"})
        yield router


@pytest.mark.parametrize(
    ("request_", "name", "parameters"),
    [
        (HEAL, "heal-UTIL-101-1", {"case": "UTIL-101", "attempt": 1}),
        (PUBLISH, "publish-UTIL-101-77-2", {"case": "UTIL-101", "run_id": 77, "run_attempt": 2}),
    ],
)
async def test_run_is_created_with_its_key(
    orchestrator: Orchestrator, prefect: respx.Router, request_: RunRequest, name: str, parameters: dict[str, object]
) -> None:
    """A flow run is created with idempotency key, name, case tag and scalar parameters, and its id comes back."""
    assert await orchestrator.start(request_) == f"r-{request_.flow}"
    sent = prefect[request_.flow].calls.last.request
    assert json.loads(sent.content) == {
        "name": name,
        "parameters": parameters,
        "idempotency_key": request_.key,
        "tags": ["case:UTIL-101"],
        "state": {"type": "SCHEDULED"},
    }
    assert sent.headers["authorization"] == "Basic YWRtaW46cHc="


async def test_deployment_is_looked_up_once(orchestrator: Orchestrator, prefect: respx.Router) -> None:
    """A deployment's id is asked for once; after a redeployment, again."""
    lookup = prefect.get("/deployments/name/heal/heal").respond(json={"id": "d-heal"})
    await orchestrator.start(HEAL)
    await orchestrator.start(HEAL)
    assert lookup.call_count == 1
    prefect.post("/deployments/d-heal/create_flow_run").respond(404)
    with pytest.raises(Misconfigured):
        await orchestrator.start(HEAL)
    lookup.respond(json={"id": "d-new"})
    prefect.post("/deployments/d-new/create_flow_run").respond(201, json={"id": "r-new"})
    assert await orchestrator.start(HEAL) == "r-new"


async def test_busy_server_is_asked_again_within_milliseconds(
    orchestrator: Orchestrator, prefect: respx.Router
) -> None:
    """Answers 503, 429 and 502 are tried again at once, as SQLite's collisions pass in milliseconds."""
    busy = [httpx.Response(503), httpx.Response(429), httpx.Response(502), httpx.Response(200, json={"id": "r"})]
    prefect.post("/deployments/d-heal/create_flow_run").mock(side_effect=busy)
    assert await orchestrator.start(HEAL) == "r"


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (httpx.Response(503), UpstreamError, "prefect_unavailable"),
        (httpx.Response(500), UpstreamError, "prefect_unavailable"),
        (httpx.ConnectError("no"), UpstreamError, "prefect_unavailable"),
        (httpx.Response(200, text="<html>"), UpstreamError, "prefect_unavailable"),
        (httpx.Response(200, json={"name": "x"}), UpstreamError, "prefect_unavailable"),
        (httpx.Response(409, json={"detail": "hunter22"}), UpstreamError, "run_refused"),
        (httpx.Response(422), UpstreamError, "run_refused"),
        (httpx.Response(404), Misconfigured, "prefect"),
        (httpx.Response(401), Misconfigured, "prefect"),
        (httpx.Response(403), Misconfigured, "prefect"),
    ],
)
async def test_failures_are_told_apart(
    orchestrator: Orchestrator,
    prefect: respx.Router,
    answer: httpx.Response | httpx.ConnectError,
    error: type[UpstreamError | Misconfigured],
    reason: str,
) -> None:
    """Silence and load pass by themselves, a refusal does not, a missing deployment or login is for an operator."""
    prefect.post("/deployments/d-heal/create_flow_run").mock(side_effect=lambda _: _give(answer))
    with pytest.raises(error) as failed:
        await orchestrator.start(HEAL)
    assert failed.value.reason == reason
    assert "hunter22" not in str(failed.value)


def _give(answer: httpx.Response | httpx.ConnectError) -> httpx.Response:
    if isinstance(answer, httpx.ConnectError):
        raise answer
    return answer


async def test_readiness_is_prefect_s_own_health(orchestrator: Orchestrator, prefect: respx.Router) -> None:
    """Prefect is ready when its health endpoint says so, and not when it is silent."""
    health = prefect.get("/health")
    health.respond(200, json=True)
    assert await orchestrator.ready()
    health.respond(503)
    assert not await orchestrator.ready()
    health.mock(side_effect=httpx.ReadTimeout("slow"))
    assert not await orchestrator.ready()
