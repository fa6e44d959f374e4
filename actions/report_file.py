"""The report as it is handed in: its identity, its bytes, and the one that stands for a gate that left none."""

from datetime import UTC, datetime
from typing import Any, Final

from actions import report_place
from actions.console import own_version
from healer.contracts import Conclusion, GateReport
from healer.settings import ActionsSettings, RunnerSettings, load

BYTES_MAX: Final = 2 << 20
"""What the gateway takes (SPEC, "Gateway")."""


def identity(run: RunnerSettings, job: ActionsSettings) -> dict[str, Any]:
    """Give the members of a report that say which run it is about."""
    return {
        **run.model_dump(include={"case", "attempt", "mode", "importer", "correlation"}),
        "repository": job.github_repository,
        "run_id": job.github_run_id,
        "run_attempt": job.github_run_attempt,
        "ref": job.github_ref,
        "sha": job.github_sha,
    }


def body(report: GateReport) -> bytes:
    """Give the report as it is handed in; one that is too large goes without its trace."""
    whole = report.model_dump_json().encode()
    if len(whole) <= BYTES_MAX:
        return whole
    return report.model_copy(update={"trace": None}).model_dump_json().encode()


def save(report: GateReport, job: ActionsSettings) -> None:
    """Write the report."""
    report_place.save(body(report), job)


def of_no_gate() -> bytes:
    """Give the report of a gate that was cancelled, killed, or never started.

    Raises: Misconfigured.
    """
    now = datetime.now(UTC)
    report = GateReport(
        **identity(load(RunnerSettings), load(ActionsSettings)),
        conclusion=Conclusion.ERROR,
        summary="The gate could not judge: it left no report. The run's log says more.",
        tools={"healer": own_version()},
        started_at=now,
        finished_at=now,
    )
    return body(report)
