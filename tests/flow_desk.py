"""The part that the gateway plays for the flows: it takes deliveries and reports, and starts what is owed."""

import asyncio
import contextlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis

import jira_site
from api.main import create_app as gateway_app
from factories import NOW, make_failure
from flow_github import GitHubWire
from flow_site import VAULT_KEYS, Hand, Prefect
from gateway_site import GITHUB_SECRET, REGISTRY, SIGNING, bearer, make_parts
from git_site import git
from healer import importers, intake, signing, turns
from healer.autonomy import Earned
from healer.clients.cases import Cases
from healer.clients.evidence import Evidence
from healer.clients.outbox import Outbox
from healer.clients.sinks.store import StoreSink
from healer.clients.tokens import Scope
from healer.clients.trust import Trust
from healer.contracts import Case, Check, Conclusion, Delivery, Event, GateReport, RunRequest, Trace
from healer.envelope import KeyRing
from jira_site import Site
from localworld.jira.app import create_app
from localworld.jira.store import Store
from loopback import NO_TLS
from serving import serving

T = TypeVar("T")
IMPORTERS = Path(__file__).resolve().parents[1] / "localworld/importers"
FAILING = "table#bills tbody tr"
PASTED = ("plumage-trellis-4096", "ghp_pastedpastedpastedpastedpastedpast12")
"""What somebody pastes into tickets: a password that nothing knows and that has no form, and a token that has one."""


def broken_trace() -> Trace:
    """Give what a fetch sees after Brightwater has renamed its table of bills."""
    good = json.loads((IMPORTERS / "recordings/brightwater.json").read_text())
    good["steps"] = good["steps"][:3]
    good["steps"][2]["lookups"] = [
        {**look, "found": 0} if look["selector"] == FAILING else look for look in good["steps"][2]["lookups"][:2]
    ]
    good["pages"]["003.html"] = good["pages"]["003.html"].replace('id="bills"', 'id="statements"')
    return Trace.model_validate_json(json.dumps(good))


RED: dict[str, Any] = {"conclusion": Conclusion.FAILURE, "failure": make_failure(line=10), "exit_code": 3}
_NOT_RED = {Conclusion.SUCCESS, Conclusion.NEUTRAL}
FETCHED = Check(name="exit_code", passed=True)
GREEN: dict[str, Any] = {
    "conclusion": Conclusion.SUCCESS,
    "failure": None,
    "exit_code": 0,
    "bills": 6,
    "trace": None,
    "checks": (FETCHED,),
}


