"""Cases that wait for the portal, told from outside."""

from datetime import UTC, datetime, timedelta

import pytest

from factories import make_bill, make_report
from flow_desk import GREEN, Desk, broken_trace
from flow_site import VAULT_KEYS
from healer.clients.cases import Cases
from healer.clients.evidence import Evidence
from healer.contracts import Reason, State
from healer.envelope import KeyRing
from healer.history import remembered

TICKETS = range(431, 433)
NO_BILL = "<html><body><p>There are no bills available.</p></body></html>"
TODAY = datetime.now(UTC).date()
ENDS = [TODAY - timedelta(days=days) for days in (80, 50, 20)]


async def remember(redis):
    """Let a gate run have been green twenty days ago, when the third bill came."""
    evidence = Evidence(redis, KeyRing.parse(VAULT_KEYS))
    bills = [make_bill(end=end) for end in ENDS]
    await evidence.keep_good(make_report(history=remembered(bills, None, evidence.hasher("brightwater"))))


@pytest.mark.parametrize("desk", ["UTIL-431"], indirect=True)
def test_portal_without_a_new_bill_is_looked_at_when_one_should_be_there(desk: Desk):
    """The ticket says when by the cadence of known bills; not before, and then by itself, it is looked at; a bill closes the ticket."""
    desk.ask(remember)
    desk.deliver()
    desk.work()
    seen = broken_trace()
    desk.report(trace=seen.model_copy(update={"pages": {**seen.pages, "003.html": NO_BILL}}))
    desk.work()
    case = desk.case
    over = ENDS[-1] + timedelta(days=30)
    assert (case.state, case.reason) == (State.NOT_FIXED, Reason.NO_NEW_BILL)
    assert case.next_check is not None
    assert case.next_check.date() == over + timedelta(days=1)
    assert f"the next period is over on {over}" in desk.comments()[0]
    assert f"Next look: {case.next_check:%Y-%m-%d %H:%M} UTC" in desk.comments()[0]
    assert (desk.jira.ticket("UTIL-431")["status"], desk.jira.ticket("UTIL-431")["attachments"]) == ("Blocked", [])
    desk.reconcile()
    assert "woken" not in desk.kinds()
    past = datetime.now(UTC) - timedelta(minutes=1)
    desk.ask(lambda redis: Cases(redis).record(case, "noted", {}, next_check=past))
    desk.reconcile()
    desk.work()
    desk.report(**GREEN)
    desk.work()
    assert (desk.case.reason, desk.jira.ticket("UTIL-431")["status"]) == (Reason.ALREADY_HEALED, "Done")
    (told,) = desk.comments()
    assert "*Backfill:*" in told
