"""The rounds, told from outside: scheduled flows that look at everything and not at one case."""

import contextlib
import hashlib
import json
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from factories import SHA, make_delivery, make_failure, make_report
from flow_desk import Desk, held_answers
from flow_site import VAULT_KEYS, Hand, wait_for
from git_site import git
from healer import dsse, receipt
from healer.clients.cases import Cases
from healer.clients.checkups import Checkups
from healer.clients.evidence import Evidence
from healer.clients.fetches import Fetches
from healer.contracts import FailureClass, Fetch, State
from healer.envelope import KeyRing
from healer.pauses import VARIABLE
from healer.reconcile import RECEIPT_WRITTEN

SETTINGS = {
    "HEALER_SWEEP_AFTER_MINUTES": "0",
    "HEALER_LIMIT_CASES_PER_IMPORTER_DAY": "2",
    "HEALER_RECONCILE_PENDING_S": "0.1",
    "HEALER_RETENTION_CASE_DAYS": "0.000001",
}


def message(run: dict) -> str:
    return run["state"]["message"]


@pytest.mark.parametrize("desk", ["UTIL-141"], indirect=True)
def test_sweep_opens_what_was_not_delivered_once_and_within_the_limits(desk: Desk):
    """A ticket without a case gets one, through intake and its limits; a second sweep, and Workato coming late, find it there."""
    first, second = desk.round("sweep"), desk.round("sweep")
    assert message(first) == "39 ticket(s) without a case, 2 taken in."
    assert message(second) == "37 ticket(s) without a case, 0 taken in."
    rows = desk.prefect.artifacts(first["id"])[0]["data"]
    assert "too_many_importer_cases" in rows
    cases = desk.ask(lambda redis: Cases(redis).list())
    assert len(cases) == 2
    desk.case_id = cases[0].id
    assert str(desk.events[0].data["delivery"]).startswith(f"sweep-{cases[0].id}")
    desk.deliver()
    assert desk.kinds() == ["received", "attached"]


@pytest.mark.parametrize("desk", ["UTIL-142"], indirect=True)
def test_fleet_is_a_table_with_a_line_for_each_importer(desk: Desk):
    """The Prefect UI has what the page at the gateway has, in words."""
    run = desk.round("fleet")
    (table,) = desk.prefect.artifacts(run["id"])
    rows = json.loads(table["data"])
    assert (table["type"], table["key"]) == ("table", "fleet")
    assert {row["importer"] for row in rows} >= {"brightwater", "voltara"}
    assert {"standing", "last good bill", "debt, 90 days", "autonomy", "logins"} <= set(rows[0])
    assert message(run).endswith("unknown")


@pytest.mark.parametrize("desk", ["UTIL-143"], indirect=True)
def test_digest_keeps_a_report_that_receipts_bear_out(desk: Desk):
    """A case that ended and left its receipt is in the report; a receipt that was changed fails the run by the case's name."""

    async def end(redis):
        cases = Cases(redis)
        now = datetime.now(UTC)
        delivery = make_delivery(id="d-143", ticket="UTIL-143", importer="voltara", received_at=now)
        case = (await cases.receive(delivery, now)).case
        case = await cases.record(case, "patched", {"usd": 1.25})
        case = await cases.record(case, "needs_engineer", {"reason": "NO_PATCH"}, state=State.NEEDS_ENGINEER)
        written = receipt.write(case, await cases.events("UTIL-143"), {}, {})
        await keep(redis, receipt.statement(written, "acme/importers"))

    async def keep(redis, statement: bytes):
        envelope = json.dumps(dsse.seal(receipt.PAYLOAD_TYPE, statement, ()))
        await Evidence(redis, KeyRing.parse(VAULT_KEYS)).keep_receipt("UTIL-143", envelope)

    desk.ask(end)
    run = desk.round("digest", days=7)
    assert message(run).endswith("1 receipt(s) agree.")
    (shown,) = desk.prefect.artifacts(run["id"])
    assert "Engineer hours saved" in shown["data"]
    kept = desk.ask(lambda redis: Evidence(redis, KeyRing.parse(VAULT_KEYS)).impact())
    assert kept
    assert (kept.usd, kept.reasons) == (1.25, {"NO_PATCH": 1})

    async def forge(redis):
        text = await Evidence(redis, KeyRing.parse(VAULT_KEYS)).receipt("UTIL-143")
        await keep(redis, dsse.opened(text)[1].replace(b'"usd":1.25', b'"usd":0.25'))

    desk.ask(forge)
    forged = desk.round("digest", days=7)
    assert (forged["state_type"], "UTIL-143" in message(forged)) == ("FAILED", True)


