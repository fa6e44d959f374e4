"""The flow `family`, told from outside: a healed importer's siblings are looked at, and a broken one gets its ticket."""

import json
from datetime import UTC, datetime

import pytest

from factories import make_delivery, make_report
from flow_desk import Desk
from flow_site import VAULT_KEYS
from healer.clients.cases import Cases
from healer.clients.checkups import Checkups
from healer.clients.evidence import Evidence
from healer.contracts import Conclusion, State, Trace
from healer.envelope import KeyRing

TICKETS = range(461, 464)
PAGE = '<input name="custRef"><input name="stmtNo"><script src="/portal/ebill.js"></script>'


@pytest.mark.parametrize("desk", ["UTIL-461"], indirect=True)
def test_sibling_of_a_healed_importer_is_looked_at_once_and_gets_a_ticket_where_it_is_broken(desk: Desk):
    """One gate run for one sibling; red, it becomes a ticket with its case, linked to the healed one both ways; then all is said."""

    async def heal(redis):
        evidence, now = Evidence(redis, KeyRing.parse(VAULT_KEYS)), datetime.now(UTC)
        for importer in ("brightwater", "voltara"):
            trace = Trace(importer=importer, pages={"001.html": PAGE})
            await evidence.keep_good(make_report(importer=importer, trace=trace))
        cases = Cases(redis)
        case = (
            await cases.receive(make_delivery(id="d", ticket="UTIL-461", importer="brightwater", received_at=now), now)
        ).case
        await cases.record(case, "published", {}, state=State.PUBLISHED)

    desk.ask(heal)
    assert desk.round("family")["state"]["message"] == "1 gate run(s) sent, 0 sibling(s) found broken."
    (run,) = desk.github.runs.values()
    sent = run["inputs"]
    assert (sent["importer"], sent["mode"], sent["case"]) == ("voltara", "diagnose", "UTIL-461")
    assert desk.round("family")["state"]["message"] == "0 gate run(s) sent, 0 sibling(s) found broken."

    async def report(redis):
        (checkup,) = await Checkups(redis).list()
        about = {name: getattr(checkup.run, name) for name in ("run_id", "ref", "sha", "correlation")}
        told = make_report(case="UTIL-461", importer="voltara", conclusion=Conclusion.FAILURE, **about)
        await Evidence(redis, KeyRing.parse(VAULT_KEYS)).keep_report(told)

    desk.ask(report)
    desk.github.conclude(run["id"], "failure")
    judged = desk.round("family")
    assert judged["state"]["message"] == "0 gate run(s) sent, 1 sibling(s) found broken."
    (row,) = json.loads(desk.prefect.artifacts(judged["id"])[0]["data"])
    case = next(case for case in desk.ask(lambda redis: Cases(redis).list()) if case.importer == "voltara")
    assert row["outcome"] == f"broken: opened {case.id}"
    ticket = desk.jira.ticket(case.id)
    assert (ticket["components"], ticket["labels"]) == (["importer-voltara"], ["importer-healer-family"])
    assert [link["object"]["url"] for link in ticket["links"]] == [f"{desk.jira.url}/browse/UTIL-461"]
    assert [link["object"]["url"] for link in desk.jira.ticket("UTIL-461")["links"]] == [
        f"{desk.jira.url}/browse/{case.id}"
    ]
    assert desk.round("family")["state"]["message"] == "0 gate run(s) sent, 0 sibling(s) found broken."
    assert len(desk.github.runs) == 1
