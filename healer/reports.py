"""Gate reports as they arrive: bytes in, a redacted `GateReport` that belongs to its case out."""

from pydantic import ValidationError

from healer import strict_json
from healer.contracts import BaseResult, Case, Check, Failure, GateReport, GateRun, Trace, TraceStep
from healer.errors import Rejected
from healer.redact import Redactor

_BOUND = ("run_id", "run_attempt", "mode", "attempt", "ref", "sha", "correlation")
"""Fields in which a report and the run that we dispatched must agree."""

_FIELDS = frozenset(GateReport.model_fields)


def parse(body: bytes) -> GateReport:
    """Read a report strictly: JSON mode, no unknown member.

    Raises: Rejected (422, `bad_body`) naming the members that are wrong, never their values.
    """
    strict_json.parse(body)
    try:
        report = GateReport.model_validate_json(body)
    except ValidationError as error:
        names = sorted({str(e["loc"][0]) for e in error.errors(include_input=False) if e["loc"]} & _FIELDS)
        what = f"the report is not of the expected form: {', '.join(names) or 'unknown members'}."
        raise Rejected(what, reason="bad_body", status=422) from None
    if report.started_at.tzinfo is None or report.finished_at.tzinfo is None:
        raise Rejected("the report's times have no zone.", reason="bad_body", status=422)
    return report


def awaited(report: GateReport, case: Case, repository: str) -> GateRun:
    """Give the run that this report is about.

    Raises: Rejected (403, `not_our_run`) where the case does not await it, or where they differ in any bound field.
    """
    run = case.awaiting
    same = run is not None and all(getattr(report, name) == getattr(run, name) for name in _BOUND)
    if (
        run is None
        or not same
        or (report.case, report.importer, report.repository) != (case.id, case.importer, repository)
    ):
        raise Rejected("the report is not about the run that its case awaits.", reason="not_our_run", status=403)
    return run


def is_of(report: GateReport, case: Case, run_id: int, repository: str) -> bool:
    """Say whether a report is about this run of the case, as far as the run's id tells; for one that is not awaited any more."""
    told = (report.run_id, report.run_attempt, report.case, report.importer, report.repository)
    return told == (run_id, 1, case.id, case.importer, repository)


def _redacted_failure(failure: Failure | None, redactor: Redactor) -> Failure | None:
    if failure is None:
        return None
    return failure.model_copy(
        update=redactor.data(failure.model_dump(include={"exception", "message", "selector", "file"}))
    )


def _redacted_step(step: TraceStep, redactor: Redactor) -> TraceStep:
    lookups = (
        lookup.model_copy(update=redactor.data(lookup.model_dump(include={"selector", "file"})))
        for lookup in step.lookups
    )
    texts = redactor.data(step.model_dump(include={"method", "url", "content_type", "page"}))
    return step.model_copy(update={**texts, "lookups": tuple(lookups)})


def redacted_trace(trace: Trace, redactor: Redactor) -> Trace:
    """Give the trace with its addresses, selectors and pages redacted."""
    steps = tuple(_redacted_step(step, redactor) for step in trace.steps)
    return trace.model_copy(update={"steps": steps, "pages": redactor.data(trace.pages)})


def redacted(report: GateReport, redactor: Redactor) -> GateReport:
    """Give the report with each free text of it redacted; ids, shas, enums and figures are no free text."""
    texts = redactor.data(report.model_dump(include={"summary", "log_tail", "tools", "hosts", "unfenced"}))
    checks = _redacted_checks(report.checks, redactor)
    failure = _redacted_failure(report.failure, redactor)
    trace = redacted_trace(report.trace, redactor) if report.trace else None
    found = {
        **texts,
        "checks": checks,
        "failure": failure,
        "trace": trace,
        "base": _redacted_base(report.base, redactor),
    }
    return report.model_copy(update=found)


def _redacted_base(base: BaseResult | None, redactor: Redactor) -> BaseResult | None:
    if base is None:
        return None
    found = {"checks": _redacted_checks(base.checks, redactor), "failure": _redacted_failure(base.failure, redactor)}
    return base.model_copy(update={"summary": redactor.text(base.summary), **found})


def _redacted_checks(checks: tuple[Check, ...], redactor: Redactor) -> tuple[Check, ...]:
    return tuple(
        check.model_copy(update=redactor.data(check.model_dump(include={"name", "detail"}))) for check in checks
    )
