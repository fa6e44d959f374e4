"""Where `healer-gate` leaves its report for `healer-report`, outside the checkout and what runs from it."""

import json
from pathlib import Path
from typing import Any, Final, Protocol

_BOUND: Final = ("case", "correlation", "conclusion", "started_at", "finished_at")


class Job(Protocol):
    """The run attempt, and the directory of its job."""

    @property
    def runner_temp(self) -> Path: ...  # noqa: D102 - the runner's own word
    @property
    def github_run_id(self) -> int: ...  # noqa: D102
    @property
    def github_run_attempt(self) -> int: ...  # noqa: D102


def place(job: Job) -> Path:
    """Give the path of the report of this run attempt."""
    return job.runner_temp / f"healer-report-{job.github_run_id}-{job.github_run_attempt}.json"


def save(body: bytes, job: Job) -> None:
    """Write the report: whole, or not at all."""
    draft = place(job).with_suffix(".draft")
    draft.write_bytes(body)
    draft.replace(place(job))


def read(job: Job) -> bytes | None:
    """Give the report's bytes; None where there is none of this run attempt. Its form is for the gateway to judge."""
    try:
        found = place(job).read_bytes()
        told: Any = json.loads(found)
    except (OSError, ValueError):
        return None
    run = (job.github_run_id, job.github_run_attempt)
    is_one = (
        isinstance(told, dict) and (told.get("run_id"), told.get("run_attempt")) == run and all(map(told.get, _BOUND))
    )
    return found if is_one else None
