"""Rules of people's commands, through the front door."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from factories import make_delivery, make_report
from gateway_site import GITHUB_SECRET, Gateway, bearer, problem, until
from healer import receipt
from healer.clients.tokens import Scope
from healer.contracts import Attempt, Case, State
from healer.redact import Redactor

GIVEN: dict[str, dict[str, Any]] = {
    "stop": {"reason": "the portal is rebuilt"},
    "take": {},
    "release": {},
    "retry": {"hint": "look at the footer"},
    "budget": {"attempts": 2},
    "explain": {},
}


async def tell(
    gateway: Gateway, command: str, body: Any = None, by: str = "alice", case: str = "UTIL-101"
) -> httpx.Response:
    """Give a command as `by`."""
    token = await gateway.parts.tokens.create(by, [Scope.OPERATE])
    content = body if isinstance(body, bytes) else json.dumps(GIVEN[command] if body is None else body).encode()
    path = f"/v1/cases/{case}/{command}"
    return await gateway.http.post(path, content=content, headers=bearer(token.get_secret_value()))


async def stands(gateway: Gateway) -> Case:
    """Give the case as it stands."""
    case = await gateway.parts.cases.get("UTIL-101")
    assert case
    return case


async def bring(gateway: Gateway, state: State, **changes: Any) -> Case:
    """Give a case in this state."""
    case = (await gateway.parts.cases.receive(make_delivery(), make_delivery().received_at)).case
    return await gateway.parts.cases.record(case, state.value, {"by": "bob"}, state=state, **changes)


async def test_stop_ends_at_once_and_has_the_ticket_told(gateway: Gateway) -> None:
    """The case is stopped when the answer comes, with who and why; a flow run follows that tells the ticket."""
    await gateway.awaiting()
    answer = await tell(gateway, "stop")
    told = {"case": "UTIL-101", "command": "stop", "state": "stopped", "by": "alice"}
    told |= {"extra_attempts": 0, "extra_usd": 0, "extra_minutes": 0}
    assert (answer.status_code, answer.json()) == (200, told)
    case = await stands(gateway)
    assert (case.state, case.reason_text) == (State.STOPPED, "Stopped by alice: the portal is rebuilt")
    (event,) = [e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "stopped"]
    assert event.data == {"by": "alice", "why": "the portal is rebuilt"}
    await until(lambda: "heal:UTIL-101:1:again-1" in gateway.prefect.runs)
    assert await gateway.redis.sismember("healer:cases:open", "UTIL-101") == 0


ADDRESS = "jane.doe@utility.example"


async def test_name_that_is_personal_goes_by_the_tokens_id(gateway: Gateway) -> None:
    """Where personal data is masked, a token's name that is an e-mail address is nowhere recorded or told; two people stay two."""
    gateway.app.state.parts.gateway = replace(gateway.parts, redactor=Redactor(personal=True))
    await gateway.awaiting()
    answer = await tell(gateway, "take", by=ADDRESS)
    (holder,) = await gateway.parts.tokens.list()
    assert answer.json()["by"] == f"*** (token {holder.id})"
    assert problem(await tell(gateway, "take", by=f"x{ADDRESS}")) == (409, "case_taken")
    case, events = await stands(gateway), await gateway.parts.cases.events("UTIL-101")
    assert case.reason_text == f"Taken by *** (token {holder.id})."
    assert [event.data["by"] for event in events if event.kind == "taken"] == [f"*** (token {holder.id})"]
    names = [f"healer:case:{part}" for part in ("UTIL-101", "UTIL-101:events")]
    assert ADDRESS not in str([await gateway.redis.get(names[0]), await gateway.redis.lrange(names[1], 0, -1)])
    told = receipt.write(case, events, {}, {}, Redactor(personal=True).text)
    assert (told.masked, told.people) == ((), (f"*** (token {holder.id})",))
    assert list(receipt.findings(receipt.read(receipt.statement(told, "acme/importers")))) == []