@dataclass
class Desk:
    """One healing from outside: Redis, Prefect, GitHub and JIRA as they stand around the flows."""

    redis_url: str
    prefect: Prefect
    github: GitHubWire
    jira: Site
    hand: Hand | None
    """What executes flow runs at once; a runner, where there is none."""
    case_id: str = "UTIL-101"

    def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """Do something with Redis."""

        async def answer() -> T:
            async with Redis.from_url(self.redis_url, decode_responses=True) as redis:
                return await question(redis)

        return asyncio.run(answer())

    @property
    def case(self) -> Case:
        """Give the case as it stands."""
        case = self.ask(lambda redis: Cases(redis).get(self.case_id))
        assert case is not None
        return case

    @property
    def events(self) -> tuple[Event, ...]:
        """Give the case's events."""
        return self.ask(lambda redis: Cases(redis).events(self.case_id))

    def kinds(self) -> list[str]:
        """Give the kinds of the case's events, in order."""
        return [event.kind for event in self.events]

    def deliver(self) -> None:
        """Take a delivery about the ticket."""
        delivery = Delivery(
            id=f"d-{self.case_id}", ticket=self.case_id, importer="brightwater", body_sha256="a" * 64, received_at=NOW
        )
        self.ask(lambda redis: Cases(redis).receive(delivery, datetime.now(UTC)))

    def send(self, **members: Any) -> dict[str, Any]:
        """Deliver the ticket through the gateway's front door, as Workato does; give its answer."""
        body = json.dumps({"ticket": self.case_id, "importer": "brightwater", **members}).encode()
        headers = signing.sign(SIGNING, f"d-{self.case_id}", int(time.time()), body)
        answer: dict[str, Any] = self._post("/v1/hooks/workato", content=body, headers=headers).json()
        return answer

    def paste(self, text: str) -> None:
        """Comment on the ticket, as one of the customer's people does."""
        self.jira.library("ann", jira_site.ANNS_TOKEN).add_comment(self.case_id, text)

    def everything(self) -> str:
        """Give all that the healer has written anywhere: Redis, Prefect, git, GitHub, and its own part of the tickets."""
        if self.hand:
            self.hand.flush()
        self.prefect.settle()
        stored = [(piece.place, piece.data) for piece in StoreSink(SecretStr(self.redis_url)).pieces()]
        ticket = self.jira.ticket(self.case_id)
        mine = [comment for comment in ticket["comments"] if comment["author"] == "importer-healer"]
        branch = git("log", "--patch", f"main..heal/{self.case_id}", cwd=self.github.bare)
        hub = (branch, self.github.pulls, self.github.comments)
        return str([stored, self.prefect.database, hub, mine, ticket["links"], ticket["properties"]])

    def owed(self) -> list[str]:
        """Start every flow run that is owed; give their ids."""

        async def take(redis: Redis) -> list[RunRequest]:
            outbox, requests = Outbox(redis, "desk"), []
            await outbox.prepare()
            while entry := await outbox.next(wait_ms=10):
                assert entry.request is not None
                requests.append(entry.request)
                await outbox.ack(entry)
            return requests

        started = [self.prefect.start(request) for request in self.ask(take)]
        self.due(*started)
        return started

    def due(self, *runs: str) -> None:
        """Have flow runs executed."""
        if self.hand is None:
            self.ask(lambda redis: Outbox(redis, "desk").nudge("desk"))
            return
        for run in runs:
            self.hand.execute(run)

    def work(self) -> list[dict[str, Any]]:
        """Start what is owed and give the ended flow runs."""
        return [self.prefect.ended(run) for run in self.owed()]

    def heal(self) -> None:
        """Go from an opened case to a published one: the base branch is red, the first patch green."""
        self.work()
        self.report()
        self.work()
        self.report(**GREEN)
        self.work()

    def report(self, **fields: Any) -> None:
        """End the awaited workflow run with a report like this, and owe what follows from it."""
        case = self.case
        run = case.awaiting
        assert run is not None
        about = {
            name: getattr(run, name)
            for name in ("run_id", "run_attempt", "mode", "attempt", "ref", "sha", "correlation")
        }
        report = GateReport(
            **{
                **about,
                "case": case.id,
                "importer": case.importer,
                "repository": "acme/importers",
                "summary": "as the test wants it",
                "started_at": NOW,
                "finished_at": NOW,
                "trace": broken_trace(),
                **RED,
                **fields,
            }
        )
        self.github.conclude(run.run_id, "success" if report.conclusion in _NOT_RED else "failure")
        request = intake.follow_up(case, report)

        async def keep(redis: Redis) -> None:
            await Evidence(redis, KeyRing.parse(VAULT_KEYS)).keep_report(report)
            await Cases(redis).note(case.id, "report_received", {"run_id": run.run_id}, start=request)

        self.ask(keep)

    def again(self, run_id: str) -> dict[str, Any]:
        """Have a flow run executed once more, as a person does in Prefect's UI; give it when it has ended."""
        self.prefect.call("POST", f"/flow_runs/{run_id}/set_state", {"state": {"type": "SCHEDULED"}, "force": True})
        self.due(run_id)
        return self.prefect.ended(run_id)

    def _post(self, path: str, **request: Any) -> httpx.Response:
        """Post to the gateway's front door; `by` and `scope` make the token, where there are any."""
        by, scope = request.pop("by", None), request.pop("scope", None)

        async def post(redis: Redis) -> httpx.Response:
            async with httpx.AsyncClient(verify=NO_TLS) as nobody:
                parts = replace(make_parts(redis, nobody, nobody, [REGISTRY]), hears_comments=True)
                if by:
                    request["headers"] = bearer((await parts.tokens.create(by, [scope])).get_secret_value())
                transport = httpx.ASGITransport(gateway_app(parts))
                async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
                    return await http.post(path, **request)

        return self.ask(post)

    def tell(self, command: str, **body: Any) -> dict[str, Any]:
        """Give a command through the gateway's front door, as alice."""
        answer = self._post(f"/v1/cases/{self.case_id}/{command}", json=body, by="alice", scope=Scope.OPERATE)
        return {"status": answer.status_code, **answer.json()}

    def look(self) -> None:
        """Have the case looked at, as `reconcile` does now and then, and wait until that is done."""

        async def ask(redis: Redis) -> None:
            case, events = await Cases(redis).get(self.case_id), await Cases(redis).events(self.case_id)
            assert case is not None
            start = turns.onward(case, turns.again(events))
            await Cases(redis).note(case.id, "resumed", {"run": start.key}, start=start)

        self.ask(ask)
        self.work()

    def reconcile(self) -> dict[str, Any]:
        """Run `reconcile` as its schedule does; give the ended flow run."""
        return self.round("reconcile")

    def round(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Run a scheduled flow now; give the ended flow run."""
        deployment = self.prefect.call("GET", f"/deployments/name/{name}/{name}")["id"]
        scheduled = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
        run = self.prefect.call("POST", f"/deployments/{deployment}/create_flow_run", scheduled)
        self.due(run["id"])
        return self.prefect.ended(run["id"])

    def say(self, login: str, text: str) -> dict[str, Any]:
        """Comment on the case's pull request, and have GitHub tell the gateway; give the comment as GitHub keeps it."""
        pull = self.case.pull_request
        assert pull is not None
        comment = self.github.comment(pull.number, login, text)
        issue = {"number": pull.number, "pull_request": {}}
        self._hook("issue_comment", {"action": "created", "issue": issue, "comment": comment})
        return comment

    def trusted(self) -> Earned:
        """Give how far the healer goes for Brightwater, by the registry on the base branch."""
        importer = importers.parse(git("show", "main:importers.toml", cwd=self.github.bare)).get("brightwater")
        assert importer is not None
        return self.ask(lambda redis: Trust(redis, Cases(redis)).of(importer, datetime.now(UTC)))

    def trust(self, level: str, reason: str) -> None:
        """Set how far the healer goes for Brightwater through the gateway's front door, as alice."""
        body = {"level": level, "reason": reason}
        answer = self._post("/v1/importers/brightwater/autonomy", json=body, by="alice", scope=Scope.OPERATE)
        assert answer.json()["earned"]["level"] == level

    def close_pull(self) -> None:
        """Close the case's pull request without a merge, and have GitHub tell the gateway."""
        pull = self.case.pull_request
        assert pull is not None
        self.github.pulls[pull.number - 1]["state"] = "closed"
        self._hook("pull_request", {"action": "closed", "number": pull.number})

    def merge(self) -> str:
        """Merge the case's pull request, and have GitHub tell the gateway; give the merge commit."""
        pull = self.case.pull_request
        assert pull is not None
        sha = self.github.merge(pull.number)
        self._hook("pull_request", {"action": "closed", "number": pull.number})
        return sha

    def tick(self, login: str, line: str) -> None:
        """Tick a box of the dashboard, given as its line, and have GitHub tell the gateway."""
        (issue,) = self.github.issues
        before = issue["body"]
        # GitHub's times are whole seconds, and nobody ticks one box twice in one.
        at = max(datetime.now(UTC), datetime.fromisoformat(issue["updated_at"]) + timedelta(seconds=1))
        ticked = before.replace(line, line.replace("[ ]", "[x]"))
        issue |= {"body": ticked, "updated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        changes = {"body": {"from": before}}
        self._hook("issues", {"action": "edited", "issue": issue, "changes": changes, "sender": {"login": login}})

    def push(self, path: str, text: str) -> str:
        """Push a file's new text to the base branch, and have GitHub tell the gateway; give the commit."""
        sha = self.github.commit("main", path, text)
        commit = {"added": [], "modified": [path], "removed": []}
        self._hook("push", {"ref": "refs/heads/main", "after": sha, "commits": [commit]})
        return sha

    def _hook(self, event: str, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        signature = "sha256=" + hmac.digest(GITHUB_SECRET.encode(), raw, "sha256").hex()
        headers = {"x-github-event": event, "x-github-delivery": "d1", "x-hub-signature-256": signature}

        answer = self._post("/v1/hooks/github", content=raw, headers=headers)
        assert answer.json() == {"outcome": "followed"}

    def fetched(self, outcome: str, commit: str) -> None:
        """Have production tell of a fetch."""
        body = {"id": f"{outcome}-{commit[:8]}", "importer": "brightwater", "outcome": outcome, "commit": commit}

        answer = self._post("/v1/fetch-outcomes", json=body, by="production", scope=Scope.FETCHES)
        assert answer.status_code == 202

    def comments(self) -> list[str]:
        """Give the ticket's comments."""
        return [comment["body"] for comment in self.jira.ticket(self.case_id)["comments"]]


@contextlib.contextmanager
def jira_with(root: Path, tickets: list[str]) -> Iterator[Site]:
    """Run a JIRA with these tickets, all about Brightwater, into each of which somebody has pasted secrets."""
    pasted = {"summary": f"No bills: {PASTED[0]}", "description": f"log in with {' / '.join(PASTED)}"}
    laid = [{**jira_site.CONFIG["tickets"][0], **pasted, "key": key} for key in tickets]
    config = {**jira_site.CONFIG, "tickets": laid}

    def make(url: str) -> Any:
        return create_app(Store(config, "cloud", url, root / "state.json"), root / "record/jira.jsonl")

    with serving(make) as url:
        yield Site(url, "cloud", root)


@contextlib.contextmanager
def held_answers(github: GitHubWire, event: Any) -> Iterator[None]:
    """Hold GitHub's answers to writes back until the context ends."""
    github.held = event
    try:
        yield
    finally:
        event.set()
        github.held = None
