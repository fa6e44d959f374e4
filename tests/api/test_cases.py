"""Rules of reading cases."""

from datetime import UTC, datetime

import pytest

from factories import NOW, make_run
from gateway_site import Gateway, bearer, problem, until
from healer.backfill import Backfill, Missed
from healer.budget import Budget
from healer.clients.ledgers import Ledgers, Reservation
from healer.clients.tokens import Scope
from healer.contracts import Ceiling, Spend


async def test_case_is_shown_with_events_and_links(gateway: Gateway) -> None:
    """A case comes with its event chain and where to look: ticket, gate runs, flow run."""
    await gateway.awaiting()
    await until(lambda: "heal:UTIL-101:0" in gateway.prefect.runs)
    headers = await gateway.read_token()
    body = (await gateway.http.get("/v1/cases/UTIL-101", headers=headers)).json()
    assert body["case"]["state"] == "diagnosing"
    assert {"received", "gate_dispatched"} <= {event["kind"] for event in body["events"]}
    assert body["links"]["ticket"] == "https://jira.example/browse/UTIL-101"
    assert body["links"]["gate_runs"] == [make_run().url]
    assert body["links"]["pull_request"] is None


async def test_started_flow_run_is_linked(gateway: Gateway) -> None:
    """Once Prefect has the run, the case links to it."""
    await gateway.deliver()
    headers = await gateway.read_token()
    await until(lambda: "heal:UTIL-101:0" in gateway.prefect.runs)
    for _ in range(100):
        links = (await gateway.http.get("/v1/cases/UTIL-101", headers=headers)).json()["links"]
        if links["prefect"]:
            break
    assert links["prefect"] == "https://prefect.example/runs/flow-run/run-of-heal:UTIL-101:0"


async def test_case_is_shown_with_what_it_spends(gateway: Gateway) -> None:
    """Each ledger shows what is spent of its limit; the case's runs show what each cost, or may cost."""
    await gateway.awaiting()
    ledgers, now = Ledgers(gateway.redis, Budget()), datetime.now(UTC)
    for attempt in (1, 2):
        await ledgers.reserve("UTIL-101", attempt, Ceiling(usd=4, seconds=600), Budget(), now)
    await ledgers.settle(Reservation("UTIL-101", "1.0", f"{now:%Y-%m-%d}"), Spend(usd=0.5, seconds=30))
    spend = (await gateway.http.get("/v1/cases/UTIL-101", headers=await gateway.read_token())).json()["spend"]
    assert spend["ledgers"]["usd_per_case"] == {"spent": 4.5, "limit": 15}
    assert spend["ledgers"]["agent_minutes_per_day"] == {"spent": 10.5, "limit": 1440}
    assert [(run["attempt"], run["usd"], run["settled"]) for run in spend["runs"]] == [(1, 0.5, True), (2, 4, False)]


async def test_cases_are_listed(gateway: Gateway) -> None:
    """All cases are listed, the one that was written last first."""
    headers = await gateway.read_token()
    assert (await gateway.http.get("/v1/cases", headers=headers)).json() == {"cases": []}
    await gateway.deliver()
    await gateway.deliver({"ticket": "UTIL-102", "importer": "brightwater"}, delivery_id="msg_2")
    cases = (await gateway.http.get("/v1/cases", headers=headers)).json()["cases"]
    assert [case["id"] for case in cases] == ["UTIL-102", "UTIL-101"]


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/UTIL-101", "/metrics"])
async def test_reading_needs_a_token_with_scope_read(gateway: Gateway, path: str) -> None:
    """Without a token, with an unknown one, or without scope `read`, nothing is shown."""
    assert problem(await gateway.http.get(path)) == (401, "bad_token")
    assert problem(await gateway.http.get(path, headers=bearer("healer_" + "x" * 43))) == (401, "bad_token")
    assert problem(await gateway.http.get(path, headers={"Authorization": "Basic eDp5"})) == (401, "bad_token")
    assert problem(await gateway.http.get(path, headers=await gateway.read_token(Scope.OPERATE))) == (
        403,
        "missing_scope",
    )


async def test_unknown_case_is_not_found(gateway: Gateway) -> None:
    """A case that is not there is 404; what is no case id is refused before Redis is asked."""
    headers = await gateway.read_token()
    assert problem(await gateway.http.get("/v1/cases/UTIL-999", headers=headers)) == (404, "unknown_case")
    assert problem(await gateway.http.get("/v1/cases/UTIL-1:events", headers=headers)) == (422, "bad_request")


async def test_counters_count(gateway: Gateway) -> None:
    """Accepted deliveries and refusals by reason are counted."""
    await gateway.deliver()
    await gateway.http.post("/v1/hooks/workato", content=b"x")
    text = (await gateway.http.get("/metrics", headers=await gateway.read_token())).text
    assert 'healer_deliveries_total{outcome="opened"} 1.0' in text
    assert 'healer_refusals_total{reason="bad_signature"} 1.0' in text


async def test_receipt_is_given_as_it_was_written(gateway: Gateway) -> None:
    """An ended case's receipt comes byte for byte; before that there is none; it takes scope `read`."""
    headers = await gateway.read_token()
    assert problem(await gateway.http.get("/v1/cases/UTIL-101/receipt")) == (401, "bad_token")
    assert problem(await gateway.http.get("/v1/cases/UTIL-101/receipt", headers=headers)) == (404, "no_receipt")
    await gateway.parts.evidence.keep_receipt("UTIL-101", '{"payload": "x"}')
    answer = await gateway.http.get("/v1/cases/UTIL-101/receipt", headers=headers)
    assert (answer.text, answer.headers["content-type"]) == ('{"payload": "x"}', "application/json")


async def test_what_was_missed_is_given_in_both_forms(gateway: Gateway) -> None:
    """What was missed until a case's end comes as JSON and as CSV; before that there is none; it takes scope `read`."""
    headers, place = await gateway.read_token(), "/v1/cases/UTIL-101/backfill"
    row = Missed(account="a" * 32, period_start=None, period_end=NOW.date(), basis="shown")
    listed = Backfill(case="UTIL-101", importer="brightwater", since=NOW, until=NOW, rows=(row,))
    for form in ("", ".csv"):
        assert problem(await gateway.http.get(place + form)) == (401, "bad_token")
        assert problem(await gateway.http.get(place + form, headers=headers)) == (404, "no_backfill")
    await gateway.parts.evidence.keep_backfill(listed)
    assert Backfill.model_validate_json((await gateway.http.get(place, headers=headers)).text) == listed
    answer = await gateway.http.get(f"{place}.csv", headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[1] == f"brightwater,{'a' * 32},,{NOW.date()},shown"


async def test_what_all_spend_is_measured(gateway: Gateway) -> None:
    """The ledgers of day and month, their limits, and the breaches of limits are there for Prometheus."""
    ledgers, now = Ledgers(gateway.redis, Budget()), datetime.now(UTC)
    await ledgers.reserve("UTIL-101", 1, Ceiling(usd=4, seconds=600), Budget(), now)
    await ledgers.reserve("UTIL-101", 2, Ceiling(usd=4, seconds=600), Budget(usd_per_month=5), now)
    text = (await gateway.http.get("/metrics", headers=await gateway.read_token())).text
    assert 'healer_spent{ledger="usd_per_month"} 4.0' in text
    assert 'healer_spend_limit{ledger="agent_minutes_per_day"} 1440.0' in text
    assert 'healer_breaches_total{limit="usd_per_month"} 1.0' in text
