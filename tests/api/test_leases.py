"""Rules of the lease: only the run that we dispatched gets its login, once, and within the ceiling."""

import asyncio
import base64
import time
from datetime import UTC, datetime

import pytest

from factories import make_report, make_run
from gateway_site import Gateway, problem
from healer.contracts import Attempt, GateMode, History, LeaseGrant, LoginOutcome
from healer.history import Hasher


async def test_dispatched_run_gets_its_login(gateway: Gateway) -> None:
    """The awaited run gets grant, variables and trace key; the answer is not to be stored; the case tells of it."""
    await gateway.awaiting()
    answer = await gateway.lease()
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert body["env"] == {"brightwater-main": {"PORTAL_USERNAME": "robot-77", "PORTAL_PASSWORD": "correct-horse"}}
    assert len(base64.b64decode(body["trace_key"])) == 32
    assert (body["grant"]["case"], body["grant"]["refs"], body["grant"]["mode"]) == (
        "UTIL-101",
        ["brightwater-main"],
        "diagnose",
    )
    assert "leased" in await gateway.kinds()


async def test_released_values_are_known_to_redaction(gateway: Gateway) -> None:
    """From the lease on this process masks the released values."""
    await gateway.awaiting()
    await gateway.lease()
    assert gateway.parts.redactor.text("robot-77 correct-horse") == "*** ***"


async def test_trace_key_is_the_same_in_every_run_of_an_importer(gateway: Gateway) -> None:
    """Two runs of one importer get one trace key, so that their traces can be compared."""
    case = await gateway.awaiting()
    first = (await gateway.lease()).json()["trace_key"]
    await gateway.parts.cases.record(case, "gate_dispatched", {}, awaiting=make_run(run_id=7002))
    assert (await gateway.lease(run_id="7002")).json()["trace_key"] == first
    assert gateway.parts.evidence.hasher("brightwater").mark == Hasher(base64.b64decode(first)).mark


async def test_run_attempt_has_one_lease_also_in_a_rush(gateway: Gateway) -> None:
    """Of twenty requests at once one is granted; the others are told `lease_used`."""
    await gateway.awaiting()
    answers = await asyncio.gather(*(gateway.lease() for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert problem(await gateway.lease()) == (409, "lease_used")
    assert await gateway.parts.logins.used("brightwater-main") == 1


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "other"}, (401, "bad_identity")),
        ({"iss": "https://evil.example"}, (401, "bad_identity")),
        ({"exp": 1}, (401, "bad_identity")),
        ({"run_id": "9"}, (403, "not_our_run")),
        ({"run_attempt": "2"}, (403, "not_our_run")),
        ({"sha": "b" * 40}, (403, "not_our_run")),
        ({"ref": "refs/heads/other"}, (403, "not_our_run")),
        ({"event_name": "push"}, (403, "not_our_run")),
        ({"repository": "evil/importers"}, (403, "not_our_run")),
        ({"job_workflow_sha": "d" * 40}, (403, "not_our_run")),
        ({"repository_id": "75"}, (403, "not_our_run")),
        ({"repository_owner_id": "66"}, (403, "not_our_run")),
        ({"runner_environment": "self-hosted"}, (403, "not_our_run")),
    ],
)
async def test_other_runs_get_nothing(gateway: Gateway, claims: dict[str, object], expected: tuple[int, str]) -> None:
    """A token that is not exactly that of the awaited run gets no login and debits none."""
    await gateway.awaiting()
    answer = await gateway.lease(**claims)
    assert problem(answer) == expected
    assert "correct-horse" not in answer.text
    assert await gateway.parts.logins.used("brightwater-main") == 0


async def refusals(gateway: Gateway) -> list[dict[str, object]]:
    """Give what the case tells of its refused leases."""
    return [dict(e.data) for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "lease_refused"]


async def test_refusal_is_an_event_on_the_case(gateway: Gateway) -> None:
    """A refused lease of a run of ours is on record with its reason; the value that was wrong is not."""
    await gateway.awaiting()
    await gateway.lease(sha="b" * 40)
    (event,) = [e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "lease_refused"]
    assert event.data["reason"] == "not_our_run"
    assert "b" * 40 not in str(event.data)


async def test_ceiling_is_told_with_the_time_to_wait(gateway: Gateway) -> None:
    """When the day's logins are used up the answer is 429 with Retry-After."""
    case = await gateway.awaiting()
    for number in range(1, 4):
        case = await gateway.parts.cases.record(case, "again", {}, awaiting=make_run(run_id=number))
        assert (await gateway.lease(run_id=str(number))).status_code == 200
    await gateway.parts.cases.record(case, "again", {}, awaiting=make_run(run_id=4))
    answer = await gateway.lease(run_id="4")
    assert problem(answer) == (429, "login_ceiling")
    assert 80_000 < int(answer.headers["retry-after"]) <= 86_400


