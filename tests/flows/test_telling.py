"""How a ticket is told, write by write, in either product: killed before and after each effect, refused, closed, reopened.

No flow runs here: a process of its own does what a run does at its end, so that it can be killed at one message on the wire.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis

import flow_github
from factories import NOW, make_delivery, make_run
from flow_site import PLANTED, VAULT_KEYS
from healer import backfill
from healer.backfill import Backfill, Missed
from healer.clients.cases import Cases
from healer.clients.evidence import Evidence
from healer.contracts import Conclusion, Diagnosis, PullRequest, Reason, State, Verdict
from healer.envelope import KeyRing
from healer.reconcile import Duty, duty
from localworld.crash.tripwire import Side, Tripwire, Wire
from loopback import NO_TLS

PULL = PullRequest(number=5, url="https://github.example/pull/5", state="merged", head_sha="b" * 40)
RED = Diagnosis(run=make_run(), verdict=Verdict(conclusion=Conclusion.FAILURE, why="red"))
HEALED = {"pull_request": PULL, "diagnosis": RED, "ticket_status": "In Review"}
WRITES = {
    "comment": (rb"POST /rest/api/2/issue/{key}/comment", 1),
    "first file": (rb"POST /rest/api/2/issue/{key}/attachments", 1),
    "link to the pull request": (rb"POST /rest/api/2/issue/{key}/remotelink", 1),
    "link to the gate run": (rb"POST /rest/api/2/issue/{key}/remotelink", 2),
    "property": (rb"PUT /rest/api/2/issue/{key}/properties/healer.case", 1),
    "transition": (rb"POST /rest/api/2/issue/{key}/transitions", 1),
}


class Desk:
    """One ticket and its case, with what stands around them."""

    def __init__(self, site, wire, env, teller):
        self.site, self.wire, self.env, self.teller, self.key = site, wire, env, teller, "UTIL-432"

    def ask(self, question):
        """Do something with Redis."""

        async def answer():
            async with Redis.from_url(self.env["HEALER_REDIS_URL"], decode_responses=True) as redis:
                return await question(redis)

        return asyncio.run(answer())

    def lay(self, key: str, status: str, state: State, **changes) -> None:
        """Lay a ticket in a status, and a case that has come to a state and is told nowhere."""
        self.key = key
        ticket = {"key": key, "summary": "No bills", "component": "importer-brightwater", "status": status}
        httpx.post(f"{self.site.url}/_control/tickets", json=ticket, verify=NO_TLS, trust_env=False).raise_for_status()

        async def open_case(redis):
            await redis.flushdb()
            case = (await Cases(redis).receive(make_delivery(ticket=key), NOW)).case
            await self._come(redis, case, state, changes)

        self.ask(open_case)

    def come(self, state: State, **changes) -> None:
        """Bring the case to its next state."""
        self.ask(lambda redis: self._come(redis, None, state, changes))

    async def _come(self, redis, case, state, changes):
        case = case or await Cases(redis).get(self.key)
        fresh = {"reason": None, "reason_text": "", "next_check": None}
        case = await Cases(redis).record(case, state.value, {}, **{**fresh, **changes, "state": state})
        if backfill.is_owed(case):
            _, ended = backfill.span(case, await Cases(redis).events(self.key))
            row = Missed(account="a" * 32, period_start=None, period_end=NOW.date(), basis="shown")
            listed = Backfill(case=self.key, importer="brightwater", since=NOW, until=ended, rows=(row,))
            await Evidence(redis, KeyRing.parse(VAULT_KEYS)).keep_backfill(listed)

    def tell(self) -> None:
        """Tell the ticket to the end. Whoever died while he told it has let go: his time is over."""
        self.ask(lambda redis: redis.delete(f"healer:telling:{self.key}"))
        self.teller.begin("tell", self.key, self.env)
        assert self.teller.ended() == 0

    def killed(self, wire: Wire) -> None:
        """Begin to tell, and kill who tells right where the wire lies."""
        self.teller.killed(self.wire, wire, "tell", self.key, self.env)

    @property
    def ticket(self):
        """Give what JIRA remembers of the ticket."""
        return self.site.ticket(self.key)

    @property
    def moves(self):
        """Give the statuses that the ticket was moved to."""
        return [change["after"] for change in self.ticket["history"] if change["field"] == "status"]

    @property
    def kinds(self):
        """Give the kinds of the case's events."""
        return [event.kind for event in self.ask(lambda redis: Cases(redis).events(self.key))]


