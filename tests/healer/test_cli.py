"""Rules of the `healer` command, as an operator types it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import respx

from desk import KEYS, URL, Desk
from factories import NOW, make_case, make_run
from healer import body_token, signing
from healer.chain import link
from healer.contracts import RunRequest, Trace


@pytest.fixture
def gateway() -> Iterator[respx.Router]:
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        yield router


def test_send_signs_and_delivers(healer: Desk, gateway: respx.Router) -> None:
    """`send` posts a delivery that the gateway's own check accepts, and prints the answer."""
    posted = gateway.post("/v1/hooks/workato").respond(
        202, json={"case": "UTIL-101", "state": "received", "outcome": "opened"}
    )
    code, out, _ = healer("send", "UTIL-101", "--importer", "brightwater")
    assert (code, json.loads(out)["outcome"]) == (0, "opened")
    request = posted.calls.last.request
    assert json.loads(request.content) == {"ticket": "UTIL-101", "importer": "brightwater"}
    stamp = int(request.headers["webhook-timestamp"])
    raw = [(name.lower(), value) for name, value in request.headers.raw]
    assert signing.verify(raw, request.content, signing.parse_keys(KEYS), stamp)


def test_refusal_ends_with_one_and_the_reason(healer: Desk, gateway: respx.Router) -> None:
    """What the gateway refuses ends with 1 and tells the reason on standard error."""
    gateway.post("/v1/hooks/workato").respond(422, json={"detail": "no such importer.", "reason": "unknown_importer"})
    code, out, err = healer("send", "UTIL-101", "--importer", "nobody")
    assert (code, out) == (1, "")
    assert "unknown_importer" in err


def test_silent_gateway_ends_with_one(healer: Desk, gateway: respx.Router) -> None:
    """A gateway that does not answer ends with 1 and says what to look at."""
    gateway.get("/v1/cases").respond(502, text="<html>")
    code, _, err = healer("case", "list")
    assert code == 1
    assert "HEALER_URL" in err


