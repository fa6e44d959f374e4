"""Rules of the webhooks: what is signed and new opens one case; what is not changes nothing."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.parts import parts_of
from factories import make_case, make_report, make_run
from gateway_site import GITHUB_SECRET, SIGNING, Gateway, problem, until
from healer import body_token, dashboard, signing
from healer.clients.cases import Cases
from healer.clients.limits import Limits
from healer.commands import Command
from healer.contracts import GateMode, PullRequest, State
from healer.dashboard import Box


async def test_delivery_opens_a_case_and_starts_its_first_run(gateway: Gateway) -> None:
    """A signed delivery is answered 202 when it is on disk; Prefect gets the first run with its key."""
    answer = await gateway.deliver()
    assert (answer.status_code, answer.json()) == (202, {"case": "UTIL-101", "state": "received", "outcome": "opened"})
    await until(lambda: "heal:UTIL-101:0" in gateway.prefect.runs)
    assert gateway.prefect.runs["heal:UTIL-101:0"]["parameters"] == {"case": "UTIL-101", "attempt": 0}


async def test_repetition_gets_the_first_answer(gateway: Gateway) -> None:
    """The same id and body again is `repeated`; another id for the ticket is `attached`; nothing is started twice."""
    await gateway.deliver()
    assert (await gateway.deliver()).json()["outcome"] == "repeated"
    assert (await gateway.deliver(delivery_id="msg_2")).json()["outcome"] == "attached"
    await until(lambda: bool(gateway.prefect.runs))
    assert list(gateway.prefect.runs) == ["heal:UTIL-101:0"]


async def test_fifty_copies_at_once_are_one_case_and_one_run(gateway: Gateway) -> None:
    """Fifty copies of a delivery at once open one case and one flow run; each copy is answered 202."""
    answers = await asyncio.gather(*(gateway.deliver() for _ in range(50)))
    assert [answer.status_code for answer in answers] == [202] * 50
    assert [answer.json()["outcome"] for answer in answers].count("opened") == 1
    await until(lambda: bool(gateway.prefect.runs))
    assert len(await gateway.parts.cases.list()) == 1
    assert len(gateway.prefect.runs) == 1


async def test_id_with_another_body_is_a_conflict(gateway: Gateway) -> None:
    """The same id with another body is refused; the first one counts."""
    await gateway.deliver()
    answer = await gateway.deliver({"ticket": "UTIL-102", "importer": "brightwater"})
    assert problem(answer) == (409, "id_reused")
    assert len(await gateway.parts.cases.list()) == 1


BODY = b'{"ticket":"UTIL-101","importer":"brightwater"}'
JUNK: dict[str, tuple[Any, dict[str, Any], tuple[int, str]]] = {
    "replayed after the window": (None, {"at": int(time.time()) - 600}, (401, "stale_timestamp")),
    "from the future": (None, {"at": int(time.time()) + 86_400}, (401, "stale_timestamp")),
    "forged": (None, {"webhook-signature": "v1," + "A" * 43 + "="}, (401, "bad_signature")),
    "unknown importer": ({"ticket": "UTIL-101", "importer": "nobody"}, {}, (422, "unknown_importer")),
    "no json": (b"ticket=UTIL-101", {}, (422, "bad_body")),
    "duplicate keys": (b'{"ticket":"UTIL-1","ticket":"UTIL-2","importer":"brightwater"}', {}, (422, "bad_body")),
    "deep nesting": (b"[" * 30_000, {}, (422, "bad_body")),
    "too large": (b" " * 70_000, {}, (413, "too_large")),
    "too large a length": (b"{}", {"content-length": "99999999999999999999999"}, (413, "too_large")),
}


@pytest.mark.parametrize("name", JUNK)
async def test_junk_is_refused_and_leaves_nothing_behind(gateway: Gateway, name: str) -> None:
    """Each kind of junk has its reason, nothing of it is echoed, Redis holds nothing and Prefect is not called."""
    body, options, expected = JUNK[name]
    before = set(await gateway.redis.keys("*"))
    answer = await gateway.deliver(body, **options)
    assert problem(answer) == expected
    assert "UTIL" not in answer.text
    assert "nobody" not in answer.text
    assert set(await gateway.redis.keys("*")) == before
    assert gateway.prefect.runs == {}


async def test_unsigned_request_is_refused(gateway: Gateway) -> None:
    """Without the three headers nothing is read from the body."""
    answer = await gateway.http.post("/v1/hooks/workato", content=b"x")
    assert problem(answer) == (401, "bad_signature")
    assert answer.headers["www-authenticate"]


async def test_body_without_a_length_is_capped_while_it_is_read(gateway: Gateway) -> None:
    """A stream without an announced length is cut off at the cap."""
    sent = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1000:
            sent += 1
            yield b" " * 4096

    answer = await gateway.http.post("/v1/hooks/workato", content=stream())
    assert problem(answer) == (413, "too_large")


async def test_broken_registry_entry_is_unavailable_and_not_unknown(gateway: Gateway) -> None:
    """A delivery for an importer whose entry is broken is to be sent again; the sender did nothing wrong."""
    answer = await gateway.deliver({"ticket": "UTIL-101", "importer": "broken"})
    assert problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"


async def test_silent_redis_is_unavailable(gateway: Gateway) -> None:
    """Where Redis does not take the delivery, the answer is 503 with Retry-After, and its text names no address."""
    await gateway.redis.config_set("min-replicas-to-write", 1)
    try:
        answer = await gateway.deliver()
    finally:
        await gateway.redis.config_set("min-replicas-to-write", 0)
    assert problem(answer) == (503, "unavailable")
    assert "redis" not in answer.text.lower()
    assert (await gateway.deliver()).json()["outcome"] == "opened"


async def test_work_waits_for_prefect(gateway: Gateway) -> None:
    """While Prefect is down deliveries are taken; when it is back the runs start, in order."""
    gateway.prefect.status = 503
    for number in (101, 102, 103):
        body = {"ticket": f"UTIL-{number}", "importer": "brightwater"}
        assert (await gateway.deliver(body, delivery_id=f"msg_{number}")).status_code == 202
    await asyncio.sleep(0.05)
    assert gateway.prefect.runs == {}
    gateway.prefect.status = 0
    await until(lambda: len(gateway.prefect.runs) == 3)
    assert list(gateway.prefect.runs) == [f"heal:UTIL-{number}:0" for number in (101, 102, 103)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=300),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "webhook-id",
                "webhook-timestamp",
                "webhook-signature",
                "x-github-event",
                "x-hub-signature-256",
                "content-type",
                "authorization",
            ]
        ),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=80),
    ),
    path=st.sampled_from(["/v1/hooks/workato", "/v1/hooks/github", "/v1/leases", "/v1/gate/reports"]),
)
async def test_no_request_crashes_the_gateway(gateway: Gateway, raw: bytes, headers: dict[str, str], path: str) -> None:
    """Whatever is sent to whatever endpoint is refused with a problem of status 4xx."""
    encoded = [(name.encode(), value.strip().encode("latin-1")) for name, value in headers.items()]
    status, _ = problem(await gateway.http.post(path, content=raw, headers=encoded))
    assert 400 <= status < 500


# ---------------------------------------------------------------- JWT over the body's hash


async def _by_jwt(gateway: Gateway, body: bytes, **headers: str) -> httpx.Response:
    signed = body_token.sign(SIGNING, "msg_1", int(time.time()), body)
    return await gateway.http.post("/v1/hooks/workato", content=body, headers={**signed, **headers})


async def test_jwt_is_refused_where_it_was_not_asked_for(gateway: Gateway) -> None:
    """The second form is off by default."""
    assert problem(await _by_jwt(gateway, BODY)) == (401, "bad_signature")


async def test_jwt_is_a_second_form_with_the_same_memory(gateway: Gateway) -> None:
    """Where it is accepted, its id is known in both forms: a repetition in the other form gets the first answer."""
    gateway.app.state.parts.gateway = replace(gateway.parts, accept_jwt=True)
    assert (await _by_jwt(gateway, BODY)).json()["outcome"] == "opened"
    assert (await _by_jwt(gateway, BODY)).json()["outcome"] == "repeated"
    assert (await gateway.deliver(BODY)).json()["outcome"] == "repeated"
    assert problem(await _by_jwt(gateway, BODY + b" ")) == (409, "id_reused")


async def test_jwt_does_not_save_a_bad_signature(gateway: Gateway) -> None:
    """A delivery with a Standard Webhooks signature is judged by that alone."""
    gateway.app.state.parts.gateway = replace(gateway.parts, accept_jwt=True)
    forged = {"webhook-signature": "v1," + "A" * 43 + "="}
    assert problem(await _by_jwt(gateway, BODY, **forged)) == (401, "bad_signature")


# ---------------------------------------------------------------- GitHub


async def _github(
    gateway: Gateway,
    event: str,
    body: dict[str, Any],
    secret: str = GITHUB_SECRET,
    delivery: str = "72d3162e-cc78-11e3",
) -> httpx.Response:
    raw = json.dumps(body).encode()
    signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"x-github-event": event, "x-github-delivery": delivery, "x-hub-signature-256": signature}
    return await gateway.http.post("/v1/hooks/github", content=raw, headers=headers)


def _completed(**run: Any) -> dict[str, Any]:
    return {"action": "completed", "workflow_run": {"id": 7001, "run_attempt": 1, "conclusion": "failure", **run}}


@pytest.mark.parametrize(
    ("mode", "key"), [(GateMode.DIAGNOSE, "heal:UTIL-101:1"), (GateMode.VERIFY, "publish:UTIL-101:7001:1")]
)
async def test_run_that_ended_without_a_report_is_followed_up_once(gateway: Gateway, mode: GateMode, key: str) -> None:
    """A finished run that its case awaits starts what follows it, also when GitHub tells it twice."""
    await gateway.awaiting(make_run(mode=mode))
    assert (await _github(gateway, "workflow_run", _completed())).json() == {"outcome": "followed"}
    assert (await _github(gateway, "workflow_run", _completed())).json() == {"outcome": "repeated"}
    await until(lambda: key in gateway.prefect.runs)
    assert (await gateway.kinds()).count("run_completed") == 1


async def test_event_is_followed_once_by_its_id_and_by_its_run(gateway: Gateway) -> None:
    """An id that was followed is known, and the same run under another id (GitHub signs no id) is not followed again."""
    await gateway.awaiting()
    assert (await _github(gateway, "workflow_run", _completed())).json() == {"outcome": "followed"}
    assert (await _github(gateway, "workflow_run", _completed(id=1))).json() == {"outcome": "repeated"}
    assert (await _github(gateway, "workflow_run", _completed(), delivery="other")).json() == {"outcome": "repeated"}


async def test_events_are_counted_by_name(gateway: Gateway) -> None:
    """Each signed event is counted under its name and outcome; a name that we do not know is counted as `other`."""
    known = ["workflow_run", "check_run", "pull_request", "push", "issue_comment", "issues", "ping"]
    for event in [*known, "unheard_of", "", "x" * 200]:
        assert (await _github(gateway, event, {})).json() == {"outcome": "ignored"}
    told = (await gateway.http.get("/metrics", headers=await gateway.read_token())).text
    counted = [line for line in told.splitlines() if line.startswith("healer_github_events_total")]
    expected = {f'healer_github_events_total{{event="{event}",outcome="ignored"}} 1.0' for event in known}
    assert set(counted) == expected | {'healer_github_events_total{event="other",outcome="ignored"} 3.0'}


def _comment(text: str, **members: Any) -> dict[str, Any]:
    issue = {"number": 4, "pull_request": {"url": "x"}}
    return {
        "action": "created",
        "issue": issue,
        "comment": {"id": 77, "user": {"login": "alice"}, "body": text},
        **members,
    }


async def _published(gateway: Gateway) -> None:
    case = await gateway.awaiting()
    pull = PullRequest(number=4, url="https://github.example/pull/4", state="open", head_sha="b" * 40)
    await gateway.parts.cases.record(case, "published", {}, state=State.PUBLISHED, pull_request=pull)


async def test_comment_that_commands_is_written_on_the_case_once(gateway: Gateway) -> None:
    """A command is an event with its text redacted, and starts one run that judges it."""
    gateway.app.state.parts.gateway = replace(gateway.parts, hears_comments=True)
    await _published(gateway)
    told = _comment("/healer retry it is correct-horse now")
    assert (await _github(gateway, "issue_comment", told)).json() == {"outcome": "followed"}
    assert (await _github(gateway, "issue_comment", told, delivery="other")).json() == {"outcome": "repeated"}
    await until(lambda: "command:UTIL-101:pull:77" in gateway.prefect.runs)
    assert gateway.prefect.runs["command:UTIL-101:pull:77"]["parameters"] == {"case": "UTIL-101", "comment": "pull:77"}
    (event,) = (e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "commanded")
    assert event.data == {
        "comment": "pull:77",
        "author": "alice",
        "command": "retry",
        "text": "it is *** now",
        "attempts": 0,
    }


@pytest.mark.parametrize(
    "told",
    [
        _comment("nice work"),
        _comment("/healer stop", action="edited"),
        _comment("/healer stop", issue={"number": 4}),
        _comment("/healer stop", issue={"number": 5, "pull_request": {}}),
        _comment("/healer stop", comment={"id": 77, "user": {"login": "../x"}, "body": "/healer stop"}),
        _comment("/healer stop", comment=[]),
    ],
)
async def test_comment_that_is_not_for_a_case_is_ignored(gateway: Gateway, told: dict[str, Any]) -> None:
    """Talk, edits, issues, other pull requests and unheard-of authors write nothing."""
    gateway.app.state.parts.gateway = replace(gateway.parts, hears_comments=True)
    await _published(gateway)
    assert (await _github(gateway, "issue_comment", told)).json() == {"outcome": "ignored"}


async def test_comments_are_not_heard_where_nobody_may_command(gateway: Gateway) -> None:
    """Without a team whose members may command, comments are nothing to us."""
    await _published(gateway)
    assert (await _github(gateway, "issue_comment", _comment("/healer retry"))).json() == {"outcome": "ignored"}


async def test_closed_pull_request_starts_a_run_that_looks(gateway: Gateway) -> None:
    """GitHub's word that a published case's pull request was closed is followed; another number, or an open one, is not."""
    await _published(gateway)
    assert (await _github(gateway, "pull_request", {"action": "closed", "number": 5})).json() == {"outcome": "ignored"}
    assert (await _github(gateway, "pull_request", {"action": "edited", "number": 4})).json() == {"outcome": "ignored"}
    assert (await _github(gateway, "pull_request", {"action": "closed", "number": 4})).json() == {"outcome": "followed"}
    await until(lambda: any(":again-" in key for key in gateway.prefect.runs))


def _push(*paths: str, **members: Any) -> dict[str, Any]:
    commits = [{"added": [], "modified": list(paths), "removed": []}, {"added": 7}, None]
    return {"ref": "refs/heads/main", "after": "e" * 40, "commits": commits, **members}


async def test_push_to_an_importers_files_starts_a_run_that_looks(gateway: Gateway) -> None:
    """A push to the base branch that changes files of a published case's importer is followed, once."""
    await _published(gateway)
    told = _push("README.md", "lib/gatherers/brightwater.rb")
    assert (await _github(gateway, "push", told)).json() == {"outcome": "followed"}
    assert (await _github(gateway, "push", told, delivery="other")).json() == {"outcome": "repeated"}
    assert [e.data for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "base_moved"] == [
        {"base": "e" * 40}
    ]
    await until(lambda: any(":again-" in key for key in gateway.prefect.runs))


