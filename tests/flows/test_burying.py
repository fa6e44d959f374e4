"""What `reconcile` makes of flow runs, told from outside: it ends those whose process is gone, and waits for those that wait."""

import time

import pytest

from flow_desk import Desk
from healer.clients.outbox import Outbox
from healer.contracts import State

SETTINGS = {
    "HEALER_RECONCILE_DEAD_RUN_S": "1",
    "HEALER_RECONCILE_SILENT_S": "0.1",
    "HEALER_RECONCILE_GATE_START_S": "0.1",
}
TICKETS = range(471, 474)


@pytest.mark.parametrize("desk", ["UTIL-471"], indirect=True)
def test_run_that_gives_no_sign_of_life_is_marked_as_crashed(desk: Desk):
    """A run that a dead process has left at work is ended once it is silent too long; one that waits for its hour is left alone."""
    deployment = desk.prefect.call("GET", "/deployments/name/sweep/sweep")["id"]
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2999-01-01T00:00:00Z"}}
    dead, waits = (
        desk.prefect.call("POST", f"/deployments/{deployment}/create_flow_run", {"state": later})["id"]
        for _ in range(2)
    )
    desk.prefect.call("POST", f"/flow_runs/{dead}/set_state", {"state": {"type": "RUNNING"}, "force": True})
    time.sleep(1.1)
    ended = desk.reconcile()
    assert "dead flow run(s) marked as crashed" in ended["state"]["message"]
    assert (ended["state_type"], desk.prefect.run(waits)["state_type"]) == ("COMPLETED", "SCHEDULED")
    buried = desk.prefect.run(dead)
    assert buried["state_type"] == "CRASHED"
    assert "no sign of life" in buried["state"]["message"]
    assert desk.reconcile()["state"]["message"] == "0 case(s) taken on."


@pytest.mark.parametrize("desk", ["UTIL-472"], indirect=True)
def test_case_whose_run_waits_for_a_runner_gets_no_second_one(desk: Desk):
    """A silent case is left alone while its run is owed or due and not begun; when that run is gone, it is taken on."""
    desk.deliver()
    time.sleep(0.2)
    assert desk.reconcile()["state"]["message"] == "0 case(s) taken on."

    async def take(redis):
        outbox = Outbox(redis, "desk")
        await outbox.prepare()
        entry = await outbox.next(wait_ms=10)
        await outbox.ack(entry)
        return entry.request

    run = desk.prefect.start(desk.ask(take))
    assert desk.reconcile()["state"]["message"] == "0 case(s) taken on."
    desk.prefect.call("POST", f"/flow_runs/{run}/set_state", {"state": {"type": "CRASHED"}, "force": True})
    assert desk.reconcile()["state"]["message"] == "1 case(s) taken on."
    assert desk.kinds()[-1] == "resumed"


@pytest.mark.parametrize("desk", ["UTIL-473"], indirect=True)
def test_gate_run_that_does_not_begin_is_told_of_once(desk: Desk):
    """A run that GitHub keeps waiting is on the case and an event in Prefect, once; the case waits on."""
    desk.ask(lambda redis: redis.flushdb())
    desk.deliver()
    desk.work()
    awaited = desk.case.awaiting
    assert awaited
    desk.github.runs[awaited.run_id]["status"] = "queued"
    for _ in range(2):
        time.sleep(0.2)
        assert desk.reconcile()["state"]["message"] == "0 case(s) taken on."
    assert (desk.kinds().count("gate_waits"), desk.case.state) == (1, State.DIAGNOSING)
    desk.prefect.settle()
    asked = {"filter": {"event": {"name": ["importer-healer.gate_waits"]}}}
    (told,) = desk.prefect.call("POST", "/events/filter", asked)["events"]
    assert (told["resource"]["importer"], told["payload"]["status"]) == ("brightwater", "queued")
