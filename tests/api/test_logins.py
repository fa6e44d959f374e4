"""Rules of the login ledger's door: production reports what it does, and everybody sees how the logins stand."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from factories import make_failure, make_report
from gateway_site import Gateway, problem
from healer.clients.tokens import Scope
from healer.contracts import FailureClass

REF = "brightwater-main"


async def told(gateway: Gateway, **members: Any) -> httpx.Response:
    body = {"id": "fetch-1", "ref": REF, "outcome": "accepted", **members}
    return await send(gateway, json.dumps(body).encode())


async def send(gateway: Gateway, body: bytes, *scopes: Scope) -> httpx.Response:
    headers = await gateway.read_token(*(scopes or [Scope.LOGINS]))
    return await gateway.http.post("/v1/logins", content=body, headers=headers)


async def test_reported_login_counts_once(gateway: Gateway) -> None:
    """A reported login is debited; the same one again is `repeated`; the answer says how the ref stands."""
    first, again = await told(gateway), await told(gateway)
    assert first.json() == {
        "outcome": "taken",
        "standing": {"ref": REF, "used": 1, "ceiling": 3, "next_at": None, "closed": None, "closed_at": None},
    }
    assert (again.json()["outcome"], again.json()["standing"]) == ("repeated", first.json()["standing"])


async def test_production_and_gate_share_the_ceiling(gateway: Gateway) -> None:
    """Where production has made all logins of the day, the gate gets none."""
    await gateway.awaiting()
    for number in range(3):
        await told(gateway, id=f"f-{number}")
    assert problem(await gateway.lease()) == (429, "login_ceiling")


@pytest.mark.parametrize("outcome", ["refused", "locked"])
async def test_refused_login_of_production_closes_the_ref(gateway: Gateway, outcome: str) -> None:
    """No gate run tries a login that production saw refused or locked."""
    await gateway.awaiting()
    assert (await told(gateway, outcome=outcome)).json()["standing"]["closed"] == outcome
    assert problem(await gateway.lease()) == (409, "login_closed")


async def test_refused_login_of_the_gate_closes_the_ref(gateway: Gateway) -> None:
    """A gate report of `auth_failed` closes the run's refs, also when it comes twice, and the next run gets nothing."""
    await gateway.awaiting()
    report = make_report(failure=make_failure(kind=FailureClass.AUTH_FAILED), exit_code=5).model_dump_json().encode()
    assert [(await gateway.report(report)).status_code for _ in range(2)] == [202, 202]
    assert problem(await gateway.lease()) == (409, "login_closed")


async def test_other_failures_of_the_gate_close_nothing(gateway: Gateway) -> None:
    """A page that changed says nothing against the login."""
    await gateway.awaiting()
    await gateway.report(make_report().model_dump_json().encode())
    assert (await gateway.lease()).status_code == 200


async def test_login_is_recorded_at_its_time(gateway: Gateway) -> None:
    """A login of yesterday is on record and does not count against today; one of the future is refused."""
    before = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    assert (await told(gateway, at=before)).json()["standing"]["used"] == 0
    assert await gateway.redis.zscore(f"healer:logins:{REF}", "reported:fetch-1") < time.time() - 86_400
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert problem(await told(gateway, at=ahead)) == (422, "bad_body")


@pytest.mark.parametrize(
    "members",
    [{"id": ""}, {"id": "x y"}, {"outcome": "maybe"}, {"ref": "Bad"}, {"at": "2026-11-24T10:00:00"}, {"password": "x"}],
)
async def test_malformed_report_is_refused(gateway: Gateway, members: dict[str, str]) -> None:
    """A report has an id, a ref, a known outcome and, if any, a time with a zone; nothing else, least of all a value."""
    assert problem(await told(gateway, **members)) == (422, "bad_body")


async def test_report_needs_its_own_scope(gateway: Gateway) -> None:
    """Only a token of scope `logins` may debit; reading or operating tokens may not."""
    body = json.dumps({"id": "f", "ref": REF, "outcome": "refused"}).encode()
    assert problem(await gateway.http.post("/v1/logins", content=body)) == (401, "bad_token")
    for scope in (Scope.READ, Scope.OPERATE):
        assert problem(await send(gateway, body, scope)) == (403, "missing_scope")
    assert problem(await told(gateway, ref="unknown-main")) == (404, "unknown_credential")


async def test_case_shows_how_its_logins_stand(gateway: Gateway) -> None:
    """A case and its explanation tell what is used of the importer's logins, and when the next one may be made."""
    await gateway.awaiting()
    await gateway.lease()
    headers = await gateway.read_token(Scope.READ, Scope.OPERATE)
    (row,) = (await gateway.http.get("/v1/cases/UTIL-101", headers=headers)).json()["logins"]
    assert (row["ref"], row["used"], row["ceiling"], row["next_at"]) == (REF, 1, 3, None)
    for number in range(2):
        await told(gateway, id=f"f-{number}")
    explained = (await gateway.http.post("/v1/cases/UTIL-101/explain", headers=headers)).text
    assert "**Logins.**\n- brightwater-main: 3 of 3 used, next at 20" in explained


async def test_case_is_shown_also_where_the_registry_cannot_be_read(gateway: Gateway) -> None:
    """Without the registry a case is shown all the same, without logins."""
    await gateway.awaiting()
    gateway.registry[0] = "no registry"
    headers = await gateway.read_token()
    answer = await gateway.http.get("/v1/cases/UTIL-101", headers=headers)
    assert (answer.status_code, answer.json()["logins"]) == (200, [])