@pytest.mark.parametrize(
    "told",
    [
        _push("lib/gatherers/voltara.rb"),
        _push(),
        _push("lib/gatherers/brightwater.rb", ref="refs/heads/heal/UTIL-101"),
        _push("lib/gatherers/brightwater.rb", after="not-a-sha"),
        _push(commits={"modified": ["lib/gatherers/brightwater.rb"]}),
    ],
)
async def test_other_pushes_are_ignored(gateway: Gateway, told: dict[str, Any]) -> None:
    """Other files, other branches, and what is not of the documented form write nothing."""
    await _published(gateway)
    assert (await _github(gateway, "push", told)).json() == {"outcome": "ignored"}


BOARD = dashboard.body((make_case(),), {}, {}, frozenset(), "https://healer.example/v1/cases")
TICKED = BOARD.replace(
    Box(command=Command.STOP, case="UTIL-101").line(ticked=False),
    Box(command=Command.STOP, case="UTIL-101").line(ticked=True),
)


def _ticked(body: str = TICKED, before: Any = BOARD, **members: Any) -> dict[str, Any]:
    issue = {"number": 9, "title": dashboard.TITLE, "body": body, "updated_at": "2026-11-28T10:00:00Z"}
    changes = {"body": {"from": before}}
    return {"action": "edited", "issue": issue, "changes": changes, "sender": {"login": "alice"}, **members}