async def test_token_is_good_for_one_lease(gateway: Gateway) -> None:
    """A token whose id had its lease gets none for another run of ours, and the refusal is on the case."""
    case = await gateway.awaiting()
    assert (await gateway.lease(jti="once")).status_code == 200
    await gateway.parts.cases.record(case, "again", {}, awaiting=make_run(run_id=7002))
    assert problem(await gateway.lease(run_id="7002", jti="once")) == (409, "token_used")
    assert (await refusals(gateway))[-1]["reason"] == "token_used"
    assert await gateway.parts.logins.used("brightwater-main") == 1


async def test_closed_login_is_released_to_nobody(gateway: Gateway) -> None:
    """After a locked account is reported the lease is refused with the reason and no time to wait, until a person opens the ref."""
    await gateway.awaiting()
    await gateway.parts.logins.report("brightwater-main", "f-1", time.time() - 1000, LoginOutcome.LOCKED, "scheduler")
    answer = await gateway.lease()
    assert problem(answer) == (409, "login_closed")
    assert "retry-after" not in answer.headers
    assert "the portal locked this account" in answer.json()["detail"]
    assert (await refusals(gateway))[-1] == {
        "run_id": 7001,
        "run_attempt": 1,
        "reason": "login_closed",
        "detail": answer.json()["detail"],
        "next_at": None,
    }
    await gateway.parts.logins.open("brightwater-main")
    assert (await gateway.lease()).status_code == 200


async def test_login_cools_off_after_a_refusal(gateway: Gateway) -> None:
    """A ref that was opened again is released when the utility's cool-off is over, and not before."""
    await gateway.awaiting()
    await gateway.parts.logins.close("brightwater-main", LoginOutcome.REFUSED, "UTIL-100")
    await gateway.parts.logins.open("brightwater-main")
    answer = await gateway.lease()
    assert problem(answer) == (429, "login_cooloff")
    assert 890 < int(answer.headers["retry-after"]) <= 900
    assert "0 of 3 used, next at" in answer.json()["detail"]
    next_at = datetime.fromisoformat(str((await refusals(gateway))[-1]["next_at"]))
    assert 880 < (next_at - datetime.now(UTC)).total_seconds() <= 901


async def test_missing_credential_is_told(gateway: Gateway) -> None:
    """A ref that the vault does not have is 404, and the ref is named for the operator."""
    await gateway.awaiting()
    await gateway.redis.delete("healer:vault:brightwater-main")
    answer = await gateway.lease()
    assert problem(answer) == (404, "credential_missing")
    assert "brightwater-main" in answer.json()["detail"]


async def test_probe_gets_no_login(gateway: Gateway) -> None:
    """A probe's lease has an empty environment and debits nothing."""
    await gateway.awaiting(make_run(mode=GateMode.PROBE))
    assert (await gateway.lease()).json()["env"] == {}
    assert await gateway.parts.logins.used("brightwater-main") == 0


async def test_request_without_a_token_is_refused(gateway: Gateway) -> None:
    """No token, no lease."""
    assert problem(await gateway.http.post("/v1/leases", content=b"{}")) == (401, "bad_identity")


async def test_run_is_told_what_its_attempt_changes_and_what_is_remembered(gateway: Gateway) -> None:
    """The grant of a `verify` run has the diff of its attempt, and the history of the importer's bills."""
    remembered = History(key="0" * 32, bills=())
    await gateway.parts.evidence.keep_good(make_report(history=remembered))
    case = await gateway.awaiting()
    attempts = (Attempt(number=1, diff="+one"), Attempt(number=2, diff="+two"))
    run = make_run(run_id=7002, attempt=2, mode=GateMode.VERIFY)
    await gateway.parts.cases.record(case, "gate_dispatched", {}, awaiting=run, attempts=attempts)
    grant = LeaseGrant.model_validate((await gateway.lease(run_id="7002")).json()["grant"])
    assert (grant.diff, grant.history, grant.base) == ("+two", remembered, None)


async def test_a_run_of_base_and_head_has_one_lease_that_debits_both(gateway: Gateway) -> None:
    """Where the awaited run fetches with the base too, its one lease names the base, and two logins are debited before it is released."""
    await gateway.awaiting(make_run(attempt=1, mode=GateMode.VERIFY, base_sha="d" * 40))
    grant = LeaseGrant.model_validate((await gateway.lease()).json()["grant"])
    assert (grant.base, grant.refs, grant.repetitions) == ("d" * 40, ("brightwater-main",), 1)
    assert await gateway.parts.logins.used("brightwater-main") == 2
    leased = next(e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "leased")
    assert leased.data["logins"] == 2
    assert problem(await gateway.lease()) == (409, "lease_used")
