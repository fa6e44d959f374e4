"""`report.json`: how `healer-gate` leaves its report to `healer-report`, outside the checkout and what runs from it."""

from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from healer.contracts import GateReport
from healer.settings import ActionsSettings, RunnerSettings

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


def place(job: ActionsSettings) -> Path:
    """Give the path of the report of this run attempt."""
    return job.runner_temp / f"healer-report-{job.github_run_id}-{job.github_run_attempt}.json"


def body(report: GateReport) -> bytes:
    """Give the report as it is handed in; one that is too large goes without its trace."""
    whole = report.model_dump_json().encode()
    if len(whole) <= BYTES_MAX:
        return whole
    return report.model_copy(update={"trace": None}).model_dump_json().encode()


def save(report: GateReport, job: ActionsSettings) -> None:
    """Write the report."""
    place(job).write_bytes(body(report))


def read(job: ActionsSettings) -> bytes | None:
    """Give the report's bytes; None where there is none, or none that is valid."""
    try:
        found = place(job).read_bytes()
        GateReport.model_validate_json(found)
    except (OSError, ValidationError):
        return None
    return found