async def test_box_that_was_ticked_is_written_on_its_case_once(gateway: Gateway) -> None:
    """A ticked box is a command of whoever made that edit, and starts one run that judges it; ticked again later it is another."""
    gateway.app.state.parts.gateway = replace(gateway.parts, hears_comments=True)
    await gateway.awaiting()
    assert (await _github(gateway, "issues", _ticked())).json() == {"outcome": "followed"}
    assert (await _github(gateway, "issues", _ticked(), delivery="other")).json() == {"outcome": "repeated"}
    later = _ticked()
    later["issue"]["updated_at"] = "2026-11-28T10:05:00Z"
    assert (await _github(gateway, "issues", later, delivery="third")).json() == {"outcome": "followed"}
    said = [e.data for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "commanded"]
    assert [(one["author"], one["command"]) for one in said] == [("alice", "stop")] * 2
    assert len({one["comment"] for one in said}) == 2
    await until(lambda: f"command:UTIL-101:{said[0]['comment']}" in gateway.prefect.runs)


@pytest.mark.parametrize(
    "told",
    [
        _ticked(before=TICKED),
        _ticked(before=None),
        _ticked(body=BOARD, before=TICKED),
        _ticked(body=TICKED.replace("stop it", "explain it")),
        _ticked(body=TICKED.replace(dashboard.MARKER, "")),
        _ticked(body=TICKED.replace("UTIL-101", "UTIL-999")),
        _ticked(changes={"title": {"from": "x"}}),
        _ticked(action="opened"),
        _ticked(sender={"login": "../x"}),
        _ticked(sender=None),
        _ticked(issue={"number": 9, "title": "another", "body": TICKED}),
        _ticked(issue=[]),
    ],
)
async def test_edit_that_ticks_nothing_is_ignored(gateway: Gateway, told: dict[str, Any]) -> None:
    """What was ticked before, worded otherwise, in another issue, for no case, or by nobody commands nothing."""
    gateway.app.state.parts.gateway = replace(gateway.parts, hears_comments=True)
    await gateway.awaiting()
    assert (await _github(gateway, "issues", told)).json() == {"outcome": "ignored"}


