"""What `act --json` prints, read as the states that GitHub would show.

`act` masks only the member `msg`: add-mask records carry the secret in clear in others. So each such record teaches our own
masker and is dropped, and every other record is masked in all members before anything of it is kept.
"""

import json
from collections.abc import Callable
from typing import Any

from localworld.github.masking import Masker
from localworld.github.model import Job, Run, Step
from localworld.github.templates import now

_STARTS = "⭐ Run "
_NO_RUNNER = "Skipping unsupported platform"
_LEVELS = {"error": "failure", "warning": "warning", "notice": "notice"}
Told = Callable[[str, Job], None]


class ActLog:
    """Follows one run. `told(action, job)` is called when a job starts and ends."""

    def __init__(self, run: Run, masker: Masker, new_id: Callable[[], int], told: Told) -> None:
        self._run, self._masker, self._new_id, self._told = run, masker, new_id, told
        self._jobs: dict[str, Job] = {}

    def line(self, text: str) -> None:
        """Take one line."""
        try:
            record = json.loads(text)
        except ValueError:
            self._run.notes.append(self._masker.text(text.rstrip()))
            return
        if record.get("command") == "add-mask":
            self._masker.learn(record.get("arg") or "")
            return
        record.pop("raw", None)
        self._record(self._masker.data(record))

    def _record(self, record: dict[str, Any]) -> None:
        if _NO_RUNNER in str(record.get("msg")):
            self._run.unserved = True
            self._run.notes.append(f"No runner has the label that {record.get('job', 'a job')} asks for.")
            return
        key = record.get("stepID") or record.get("stepid") or []
        if "job" not in record or (not key and "jobResult" not in record):
            if record.get("level") == "error":
                self._run.notes.append(record["msg"].rstrip())
            return
        job = self._job(record["job"].strip())
        if "jobResult" in record:
            job.status, job.conclusion, job.completed = "completed", record["jobResult"], now()
            self._told("completed", job)
            return
        self._step(job, tuple(map(str, key)), record)

    def _job(self, name: str) -> Job:
        if name not in self._jobs:
            shown = name.rpartition("/")[0] or name
            job = Job(self._new_id(), " / ".join(part.strip() for part in shown.split("/")))
            self._jobs[name] = job
            self._run.jobs.append(job)
            self._told("in_progress", job)
        return self._jobs[name]

    def _step(self, job: Job, key: tuple[str, ...], record: dict[str, Any]) -> None:
        top = (record.get("stage", ""), *key[:1])
        step = next((s for s in job.steps if s.key == top), None)
        if step is None:
            if len(key) == 1 and record["msg"].lstrip().startswith(_STARTS):
                job.steps.append(Step(top, record["msg"].split(_STARTS, 1)[1].strip(), len(job.steps) + 1))
            return
        self._within(job, step, record, outer=len(key) == 1)

    def _within(self, job: Job, step: Step, record: dict[str, Any], *, outer: bool) -> None:
        command = record.get("command")
        if outer and "stepResult" in record:
            step.status, step.conclusion, step.completed = "completed", record["stepResult"], now()
        elif record.get("raw_output"):
            step.log.append(record["msg"].rstrip("\n"))
        elif command in _LEVELS:
            job.annotations.append(_annotation(command, record))
        elif command == "summary" and outer:  # a composite's inner step says the same again
            job.summary += record.get("content") or ""
        elif "this step has been cancelled" in record["msg"]:
            step.conclusion = "cancelled"


def _annotation(command: str, record: dict[str, Any]) -> dict[str, Any]:
    where = record.get("kvPairs") or {}
    line = int(where.get("line") or 1)
    return {
        "annotation_level": _LEVELS[command],
        "path": where.get("file") or ".github",
        "start_line": line,
        "end_line": int(where.get("endLine") or line),
        "title": where.get("title"),
        "message": record.get("arg") or record["msg"],
    }


def conclude(run: Run, exit_code: int, stopped: str | None) -> str:
    """Say how a run ended. A run in which no job reported is never green: `act` exits 0 when no runner fits."""
    ends = [job.conclusion for job in run.jobs]
    if stopped:
        return stopped
    if not ends:
        return "startup_failure" if exit_code else "skipped"
    green = exit_code == 0 and set(ends) == {"success"} and not run.unserved
    return "success" if green else "failure"
