"""Rules of reading Prefect for the leak audit, on our real server."""

import base64
import uuid
from datetime import UTC, datetime

import httpx
import pytest

from flow_site import wait_for
from healer.audit import Search, examine
from healer.clients.sinks.prefect import KINDS, PrefectSink
from healer.clients.sinks.rest import Rest

# The server does not know it, as it does not know a portal's login: what reached it would stay.
SECRET = "canary of the portal & more"
HIDDEN = {
    "parameter": base64.b64encode(SECRET.encode()).decode(),
    "log": SECRET.encode().hex(),
    "artifact": SECRET[::-1],
    "variable": SECRET.upper(),
}


@pytest.fixture(scope="module")
def planted(prefect):
    """Plant the value in every kind of thing that Prefect keeps; give the case that two of them belong to."""
    flow = prefect.call("POST", "/flows/", {"name": "leaky"})["id"]
    run = {
        "flow_id": flow,
        "parameters": {"hint": HIDDEN["parameter"]},
        "tags": ["case:UTIL-901"],
        "state": {"type": "SCHEDULED"},
    }
    leaky = prefect.call("POST", "/flow_runs/", run)["id"]
    clean = prefect.call("POST", "/flow_runs/", {"flow_id": flow, "tags": ["case:UTIL-902"]})["id"]
    state = {"type": "FAILED", "message": f"it said {SECRET}"}
    prefect.call("POST", f"/flow_runs/{clean}/set_state", {"state": state, "force": True})
    log = {
        "name": "x",
        "level": 20,
        "message": HIDDEN["log"],
        "timestamp": datetime.now(UTC).isoformat(),
        "flow_run_id": leaky,
    }
    prefect.call("POST", "/logs/", [log])
    prefect.call("POST", "/artifacts/", {"key": "audited", "data": f"# {HIDDEN['artifact']}", "flow_run_id": leaky})
    prefect.call("POST", "/variables/", {"name": "audited", "value": HIDDEN["variable"]})
    event = {"event": "healer.audited", "occurred": datetime.now(UTC).isoformat(), "id": str(uuid.uuid4())}
    about = {"resource": {"prefect.resource.id": f"prefect.flow-run.{leaky}"}, "payload": {"text": SECRET}}
    prefect.call("POST", "/events", [{**event, **about}])
    ours = {"filter": {"event": {"name": ["healer.audited"]}}}
    wait_for(lambda: prefect.call("POST", "/events/filter", ours)["events"])  # written a moment after they were taken
    return {"leaky": leaky, "clean": clean}


@pytest.fixture
def found(prefect, planted):
    """Give the places where a kind of thing has the value, for all cases or one."""
    with httpx.Client(base_url=prefect.api_url, timeout=30, trust_env=False) as http:

        def look(kind, case=None):
            finding = examine(kind, PrefectSink(Rest(http, "Prefect"), case).pieces(kind), Search([SECRET]))
            assert finding.unread == ""
            return " ".join(finding.places)

        yield look


def test_a_parameter_is_found_in_its_run(found, planted):
    """A value in a run's parameters, encoded, is found and named by the run; a state's message by the run's states."""
    assert f"flow runs {planted['leaky']}" in found("flow runs")
    assert f"states of flow run {planted['clean']}" in found("states")


@pytest.mark.parametrize("kind", ["logs", "artifacts", "variables", "events"])
def test_what_hangs_on_runs_is_searched(found, kind):
    """Logs, artifacts, variables and events that hold a value are found."""
    assert found(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_narrows_to_its_runs(found, planted, kind):
    """Of a case only what hangs on its own runs is read; what belongs to no case is read all the same."""
    assert found(kind, "UTIL-998") == found(kind, None) * (kind == "variables")
    assert planted["leaky"] not in found(kind, "UTIL-902")
    if kind in ("logs", "artifacts", "events", "flow runs"):
        assert found(kind, "UTIL-901")
