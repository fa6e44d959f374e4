"""Case, importer and evidence → Brief: all that an agent is told."""

from healer.contracts import Attempt, Brief, Case, Evidence, GateReport, Importer, Trace
from healer.errors import Rejected


def write_brief(
    case: Case, importer: Importer, report: GateReport, last_good: Trace | None, attempt: int, prompt_version: str
) -> Brief:
    """Tell an agent what failed, what the fetch saw, why earlier attempts did not hold, and what a person hints at.

    `report` is the newest red report; `attempt` is the number of this run; `last_good` is the latest green trace, where there is one.

    Raises: Rejected (`no_failure`) where the report names no failure: there is nothing to mend.
    """
    if report.failure is None:
        raise Rejected(f"the report of run {report.run_id} names no failure.", reason="no_failure")
    return Brief(
        case=case.id,
        attempt=attempt,
        importer=importer,
        failure=report.failure,
        now=report.trace or Trace(importer=importer.name),
        last_good=last_good,
        evidence=tuple(_evidence(past) for past in case.attempts if _taught(past)),
        hint=case.hint,
        prompt_version=prompt_version,
    )


def _taught(attempt: Attempt) -> bool:
    return bool(attempt.refusals) or attempt.failure is not None


def _evidence(attempt: Attempt) -> Evidence:
    return Evidence(attempt=attempt.number, diff=attempt.diff, refusals=attempt.refusals, failure=attempt.failure)