async def test_second_stop_gets_the_first_answer(gateway: Gateway) -> None:
    """Stopping twice, also at once and by others, is one stop; each hears the same."""
    await gateway.awaiting()
    answers = await asyncio.gather(*(tell(gateway, "stop", {}, by=f"op-{n}") for n in range(8)))
    assert len({answer.text for answer in answers}) == 1
    assert (await tell(gateway, "stop", by="late")).text == answers[0].text
    assert (await gateway.kinds()).count("stopped") == 1


@pytest.mark.parametrize("command", ["stop", "take"])
async def test_after_a_stop_nothing_is_released_and_a_late_report_changes_nothing(
    gateway: Gateway, command: str
) -> None:
    """The run on its way gets no login; its report is recorded, and starts nothing."""
    await gateway.awaiting()
    await tell(gateway, command)
    await until(lambda: len(gateway.prefect.runs) == 2)
    assert problem(await gateway.lease()) == (409, "case_ended")
    assert await gateway.parts.logins.used("brightwater-main") == 0
    before = await stands(gateway)
    answer = await gateway.report(make_report().model_dump_json().encode())
    assert (answer.status_code, answer.json()["outcome"]) == (202, "taken")
    (event,) = [e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "report_received"]
    assert event.data["late"] is True
    assert await stands(gateway) == before
    assert await gateway.parts.outbox.owed() == 0
    assert set(gateway.prefect.runs) == {"heal:UTIL-101:0", "heal:UTIL-101:1:again-1"}


async def test_report_of_before_a_retry_is_recorded_and_changes_nothing(gateway: Gateway) -> None:
    """What a run of ours reports after its case began again is on record; the case goes on as if nothing had come."""
    await gateway.awaiting()
    await tell(gateway, "stop")
    await tell(gateway, "retry")
    await until(lambda: len(gateway.prefect.runs) == 3)
    before = await stands(gateway)
    for outcome in ("taken", "repeated"):
        answer = await gateway.report(make_report().model_dump_json().encode())
        assert (answer.status_code, answer.json()["outcome"]) == (202, outcome)
    (event,) = [e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "report_received"]
    assert (event.data["run_id"], event.data["late"]) == (7001, True)
    assert await stands(gateway) == before
    assert await gateway.parts.outbox.owed() == 0
    assert len(gateway.prefect.runs) == 3


@pytest.mark.parametrize(
    ("claims", "report"),
    [
        ({"job_workflow_sha": "d" * 40}, {}),
        ({"event_name": "push"}, {}),
        ({"run_attempt": "2"}, {"run_attempt": 2}),
        ({"run_id": "7009"}, {"run_id": 7009}),
        ({}, {"case": "UTIL-102"}),
        ({}, {"run_id": 7009}),
    ],
)
async def test_after_a_retry_only_a_run_of_ours_is_recorded(
    gateway: Gateway, claims: dict[str, Any], report: dict[str, Any]
) -> None:
    """Whatever does not prove to be the run that we dispatched, about its own case, is refused and left out of the record."""
    await gateway.awaiting()
    await tell(gateway, "stop")
    await tell(gateway, "retry")
    body = make_report(**report).model_dump_json().encode()
    assert problem(await gateway.report(body, **claims)) == (403, "not_our_run")
    assert "report_received" not in await gateway.kinds()


