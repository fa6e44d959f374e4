"""Rules of gate reports: bound to run and body, redacted, stored, followed up once."""

import asyncio
import json

import pytest

from factories import make_report, make_run
from gateway_site import Gateway, problem, until
from healer.contracts import GateMode


async def test_report_is_kept_and_followed_up(gateway: Gateway) -> None:
    """A report of the awaited run is kept, noted with its facts, and starts the next attempt."""
    await gateway.awaiting()
    answer = await gateway.report(make_report(timings_ms={"container": 1200}).model_dump_json().encode())
    assert (answer.status_code, answer.json()) == (202, {"case": "UTIL-101", "outcome": "taken"})
    kept = await gateway.parts.evidence.report(7001, 1)
    assert kept
    assert kept.summary == make_report().summary
    (event,) = [e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "report_received"]
    assert (event.data["conclusion"], event.data["container_ms"], event.data["logins"]) == ("failure", 1200, 1)
    await until(lambda: "heal:UTIL-101:1" in gateway.prefect.runs)


async def test_report_of_a_verification_starts_its_judgement(gateway: Gateway) -> None:
    """The report of a verify run starts `publish` for that run attempt."""
    await gateway.awaiting(make_run(mode=GateMode.VERIFY, attempt=1))
    await gateway.report(make_report(mode=GateMode.VERIFY, attempt=1).model_dump_json().encode())
    await until(lambda: "publish:UTIL-101:7001:1" in gateway.prefect.runs)


async def test_report_again_changes_nothing(gateway: Gateway) -> None:
    """The same run attempt's report again is `repeated`, also when the case has moved on; the first one stays."""
    case = await gateway.awaiting()
    body = make_report().model_dump_json().encode()
    await gateway.report(body)
    assert (await gateway.report(body)).json()["outcome"] == "repeated"
    await gateway.parts.cases.record(case, "moved on", {}, awaiting=None)
    other = make_report(summary="another story").model_dump_json().encode()
    assert (await gateway.report(other)).json()["outcome"] == "repeated"
    kept = await gateway.parts.evidence.report(7001, 1)
    assert kept
    assert kept.summary == make_report().summary


async def test_reports_at_once_start_one_run(gateway: Gateway) -> None:
    """Ten copies at once start one flow run."""
    await gateway.awaiting()
    body = make_report().model_dump_json().encode()
    answers = await asyncio.gather(*(gateway.report(body) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    await until(lambda: "heal:UTIL-101:1" in gateway.prefect.runs)
    assert set(gateway.prefect.runs) == {"heal:UTIL-101:0", "heal:UTIL-101:1"}


async def test_token_is_bound_to_the_body(gateway: Gateway) -> None:
    """A token that was made for another report, or for a lease, does not carry this one."""
    await gateway.awaiting()
    body = make_report().model_dump_json().encode()
    for audience in ("importer-healer:lease", "importer-healer:report:" + "0" * 64):
        assert problem(await gateway.report(body, aud=audience)) == (401, "bad_identity")
    assert await gateway.parts.evidence.report(7001, 1) is None


@pytest.mark.parametrize(
    "change", [{"sha": "b" * 40}, {"run_id": 9}, {"case": "UTIL-102"}, {"mode": "verify"}, {"correlation": "other"}]
)
async def test_report_about_another_run_is_refused(gateway: Gateway, change: dict[str, object]) -> None:
    """A report that is not about the run whose token carries it is refused and starts nothing."""
    await gateway.awaiting()
    answer = await gateway.report(make_report(**change).model_dump_json().encode())
    assert problem(answer) == (403, "not_our_run")
    assert "report_received" not in await gateway.kinds()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"a":1,"a":2}', b"x" * 100])
async def test_body_of_another_form_is_refused(gateway: Gateway, body: bytes) -> None:
    """What is no report is refused as `bad_body`."""
    await gateway.awaiting()
    assert problem(await gateway.report(body)) == (422, "bad_body")


async def test_times_have_a_zone(gateway: Gateway) -> None:
    """Times without a zone cannot be compared and are refused."""
    await gateway.awaiting()
    body = {**make_report().model_dump(mode="json"), "started_at": "2026-11-24T10:00:00"}
    assert problem(await gateway.report(json.dumps(body).encode())) == (422, "bad_body")


async def test_report_may_be_two_mebibytes(gateway: Gateway) -> None:
    """Up to 2 MiB are taken, more are not."""
    await gateway.awaiting()
    large = make_report(log_tail="x" * 1_500_000).model_dump_json().encode()
    assert (await gateway.report(large)).status_code == 202
    assert problem(await gateway.report(b"x" * (2 * 1024 * 1024 + 1))) == (413, "too_large")


async def test_login_in_a_report_is_redacted_before_it_is_kept(gateway: Gateway) -> None:
    """A process that never saw the lease masks the importer's credential in a report all the same."""
    await gateway.awaiting()
    report = make_report(log_tail="logged in as robot-77 with correct-horse", summary="correct-horse")
    await gateway.report(report.model_dump_json().encode())
    kept = await gateway.parts.evidence.report(7001, 1)
    assert kept
    assert (kept.log_tail, kept.summary) == ("logged in as *** with ***", "***")