def test_missing_setting_ends_with_two(healer: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing setting, a wrong option and a malformed ref end with 2."""
    assert healer("send", "UTIL-101")[0] == 2
    assert healer("credential", "put", "Bad Ref", stdin="{}")[0] == 2
    assert healer("token", "create", "--scope", "everything")[0] == 2
    monkeypatch.delenv("HEALER_WORKATO_KEYS")
    code, _, err = healer("send", "UTIL-101", "--importer", "brightwater")
    assert code == 2
    assert "HEALER_WORKATO_KEYS" in err


def test_sign_prints_headers_to_compare(healer: Desk) -> None:
    """`sign` prints the three headers and the body, and never the key."""
    code, out, _ = healer("sign", "UTIL-101", "--importer", "brightwater")
    assert code == 0
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= {
        line.partition(":")[0] for line in out.splitlines()
    }
    assert out.rstrip().endswith('{"ticket":"UTIL-101","importer":"brightwater"}')
    assert KEYS not in out


def test_jwt_is_made_on_request(healer: Desk, gateway: respx.Router) -> None:
    """`send --jwt` and `sign --jwt` make the other form, which the gateway's own check accepts."""
    posted = gateway.post("/v1/hooks/workato").respond(202, json={})
    assert healer("send", "UTIL-101", "--importer", "brightwater", "--jwt")[0] == 0
    request = posted.calls.last.request
    raw = [(name.lower(), value) for name, value in request.headers.raw]
    assert body_token.verify(raw, request.content, signing.parse_keys(KEYS), time.time())
    assert healer("sign", "UTIL-101", "--importer", "brightwater", "--jwt")[1].startswith("authorization: Bearer ey")


def _answer(*, changed: bool = False) -> dict[str, object]:
    first = link(None, NOW, "received", {"delivery": "msg_1"})
    second = link(first, NOW, "gate_dispatched", {"run_id": 7001})
    events = [first, second.model_copy(update={"data": {"run_id": 1}}) if changed else second]
    return {
        "case": make_case(awaiting=make_run()).model_dump(mode="json"),
        "events": [event.model_dump(mode="json") for event in events],
        "links": {
            "ticket": "https://jira.example/browse/UTIL-101",
            "pull_request": None,
            "gate_runs": [make_run().url],
            "prefect": None,
        },
        "logins": [{"ref": "brightwater-main", "used": 2, "ceiling": 6, "next_at": NOW.isoformat()}],
        "spend": {
            "ledgers": {
                "usd_per_case": {"spent": 4.5, "limit": 15},
                "agent_minutes_per_case": {"spent": 10.5, "limit": 180},
            },
            "runs": [],
        },
        "place": 3,
    }


def test_case_is_told_as_a_story(healer: Desk, gateway: respx.Router) -> None:
    """`case show` tells state, events and links; with --json, all of it."""
    gateway.get("/v1/cases/UTIL-101").respond(json=_answer())
    code, out, _ = healer("case", "show", "UTIL-101")
    assert code == 0
    for word in ("received", "gate dispatched", "run_id 7001", "https://jira.example/browse/UTIL-101", make_run().url):
        assert word in out
    assert "logins of brightwater-main: 2 of 6 used, next at 2026-11-24 10:00 UTC" in out
    assert "place in the line: 3" in out
    assert "spent: $4.50 of $15.00, 10.5 of 180 agent minutes" in out
    assert "BROKEN" not in out
    assert json.loads(healer("case", "show", "UTIL-101", "--json")[1]) == _answer()


def test_changed_record_is_called_out(healer: Desk, gateway: respx.Router) -> None:
    """`case show` checks the event chain and says where it breaks."""
    gateway.get("/v1/cases/UTIL-101").respond(json=_answer(changed=True))
    assert "BROKEN at event 2" in healer("case", "show", "UTIL-101")[1]


def test_cases_are_listed_one_a_line(healer: Desk, gateway: respx.Router) -> None:
    """`case list` prints a line per case."""
    gateway.get("/v1/cases").respond(json={"cases": [make_case().model_dump(mode="json")]})
    code, out, _ = healer("case", "list")
    assert (code, len(out.splitlines())) == (0, 1)
    assert out.startswith("UTIL-101")


@pytest.mark.parametrize(
    ("arguments", "members"),
    [
        (("stop",), {"reason": ""}),
        (("stop", "--reason", "rebuilt"), {"reason": "rebuilt"}),
        (("take",), {}),
        (("release",), {}),
        (("retry",), {"hint": ""}),
        (("retry", "the footer"), {"hint": "the footer"}),
        (("budget", "+3"), {"attempts": 3}),
        (("budget", "--usd", "2.5"), {"usd": 2.5}),
        (("budget", "1", "--minutes", "30"), {"attempts": 1, "minutes": 30}),
    ],
)
def test_command_is_given_and_its_answer_told(
    healer: Desk, gateway: respx.Router, arguments: tuple[str, ...], members: dict[str, object]
) -> None:
    """Each command posts its members with the operator's token and tells state and giver."""
    name, *rest = arguments
    answer = {"case": "UTIL-101", "command": name, "state": "stopped", "by": "alice"}
    answer |= {"extra_attempts": 3, "extra_usd": 2.5, "extra_minutes": 0}
    posted = gateway.post(f"/v1/cases/UTIL-101/{name}").respond(json=answer)
    code, out, _ = healer("case", name, "UTIL-101", *rest)
    assert (code, out) == (0, f"UTIL-101  stopped  ({name} by alice, 3 more attempts, 2.5 more US dollars allowed)\n")
    assert json.loads(posted.calls.last.request.content) == members
    assert posted.calls.last.request.headers["authorization"] == "Bearer healer_x"


def test_command_that_the_state_forbids_ends_with_one(healer: Desk, gateway: respx.Router) -> None:
    """What the gateway refuses ends with 1 and its reason; a budget out of bounds with 2, before anything is sent."""
    gateway.post("/v1/cases/UTIL-101/stop").respond(409, json={"detail": "it has ended.", "reason": "case_ended"})
    code, _, err = healer("case", "stop", "UTIL-101")
    assert (code, "case_ended" in err) == (1, True)
    for more in (["0"], ["11"], ["many"], [], ["--usd", "0"], ["--minutes", "2000"]):
        assert healer("case", "budget", "UTIL-101", *more)[0] == 2


def test_explanation_is_printed_as_it_is(healer: Desk, gateway: respx.Router) -> None:
    """`case explain` prints the gateway's Markdown; a refusal and a foreign answer are told apart."""
    route = gateway.post("/v1/cases/UTIL-101/explain")
    route.respond(text="# UTIL-101: brightwater is stopped\n", content_type="text/markdown")
    assert healer("case", "explain", "UTIL-101")[:2] == (0, "# UTIL-101: brightwater is stopped\n")
    route.respond(404, json={"detail": "there is no such case.", "reason": "unknown_case"})
    assert "unknown_case" in healer("case", "explain", "UTIL-101")[2]
    route.respond(502, text="<html>")
    assert "HEALER_URL" in healer("case", "explain", "UTIL-101")[2]


def test_token_is_shown_once_and_revoked_by_name(healer: Desk) -> None:
    """`token create` prints the token alone; `token revoke` forgets it by name."""
    code, out, _ = healer("token", "create", "--scope", "read", "--name", "desk")
    assert code == 0
    assert out.startswith("healer_")
    assert len(out.split()) == 1
    assert "1 revoked" in healer("token", "revoke", "desk")[2]
    code, _, err = healer("token", "revoke", "desk")
    assert (code, "unknown_token" in err) == (1, True)


def test_tokens_are_listed_by_name(healer: Desk) -> None:
    """`token list` tells name, scopes and age of each token; a name that could not be shown is refused."""
    made = healer("token", "create", "--scope", "read", "--scope", "operate", "--name", "alice")[1].strip()
    code, out, _ = healer("token", "list")
    assert (code, out.split()[:3]) == (0, ["alice", "operate,", "read"])
    assert made not in out
    for name in ("", "a\nb", "-x", "a" * 65, "{macro}"):
        assert healer("token", "create", "--scope", "read", f"--name={name}")[0] == 2


@pytest.fixture
def buried(redis_url: str) -> list[str]:
    """Give the ids of two dead letters, of which the second cannot be read."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as store:
        request = RunRequest(flow="heal", case="UTIL-101").model_dump_json()
        letters = [{"request": request, "reason": "run_refused"}, {"request": "{", "reason": "unreadable"}]
        return [str(store.xadd("healer:outbox:dead", letter)) for letter in letters]  # type: ignore[arg-type]


def test_dead_letters_are_listed_and_redriven(healer: Desk, buried: list[str]) -> None:
    """`intake list` tells each letter's id, reason and run; `intake redrive` owes the named ones again, or all."""
    code, out, err = healer("intake", "list")
    assert code == 0
    first, second = out.splitlines()
    assert first.startswith(buried[0])
    assert "run_refused  heal:UTIL-101:0" in first
    assert "unreadable" in second
    assert "2 buried, 0 owed" in err
    assert healer("intake", "redrive", buried[0])[0] == 0
    assert "1 buried, 1 owed" in healer("intake", "list")[2]
    assert healer("intake", "redrive", "--all")[0] == 0
    assert healer("intake", "list")[1:] == ("", "0 buried, 2 owed\n")


@pytest.mark.parametrize(("arguments", "expected"), [((), 2), (("x",), 2), (("1-0", "--all"), 2), (("1-0",), 1)])
def test_redrive_refuses_what_it_cannot_find(healer: Desk, arguments: tuple[str, ...], expected: int) -> None:
    """Without an id, with a malformed one, or with both an id and --all it ends with 2; with an unknown id with 1."""
    code, _, err = healer("intake", "redrive", *arguments)
    assert code == expected
    assert expected == 2 or "unknown_letter" in err


def test_recording_is_redacted_under_a_key_that_nobody_keeps(healer: Desk, tmp_path: Path) -> None:
    """`trace` prints a recording without the page's figures; two recordings of one page do not share tokens."""
    page = "<html><body><p>Account 7001234567 owes 123.45</p></body></html>"
    step = {
        "number": 1,
        "method": "GET",
        "url": "https://x.example/bills",
        "status": 200,
        "content_type": "text/html",
        "body": "001.body",
    }
    (tmp_path / "trace.json").write_text(json.dumps({"version": 1, "importer": "brightwater", "steps": [step]}))
    (tmp_path / "001.body").write_text(page)
    once, again = (healer("trace", "brightwater", str(tmp_path))[1] for _ in range(2))
    assert Trace.model_validate_json(once).steps[0].status == 200
    assert "7001234567" not in once
    assert once != again