async def test_boxes_are_not_heard_where_nobody_may_command(gateway: Gateway) -> None:
    """Without a team whose members may command, a box is nothing to us."""
    await gateway.awaiting()
    assert (await _github(gateway, "issues", _ticked())).json() == {"outcome": "ignored"}


async def test_run_that_has_reported_needs_no_follow_up(gateway: Gateway) -> None:
    """Where the report came first, GitHub's word changes nothing."""
    await gateway.awaiting()
    await gateway.parts.evidence.keep_report(make_report())
    assert (await _github(gateway, "workflow_run", _completed())).json() == {"outcome": "ignored"}


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("ping", {"zen": "x"}),
        ("push", {"ref": "refs/heads/main"}),
        ("check_run", {"action": "completed", "check_run": {"id": 7001}}),
        ("pull_request", {"action": "closed", "pull_request": {"number": 1}}),
        ("issue_comment", {"action": "created", "comment": {"body": "/stop"}}),
        ("workflow_run", {**_completed(), "action": "requested"}),
        ("workflow_run", _completed(id=1)),
        ("workflow_run", _completed(run_attempt=2)),
        ("workflow_run", _completed(id="7001")),
        ("workflow_run", {"action": "completed", "workflow_run": [1]}),
        ("unheard_of", {}),
    ],
)
async def test_other_events_are_ignored(gateway: Gateway, event: str, body: dict[str, Any]) -> None:
    """Every other signed event is answered 202 and changes nothing."""
    await gateway.awaiting()
    before = await gateway.kinds()
    answer = await _github(gateway, event, body)
    assert (answer.status_code, answer.json()) == (202, {"outcome": "ignored"})
    assert [kind for kind in await gateway.kinds() if kind != "run_started"] == [
        k for k in before if k != "run_started"
    ]


