"""Rules of gate reports at the door."""

import json

import pytest

from factories import make_case, make_failure, make_report, make_run
from healer import reports
from healer.contracts import BaseResult, Check, Conclusion, GateReport, Lookup, Trace, TraceStep
from healer.errors import Rejected
from healer.redact import Redactor

SECRET = "correct-horse"


def test_report_is_read_as_it_was_written() -> None:
    """A report in JSON comes back equal."""
    report = make_report()
    assert reports.parse(report.model_dump_json().encode()) == report


@pytest.mark.parametrize(
    "change", [{"case": "x"}, {"run_id": "seven"}, {"secret_member": 1}, {"conclusion": "fine"}, {"sha": None}]
)
def test_report_of_another_form_is_refused_without_echo(change: dict[str, object]) -> None:
    """A wrong or unknown member is refused; the refusal names known members only and no value."""
    body = json.dumps({**make_report().model_dump(mode="json"), **change}).encode()
    with pytest.raises(Rejected) as refused:
        reports.parse(body)
    assert (refused.value.status, refused.value.reason) == (422, "bad_body")
    assert not {"seven", "secret_member", "fine"} & set(str(refused.value).replace(".", " ").split())


def test_what_the_base_did_is_redacted_too() -> None:
    """Summary, checks and failure of the base lose secrets like the head's own."""
    check = Check(name="amount", passed=False, detail=SECRET)
    failure = make_failure(message=SECRET, selector=SECRET)
    base = BaseResult(sha="a" * 40, conclusion=Conclusion.FAILURE, summary=SECRET, checks=(check,), failure=failure)
    redactor = Redactor()
    redactor.add([SECRET])
    clean = reports.redacted(make_report(base=base), redactor)
    assert clean.base is not None
    assert (clean.base.sha, clean.base.summary) == (base.sha, "***")
    assert SECRET not in clean.model_dump_json()


def test_report_of_the_awaited_run_belongs_to_its_case() -> None:
    """A report that agrees with the awaited run in every bound field is taken."""
    run = make_run()
    assert reports.awaited(make_report(), make_case(awaiting=run), "acme/importers") == run


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": 1},
        {"run_attempt": 2},
        {"mode": "verify"},
        {"attempt": 1},
        {"ref": "refs/heads/x"},
        {"sha": "b" * 40},
        {"correlation": "other"},
        {"repository": "evil/importers"},
        {"importer": "other"},
        {"case": "UTIL-102"},
    ],
)
def test_report_that_differs_from_its_run_is_refused(change: dict[str, object]) -> None:
    """Each bound field counts by itself."""
    with pytest.raises(Rejected) as refused:
        reports.awaited(make_report(**change), make_case(awaiting=make_run()), "acme/importers")
    assert (refused.value.status, refused.value.reason) == (403, "not_our_run")


def test_report_of_a_case_that_awaits_nothing_is_refused() -> None:
    """Who is not awaited is not believed."""
    with pytest.raises(Rejected):
        reports.awaited(make_report(), make_case(), "acme/importers")


def test_every_free_text_is_redacted() -> None:
    """No free text of a report keeps a known value; what identifies the run stays."""
    lookup = Lookup(selector=SECRET, kind="css", found=0, file=SECRET, line=1)
    step = TraceStep(
        number=1, method="GET", url=f"https://x/{SECRET}", status=200, content_type=SECRET, page="p", lookups=(lookup,)
    )
    report = make_report(
        summary=SECRET,
        log_tail=f"a {SECRET}",
        tools={"ruby": SECRET},
        checks=(Check(name=SECRET, passed=True, detail=SECRET),),
        failure=make_failure(message=SECRET, exception=SECRET, selector=SECRET, file=SECRET),
        trace=Trace(importer="brightwater", steps=(step,), pages={"p": f"<p>{SECRET}</p>"}),
    )
    redacted = reports.redacted(report, Redactor([SECRET]))
    text = redacted.model_dump_json()
    assert SECRET not in text
    assert GateReport.model_validate_json(text) == redacted
    assert redacted.correlation == report.correlation


def test_figures_survive_a_secret_of_digits() -> None:
    """A secret that happens to equal a figure does not make the report unreadable."""
    redacted = reports.redacted(make_report(timings_ms={"fetch": 70012345}), Redactor(["70012345"]))
    assert GateReport.model_validate_json(redacted.model_dump_json()) == redacted
