"""Rules of gate runs that look at a healed importer's sibling: a login once, a report once, and nothing that follows from them."""

from factories import make_report, make_run
from gateway_site import Gateway, problem
from healer.contracts import FailureClass
from healer.family import Checkup

RUN = make_run(run_id=7100, correlation="UTIL-101-sibling-0a1b2c3d")
CHECKUP = Checkup(origin="UTIL-101", importer="brightwater", agrees=("ids", "classes"), run=RUN)


def report(**fields):
    return make_report(run_id=7100, correlation=RUN.correlation, **fields).model_dump_json().encode()


async def test_sibling_run_gets_its_login_once(gateway: Gateway) -> None:
    """It is bound to its dispatch as any other run, debits the ledger, and writes on nobody's chain."""
    await gateway.awaiting()
    before = await gateway.written()
    await gateway.parts.checkups.keep(CHECKUP)
    assert problem(await gateway.lease(run_id="7100", sha="b" * 40)) == (403, "not_our_run")
    answer = await gateway.lease(run_id="7100")
    assert (answer.status_code, answer.json()["grant"]["importer"]["name"]) == (200, "brightwater")
    assert problem(await gateway.lease(run_id="7100")) == (409, "lease_used")
    assert await gateway.parts.logins.used("brightwater-main") == 1
    assert await gateway.written() == before


async def test_sibling_report_is_kept_once_and_starts_nothing(gateway: Gateway) -> None:
    """The first report stays, a repeated one is told so, and a refused login closes the ref."""
    await gateway.awaiting()
    await gateway.parts.checkups.keep(CHECKUP)
    before = await gateway.written()
    refused = {"kind": FailureClass.AUTH_FAILED}
    body = report(failure=make_report().failure.model_copy(update=refused))
    first, second = [await gateway.report(body, run_id="7100") for _ in range(2)]
    assert [answer.json()["outcome"] for answer in (first, second)] == ["taken", "repeated"]
    assert await gateway.written() == before
    kept = await gateway.parts.evidence.report(7100, 1)
    assert (kept.importer, kept.failure.kind) == ("brightwater", FailureClass.AUTH_FAILED)
    assert problem(await gateway.lease(run_id="7100")) == (409, "login_closed")
    assert all(key.startswith("heal:") for key in gateway.prefect.runs)


async def test_report_of_another_importer_is_not_the_siblings(gateway: Gateway) -> None:
    """What the report is about is what was dispatched."""
    await gateway.parts.checkups.keep(CHECKUP)
    answer = await gateway.report(report(importer="voltara"), run_id="7100")
    assert problem(answer) == (403, "not_our_run")
    assert await gateway.parts.evidence.report(7100, 1) is None


async def test_judged_run_gets_nothing_any_more(gateway: Gateway) -> None:
    """Once something came of it the run is awaited by nobody."""
    await gateway.awaiting()
    await gateway.parts.checkups.keep(CHECKUP.model_copy(update={"outcome": "not judged"}))
    assert problem(await gateway.lease(run_id="7100")) == (403, "not_our_run")
    assert problem(await gateway.report(report(), run_id="7100")) == (403, "not_our_run")