async def test_unsigned_event_is_refused(gateway: Gateway) -> None:
    """An event that GitHub did not sign is refused."""
    await gateway.awaiting()
    assert problem(await _github(gateway, "workflow_run", _completed(), secret="other")) == (401, "bad_signature")
    assert "run_completed" not in await gateway.kinds()


async def test_signature_covers_the_raw_bytes(gateway: Gateway) -> None:
    """The same JSON in other bytes is another body."""
    raw = b'{"ticket":"UTIL-101","importer":"brightwater"}'
    signed = signing.sign(SIGNING, "msg_1", int(time.time()), raw)
    answer = await gateway.http.post("/v1/hooks/workato", content=raw.replace(b",", b", "), headers=signed)
    assert problem(answer) == (401, "bad_signature")


async def test_over_a_limit_a_ticket_waits_in_line_where_limits_queue(gateway: Gateway) -> None:
    """The answer says that it is queued and its place; the case is shown with it, and the repetition gets it too."""
    one = Limits(mode="queue", open_cases=1)
    parts_of(gateway.app).gateway = replace(gateway.parts, cases=Cases(gateway.redis, one))
    opened = await gateway.deliver()
    assert opened.json() == {"case": "UTIL-101", "state": "received", "outcome": "opened"}
    for number in (2, 3):
        body = {"ticket": f"UTIL-10{number}", "importer": "brightwater"}
        answer = await gateway.deliver(body, delivery_id=f"msg_{number}")
        queued = {"case": body["ticket"], "state": "queued", "outcome": "queued", "place": number - 1}
        assert (answer.status_code, answer.json()) == (202, queued)
    again = await gateway.deliver(body, delivery_id="msg_3")
    assert again.json() == {**queued, "outcome": "repeated"}
    headers = await gateway.read_token()
    shown = (await gateway.http.get("/v1/cases/UTIL-103", headers=headers)).json()
    assert (shown["place"], shown["case"]["reason"]) == (2, "OVER_LIMIT")
    assert (await gateway.http.get("/v1/cases/UTIL-101", headers=headers)).json()["place"] is None
    assert "healer_line 2.0" in (await gateway.http.get("/metrics", headers=headers)).text


async def test_over_a_limit_a_delivery_is_refused_by_itself(gateway: Gateway) -> None:
    """Where limits do not queue, the answer is 429 with the seconds to wait."""
    one = Limits(open_cases=1)
    parts_of(gateway.app).gateway = replace(gateway.parts, cases=Cases(gateway.redis, one))
    await gateway.deliver()
    answer = await gateway.deliver({"ticket": "UTIL-102", "importer": "brightwater"}, delivery_id="msg_2")
    assert problem(answer) == (429, "too_many_open_cases")
    assert answer.headers["retry-after"] == "300"