async def test_githubs_word_about_a_stopped_run_is_noted_and_starts_nothing(gateway: Gateway) -> None:
    """A run that ends without a report after the stop is on record; no flow run follows from it."""
    await gateway.awaiting()
    await tell(gateway, "stop")
    await until(lambda: len(gateway.prefect.runs) == 2)
    body = b'{"action": "completed", "workflow_run": {"id": 7001, "run_attempt": 1, "conclusion": "cancelled"}}'
    signature = "sha256=" + hmac.new(GITHUB_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": "workflow_run", "x-github-delivery": "72d3", "x-hub-signature-256": signature}
    assert (await gateway.http.post("/v1/hooks/github", content=body, headers=headers)).status_code == 202
    assert "run_completed" in await gateway.kinds()
    assert await gateway.parts.outbox.owed() == 0
    assert len(gateway.prefect.runs) == 2


async def test_lease_and_stop_at_once_have_one_order(gateway: Gateway) -> None:
    """Either the login is on record before the stop, or it is not released."""
    await gateway.awaiting()
    leased, _ = await asyncio.gather(gateway.lease(), tell(gateway, "stop"))
    kinds = await gateway.kinds()
    assert (leased.status_code == 200) is ("leased" in kinds)
    assert "leased" not in kinds or kinds.index("leased") < kinds.index("stopped")


async def test_taken_case_is_given_back_with_a_fresh_diagnosis(gateway: Gateway) -> None:
    """Take silences and keeps the branch; release begins with a number that nothing has used; only the taker takes twice."""
    await bring(gateway, State.PUSHED, branch="heal/UTIL-101", attempts=(Attempt(number=1),))
    assert (await tell(gateway, "take")).json()["state"] == "taken"
    assert (await tell(gateway, "take")).json()["by"] == "alice"
    assert problem(await tell(gateway, "take", by="bob")) == (409, "case_taken")
    assert (await stands(gateway)).branch == "heal/UTIL-101"
    assert (await tell(gateway, "release", by="bob")).json()["state"] == "received"
    case = await stands(gateway)
    assert (case.first, case.branch) == (3, "heal/UTIL-101")
    await until(lambda: "heal:UTIL-101:3:again-2" in gateway.prefect.runs)
    assert problem(await tell(gateway, "release")) == (409, "not_taken")


async def test_retry_keeps_a_hint_without_secrets(gateway: Gateway) -> None:
    """A hint is kept on the case after redaction, also of the importer's own login; the event has its length only."""
    await gateway.awaiting()
    await tell(gateway, "stop", {})
    await tell(
        gateway,
        "retry",
        {"hint": "log in as robot-77 with correct-horse,\nthen ghp_0123456789abcdefghijABCDEFGHIJ0123"},
    )
    case = await stands(gateway)
    assert case.hint == "log in as *** with ***,\nthen ***"
    assert "correct-horse" not in str(await gateway.parts.cases.events("UTIL-101"))
    await until(lambda: f"heal:UTIL-101:{case.first}:again-2" in gateway.prefect.runs)


async def test_stop_does_not_wait_for_the_registry(gateway: Gateway) -> None:
    """Where the texts to redact cannot be read, the stop happens and its reason is not kept; a retry with a hint waits."""
    gateway.registry[0] = "not toml ["
    await bring(gateway, State.DIAGNOSING)
    assert (await tell(gateway, "stop")).status_code == 200
    assert "portal" not in (await stands(gateway)).reason_text
    assert problem(await tell(gateway, "retry")) == (503, "unavailable")
    assert (await tell(gateway, "retry", {})).status_code == 200


async def test_budget_is_recorded_and_disturbs_nobody(gateway: Gateway) -> None:
    """More attempts are an event with who; the case's version stays, so that no step at work loses its write."""
    case = await bring(gateway, State.PATCHING)
    assert (await tell(gateway, "budget")).json()["extra_attempts"] == 2
    assert (await tell(gateway, "budget", {"attempts": 10})).json()["extra_attempts"] == 12
    assert (await stands(gateway)).version == case.version
    (event, _) = [e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "budget_raised"]
    assert event.data == {"by": "alice", "attempts": 2}


async def test_budget_raises_the_cases_money_and_minutes(gateway: Gateway) -> None:
    """What is allowed adds up in the answer, and the case is shown with its limits as they are now."""
    await bring(gateway, State.NEEDS_ENGINEER)
    await tell(gateway, "budget", {"usd": 5})
    answer = (await tell(gateway, "budget", {"usd": 2.5, "minutes": 30})).json()
    assert (answer["extra_attempts"], answer["extra_usd"], answer["extra_minutes"]) == (0, 7.5, 30)
    shown = (await gateway.http.get("/v1/cases/UTIL-101", headers=await gateway.read_token())).json()
    limits = {name: account["limit"] for name, account in shown["spend"]["ledgers"].items()}
    assert (limits["usd_per_case"], limits["agent_minutes_per_case"], limits["usd_per_day"]) == (22.5, 210, 100)


async def test_case_is_explained_in_markdown(gateway: Gateway) -> None:
    """An explanation is Markdown for a person, and changes nothing."""
    case = await bring(gateway, State.NEEDS_ENGINEER, reason_text="Two attempts failed.")
    answer = await tell(gateway, "explain")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    for part in ("# UTIL-101: brightwater is needs engineer", "Two attempts failed.", "water-team", "`retry`"):
        assert part in answer.text
    assert await stands(gateway) == case


@pytest.mark.parametrize("state", State)
async def test_every_command_in_every_state_is_answered(gateway: Gateway, state: State) -> None:
    """Each command in each state is obeyed or refused with 409 and a reason; nothing is an error."""
    for command in GIVEN:
        await gateway.redis.flushall()
        await gateway.parts.outbox.prepare()
        await bring(gateway, state)
        answer = await tell(gateway, command)
        assert answer.status_code in {200, 409}, (command, answer.text)
        if answer.status_code == 409:
            assert problem(answer)[1] in {"case_ended", "case_open", "case_taken", "not_taken"}
            assert (await stands(gateway)).state is state


@pytest.mark.parametrize("command", GIVEN)
async def test_commands_need_a_token_with_scope_operate(gateway: Gateway, command: str) -> None:
    """Without a token, with a revoked one, or with scope `read` alone, nothing is done; a case must be there."""
    path = f"/v1/cases/UTIL-101/{command}"
    assert problem(await gateway.http.post(path)) == (401, "bad_token")
    assert problem(await gateway.http.post(path, headers=await gateway.read_token(Scope.READ))) == (
        403,
        "missing_scope",
    )
    assert problem(await tell(gateway, command)) == (404, "unknown_case")
    assert problem(await tell(gateway, command, case="UTIL-1:events")) == (422, "bad_request")
    headers = await gateway.read_token(Scope.OPERATE)
    await gateway.parts.tokens.revoke("test")
    assert problem(await gateway.http.post(path, headers=headers)) == (401, "bad_token")


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("stop", {"resaon": "x"}),
        ("stop", {"reason": "x" * 501}),
        ("stop", b"["),
        ("take", {"reason": "x"}),
        ("retry", {"hint": "x" * 2001}),
        ("retry", {"hint": 7}),
        ("retry", b'{"hint": "\\ud800"}'),
        ("budget", {}),
        ("budget", b""),
        ("budget", {"attempts": 0}),
        ("budget", {"attempts": 11}),
        ("budget", {"attempts": True}),
        ("budget", {"attempts": "3"}),
        ("budget", {"attempts": 1.0}),
        ("budget", {"usd": 0}),
        ("budget", {"usd": 1000.01}),
        ("budget", {"usd": "5"}),
        ("budget", {"minutes": 0}),
        ("budget", {"minutes": 1, "usd": -1}),
    ],
)
async def test_malformed_command_is_refused(gateway: Gateway, command: str, body: Any) -> None:
    """A member that is unknown, missing, too long or of another type is refused without an echo, and changes nothing."""
    case = await bring(gateway, State.NEEDS_ENGINEER)
    answer = await tell(gateway, command, body)
    assert problem(answer) == (422, "bad_body")
    assert "xxx" not in answer.text
    assert "resaon" not in answer.text
    assert await stands(gateway) == case


async def test_body_may_be_absent_where_nothing_is_required(gateway: Gateway) -> None:
    """A stop without a body is a stop."""
    await gateway.awaiting()
    assert (await tell(gateway, "stop", b"")).status_code == 200
    assert (await stands(gateway)).reason_text == "Stopped by alice."