@pytest.fixture
def desk(jira_site, redis_url, tmp_path, teller) -> Iterator[Desk]:
    with flow_github.running(tmp_path / "github") as github, Tripwire(int(jira_site.url.rpartition(":")[2])) as wire:
        env = {
            **PLANTED,
            "HEALER_REDIS_URL": redis_url,
            "HEALER_JIRA_URL": f"http://127.0.0.1:{wire.port}",
            **({"HEALER_JIRA_USER": "importer-healer@acme.example"} if jira_site.cloud else {}),
            "HEALER_JIRA_PROJECT": "UTIL",
            "HEALER_GITHUB_API_URL": github.url,
            "HEALER_GITHUB_URL": github.url,
            "HEALER_IMPORTERS_REPOSITORY": flow_github.REPOSITORY,
            "HEALER_WORK_DIR": str(tmp_path / "work"),
        }
        yield Desk(jira_site, wire, env, teller)


def test_each_write_killed_before_and_after_its_effect_is_there_once(desk):
    """Killed at any write, before it or after it, and run again: one comment, one of each file and link, one transition."""
    keys = (f"UTIL-{number}" for number in range(432, 450))
    for name, (pattern, nth) in WRITES.items():
        for side in Side:
            desk.lay(next(keys), "In Review", State.CONFIRMED, **HEALED)
            desk.killed(Wire(pattern.replace(b"{key}", desk.key.encode()), side, nth))
            desk.tell()
            desk.tell()
            told = desk.ticket
            where = f"{name}, {side.value}"
            assert (len(told["comments"]), desk.moves) == (1, ["Done"]), where
            assert [link["object"]["url"] for link in told["links"]] == [PULL.url, RED.run.url], where
            assert sorted(one["name"][-4:] for one in told["attachments"]) == [".csv", "json"], where
            assert told["properties"]["healer.case"]["state"] == "confirmed", where
            assert (desk.kinds.count("ticket_moved"), desk.kinds.count("ticket_told")) == (1, 1), where


def test_refused_transition_leaves_a_comment_and_a_row_to_try_again(desk):
    """The ticket tells all the same, the case says what was refused, `reconcile` takes it up again, and then it is moved."""
    desk.lay("UTIL-451", "To Do", State.NOT_FIXED, reason=Reason.SITE_DOWN)
    desk.site.fault(match="POST .*/transitions$", status=400, body={"errorMessages": ["Resolution is required."]})
    desk.tell()
    case, events = (
        desk.ask(lambda redis: Cases(redis).get(desk.key)),
        desk.ask(lambda redis: Cases(redis).events(desk.key)),
    )
    assert (len(desk.ticket["comments"]), desk.moves, events[-1].kind) == (1, [], "pending")
    assert (events[-1].data["error"], "Resolution is required" in str(events[-1].data["what"])) == (
        "transition_refused",
        True,
    )
    assert duty(case, events, datetime.now(UTC) + timedelta(minutes=5)) is Duty.RESUME
    desk.tell()
    assert (len(desk.ticket["comments"]), desk.moves, desk.kinds[-1]) == (1, ["Blocked"], "ticket_told")


def test_portal_that_came_back_and_importer_that_works_close_their_tickets(desk):
    """A green diagnosis closes the ticket by way of the status from which the workflow leads there; one comment tells it all."""
    desk.lay("UTIL-452", "To Do", State.NOT_FIXED, reason=Reason.ALREADY_HEALED)
    desk.tell()
    assert (desk.moves, len(desk.ticket["comments"])) == (["Blocked", "Done"], 1)
    desk.lay("UTIL-453", "To Do", State.NOT_FIXED, reason=Reason.SITE_DOWN, next_check=NOW)
    desk.tell()
    assert desk.moves == ["Blocked"]
    desk.come(State.NOT_FIXED, reason=Reason.ALREADY_HEALED)
    desk.tell()
    assert (desk.moves, len(desk.ticket["comments"])) == (["Blocked", "Done"], 1)
    assert desk.ticket["resolution"] == "Done"


@pytest.mark.parametrize("closed_by_a_person", [True, False])
def test_healing_that_production_does_not_confirm_opens_its_ticket_again(desk, closed_by_a_person):
    """Also a ticket that somebody has closed meanwhile is open again, and leads back to the merged pull request and what failed."""
    desk.lay("UTIL-454", "In Review", State.MERGED, pull_request=PULL, ticket_status="In Review")
    desk.tell()
    if closed_by_a_person:
        desk.site.client().move(desk.key, "Done", {"resolution": {"name": "Done"}})
    why = "Production ran bbbbbbbbbbbb, which has the merged change, and the fetch failed."
    desk.come(State.NEEDS_ENGINEER, reason=Reason.NOT_CONFIRMED, reason_text=why)
    desk.tell()
    (comment,) = desk.ticket["comments"]
    assert desk.ticket["status"] == "Blocked"
    assert f"[#5|{PULL.url}]" in comment["body"]
    assert why in comment["body"]
