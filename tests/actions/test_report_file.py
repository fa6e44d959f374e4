"""How the report gets from one console script to the other."""

from actions import report_file
from factories import make_report
from healer.contracts import Trace


def test_a_report_that_is_too_large_goes_without_its_trace():
    """What the gateway would refuse for its size loses the trace and keeps the verdict."""
    trace = Trace(importer="brightwater", pages={"001.html": '"' * (2 << 20)})
    report = make_report(trace=trace)
    body = report_file.body(report)
    assert len(body) < report_file.BYTES_MAX
    assert type(report).model_validate_json(body) == report.model_copy(update={"trace": None})


def test_a_report_that_fits_goes_whole():
    """An ordinary report keeps its trace."""
    report = make_report()
    assert type(report).model_validate_json(report_file.body(report)) == report