@pytest.mark.parametrize("desk", ["UTIL-129"], indirect=True)
def test_paused_case_stays_where_it_is_and_goes_on_when_resumed(desk: Desk):
    """A list in Prefect that names the importer, or that cannot be read, holds the case; without it `reconcile` lets the case go on."""
    desk.ask(lambda redis: redis.flushdb())
    desk.prefect.call("POST", "/variables/", {"name": VARIABLE, "value": ["brightwater"]})
    try:
        desk.deliver()
        (held,) = desk.work()
        assert (desk.kinds()[-1], desk.case.state, held["state_type"]) == ("held", State.RECEIVED, "COMPLETED")
        assert desk.events[-1].data == {"what": "healing is paused: brightwater."}
        assert {"case:UTIL-129", "importer:brightwater", "attempt:0"} <= set(held["tags"])
        desk.prefect.call("PATCH", f"/variables/name/{VARIABLE}", {"value": "brightwater?"})
        assert message(desk.reconcile()) == "0 case(s) taken on."
        desk.prefect.call("PATCH", f"/variables/name/{VARIABLE}", {"value": ["voltara"]})
        assert message(desk.reconcile()) == "1 case(s) taken on."
        desk.work()
        assert desk.case.state is State.DIAGNOSING
    finally:
        desk.prefect.call("DELETE", f"/variables/name/{VARIABLE}")


@pytest.mark.parametrize("desk", ["UTIL-112"], indirect=True)
def test_drain_loses_nothing(desk: Desk, hand: Hand):
    """README's runbook: paused, what is under way ends and nothing begins; after the restart and `resume` all that waited starts."""
    desk.ask(lambda redis: redis.flushdb())
    later = replace(desk, case_id="UTIL-119")
    desk.deliver()
    with held_answers(desk.github, threading.Event()):
        (under_way,) = desk.owed()
        wait_for(lambda: desk.github.writes[-1:] and desk.github.writes[-1].startswith("dispatch UTIL-112-0"))
        desk.prefect.call("POST", "/variables/", {"name": VARIABLE, "value": ["everything"]})
    try:
        assert (desk.prefect.ended(under_way)["state_type"], desk.case.state) == ("COMPLETED", State.DIAGNOSING)
        later.deliver()
        later.work()
        assert later.kinds()[-1] == "held"
        desk.hand = None  # the worker is stopped
        desk.report()
        (waits,) = desk.owed()
        assert desk.prefect.run(waits)["state_type"] == "SCHEDULED"
        hand.execute(waits)  # and is there again, before anybody resumes
        assert (desk.prefect.ended(waits)["state_type"], desk.kinds()[-1]) == ("COMPLETED", "held")
        assert message(later.reconcile()) == "0 case(s) taken on."
    finally:
        desk.prefect.call("DELETE", f"/variables/name/{VARIABLE}")
    assert message(later.reconcile()) == "2 case(s) taken on."
    later.work()
    assert (desk.case.state, later.case.state) == (State.VERIFYING, State.QUEUED)
    assert len([write for write in desk.github.writes if "UTIL-112" in write and "dispatch" in write]) == 2


@pytest.mark.parametrize("desk", ["UTIL-371"], indirect=True)
def test_watch_opens_one_ticket_for_an_importer_that_breaks(desk: Desk):
    """An importer that fails in production gets a ticket and its case, once; one that has a ticket gets no second one."""
    desk.ask(lambda redis: redis.flushdb())

    async def fail(redis):
        for importer in ("brightwater", "voltara"):
            for hour in (3, 2, 1):
                told = {"id": f"{importer}-{hour}", "at": datetime.now(UTC) - timedelta(hours=hour), "commit": SHA}
                await Fetches(redis).take(importer, Fetch(outcome="failed", **told))

    desk.ask(fail)
    first, second = desk.round("watch"), desk.round("watch")
    assert message(first) == "2 importer(s) break, 1 ticket(s) opened."
    assert message(second) == "2 importer(s) break, 0 ticket(s) opened."
    rows = {row["importer"]: row["outcome"] for row in json.loads(desk.prefect.artifacts(first["id"])[0]["data"])}
    assert rows["brightwater"].startswith("has ticket UTIL-")
    (case,) = desk.ask(lambda redis: Cases(redis).list())
    assert (case.importer, rows["voltara"]) == ("voltara", f"opened {case.id}")
    written = desk.jira.ticket(case.id)
    assert (written["components"], written["labels"]) == (["importer-voltara"], ["importer-healer-watch"])
    assert "3 of 3 fetches failed" in str(written)


