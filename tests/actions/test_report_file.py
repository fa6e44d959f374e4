"""How the report gets from one console script to the other."""

import pytest
from pydantic import SecretStr

from actions import report_file, report_place
from factories import make_report
from healer.contracts import Trace
from healer.errors import Misconfigured
from healer.settings_job import Handing, handing


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


def test_only_a_whole_report_of_this_run_attempt_is_handed_in(tmp_path):
    """What was saved is read back byte for byte; of another run, or not a report, it counts as none."""
    report = make_report(run_id=7, run_attempt=1)
    job = Handing("https://g.example", tmp_path, 7, 1, "u", SecretStr("t"))
    report_place.save(report_file.body(report), job)
    assert report_place.read(job) == report_file.body(report)
    assert [path.name for path in tmp_path.iterdir()] == ["healer-report-7-1.json"]
    for other in (make_report(run_id=8), make_report(run_id=7, run_attempt=2)):
        report_place.save(report_file.body(other), job)
        assert report_place.read(job) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEALER_URL", "http://gateway.example"),
        ("GITHUB_RUN_ID", "seven"),
        ("RUNNER_TEMP", ""),
        ("GITHUB_RUN_ATTEMPT", "0"),
    ],
)
def test_what_handing_in_needs_is_named_and_not_repeated(monkeypatch, name, value):
    """A variable that is missing or wrong is named without its value; in clear nothing is handed over a public network."""
    whole = {"HEALER_URL": "https://g.example", "RUNNER_TEMP": "/t", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1"}
    tokens = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://t.example", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t0ken-of-a-job"}
    for each, given in {**whole, **tokens}.items():
        monkeypatch.setenv(each, given)
    assert handing().github_run_id == 7
    assert "t0ken" not in repr(handing())
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        handing()
    assert str(refused.value).startswith(f"settings missing or wrong: {name}. ")