@pytest.mark.parametrize("desk", ["UTIL-376"], indirect=True)
def test_watch_asks_a_portal_that_may_be_asked_before_it_opens_a_ticket(desk: Desk, tmp_path):
    """One probe, without a login; a portal that does not answer holds the ticket back, and is not asked again at once."""
    desk.ask(lambda redis: redis.flushdb())
    git("clone", "-q", str(desk.github.bare), str(tmp_path / "clone"), cwd=tmp_path)
    registry = tmp_path / "clone/importers.toml"
    registry.write_text(registry.read_text().replace("[importers.halden]\n", "[importers.halden]\nprobe = true\n"))
    git("commit", "-qam", "Let the watch ask Halden's portal", cwd=tmp_path / "clone")
    git("push", "-q", "origin", "HEAD:main", cwd=tmp_path / "clone")

    async def fail(redis):
        for hour in (3, 2, 1):
            told = {"id": f"h-{hour}", "at": datetime.now(UTC) - timedelta(hours=hour), "commit": SHA}
            await Fetches(redis).take("halden", Fetch(outcome="failed", **told))

    async def report(redis):
        (probe,) = await Checkups(redis).list()
        told = {name: getattr(probe.run, name) for name in ("run_id", "mode", "ref", "sha", "correlation")}
        down = make_failure(kind=FailureClass.SOURCE_DOWN)
        found = make_report(case=probe.origin, importer="halden", conclusion="failure", failure=down, **told)
        await Evidence(redis, KeyRing.parse(VAULT_KEYS)).keep_report(found)

    desk.ask(fail)
    before = set(desk.github.runs)
    first = desk.round("watch", importer="halden")
    (run,) = [run for number, run in desk.github.runs.items() if number not in before]
    assert (run["inputs"]["mode"], run["inputs"]["importer"]) == ("probe", "halden")
    desk.ask(report)
    desk.github.conclude(run["id"], "failure")
    second = desk.round("watch", importer="halden")
    told = [json.loads(desk.prefect.artifacts(each["id"])[0]["data"])[0]["outcome"] for each in (first, second)]
    assert told == ["the portal is asked", "the portal does not answer"]
    assert len(desk.github.runs) == len(before) + 1
    assert not desk.ask(lambda redis: Cases(redis).list())


@pytest.mark.parametrize("desk", ["UTIL-372"], indirect=True)
def test_retention_forgets_what_is_over_and_leaves_its_receipt(desk: Desk):
    """A case that is over goes with its chain, its receipt stays; one that is open, or whose receipt does not hold all, stays."""
    desk.ask(lambda redis: redis.flushdb())

    async def fill(redis):
        cases, now = Cases(redis), datetime.now(UTC)
        for number in (372, 373, 374):
            delivery = make_delivery(id=f"d-{number}", ticket=f"UTIL-{number}", importer="voltara", received_at=now)
            case = (await cases.receive(delivery, now)).case
            if number != 374:
                await cases.record(case, "stopped", {}, state=State.STOPPED)
                await Evidence(redis, KeyRing.parse(VAULT_KEYS)).keep_receipt(case.id, "signed")
        await cases.note("UTIL-372", RECEIPT_WRITTEN, {"sha256": hashlib.sha256(b"signed").hexdigest()})

    desk.ask(fill)
    told = message(desk.round("retention"))
    assert told.startswith("1 case(s) forgotten, 1 kept because their receipt does not hold all. ")
    assert {case.id for case in desk.ask(lambda redis: Cases(redis).list())} == {"UTIL-373", "UTIL-374"}
    assert desk.ask(lambda redis: redis.keys("*UTIL-372*")) == ["healer:receipt:UTIL-372"]


@pytest.mark.parametrize("desk", ["UTIL-377"], indirect=True)
def test_retention_forgets_a_run_of_long_ago_with_all_that_it_left(desk: Desk):
    """A run that ended 90 days ago goes with steps, logs and artifacts; one that ended now stays, and what it has shown is shown on."""
    old, young = (desk.round("fleet")["id"] for _ in range(2))
    line = {"name": "prefect.flow_runs", "level": 20, "message": "Read lib/x.rb", "timestamp": "2026-01-01T00:00:00Z"}
    for run in (old, young):
        desk.prefect.call("POST", "/logs/", [{**line, "flow_run_id": run}])
    desk.hand.flush()  # what a run has logged may come after its end, by some seconds and not by 90 days
    with contextlib.closing(sqlite3.connect(desk.prefect.home / "prefect.db", timeout=30)) as database, database:
        database.execute("update flow_run set end_time = '2020-01-01 00:00:00.000000' where id = ?", [old])
    assert desk.prefect.artifacts(old)
    assert message(desk.round("retention")).endswith(" 1 flow run(s) forgotten.")
    wait_for(lambda: not desk.prefect.logs(old))
    assert not desk.prefect.artifacts(old)
    assert not desk.prefect.call("POST", "/flow_runs/filter", {"flow_runs": {"id": {"any_": [old]}}})
    assert not desk.prefect.call("POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [old]}}})
    assert "Read lib/x.rb" in desk.prefect.logs(young)
    assert desk.prefect.call("GET", "/artifacts/fleet/latest")["flow_run_id"] == young
