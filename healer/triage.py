"""GateReport → Triage: ours to heal, somebody else's to mend, or gone.

The order matters: what the judge said about the run, then signs of a human check on the failing page, then the importer's
own exit code. A page may only turn `heal` into something more careful.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from healer import challenge, turns
from healer.contracts import (
    Case,
    Conclusion,
    Disposition,
    Event,
    Failure,
    FailureClass,
    GateMode,
    GateReport,
    GateRun,
    Reason,
    Trace,
    TraceStep,
    Triage,
)

SITE_DOWN_WAKE_S: Final = 900
GATE_RETRY_S: Final = 15
MAX_DIAGNOSES: Final = 3
"""How often a diagnosis that says nothing about the importer is run again before a person looks."""
_DOWN: Final = frozenset({FailureClass.SOURCE_DOWN, FailureClass.TIMED_OUT})


def classify(report: GateReport, case: Case) -> Triage:
    """Decide about the failure that a gate run found.

    `case.diagnosis`, where it is of this very run, is the judged word and goes before the report's own conclusion.
    """
    judged = case.diagnosis.verdict if case.diagnosis and case.diagnosis.run.run_id == report.run_id else None
    match judged.conclusion if judged else report.conclusion:
        case Conclusion.ERROR | Conclusion.CANCELLED:
            return _broken_gate(report.attempt, case, judged.why if judged else report.summary)
        case Conclusion.SUCCESS:
            return _not_fixed(
                Reason.ALREADY_HEALED, f"The importer as it stands fetched {_bills(report)} and every check held."
            )
        case Conclusion.NEUTRAL:
            return _not_fixed(
                Reason.ALREADY_HEALED,
                f"The base as it stands fetched {_bills(report)} beside the attempt, and every check held.",
            )
        case Conclusion.FAILURE | Conclusion.TIMED_OUT:
            return _failed(report)


def first_look(case: Case) -> GateMode:
    """Say how the base is looked at: where the portal was down when it was last seen, for its page first, which costs no login."""
    failure = case.diagnosis.failure if case.diagnosis else None
    return GateMode.PROBE if failure and failure.kind in _DOWN else GateMode.DIAGNOSE


def unreported(run: GateRun, case: Case, why: str) -> Triage:
    """Decide about a diagnosis that ended without a report: the gate broke, which says nothing about the importer."""
    return _broken_gate(run.attempt, case, why)


def without_login(events: Sequence[Event], run: GateRun, now: datetime) -> Triage | None:
    """Decide about a run that got no login because there is none or none is released now; None where that is not what happened.

    The gateway notes each refused lease on the case. Running the gate again at once would change nothing.
    """
    refused = [e for e in events if e.kind == "lease_refused" and e.data.get("run_id") == run.run_id]
    return next((decided for event in reversed(refused) if (decided := _held_back(event, now))), None)


def _held_back(event: Event, now: datetime) -> Triage | None:
    detail, next_at = str(event.data.get("detail")), event.data.get("next_at")
    match event.data.get("reason"):
        case "credential_missing":
            return Triage(
                disposition=Disposition.NEEDS_ENGINEER,
                reason=Reason.CREDENTIAL_MISSING,
                evidence="The vault has no login for a credentialRef of this importer, so the gate could not fetch.",
            )
        case "login_closed":
            return _not_fixed(Reason.CREDENTIAL, f"The gate could not fetch: {detail}")
        case "login_ceiling" | "login_cooloff" if isinstance(next_at, str):
            wait = (datetime.fromisoformat(next_at) - now).total_seconds()
            return _not_fixed(Reason.LOGINS_SPENT, f"The gate could not fetch: {detail}", max(1, math.ceil(wait)))
        case _:
            return None


def is_fresh(case: Case, now: datetime, fresh_s: int) -> bool:
    """Say whether the diagnosis still holds: base red is proved once, for `fresh_s` seconds and for the base it was proved on."""
    diagnosis = case.diagnosis
    if diagnosis is None or diagnosis.verdict.conclusion is not Conclusion.FAILURE:
        return False
    proof = diagnosis.again or diagnosis.run
    return (proof.base_sha or proof.sha) == case.base_sha and now - proof.dispatched_at < timedelta(seconds=fresh_s)


def _bills(report: GateReport) -> str:
    return "1 bill" if report.bills == 1 else f"{report.bills} bills"


def _not_fixed(reason: Reason, evidence: str, wake_after_s: int | None = None) -> Triage:
    return Triage(disposition=Disposition.NOT_FIXED, reason=reason, evidence=evidence, wake_after_s=wake_after_s)


def _heal(evidence: str) -> Triage:
    return Triage(disposition=Disposition.HEAL, evidence=evidence)


def _unclear(evidence: str) -> Triage:
    return Triage(disposition=Disposition.NEEDS_ENGINEER, reason=Reason.AMBIGUOUS, evidence=evidence)


def _broken_gate(number: int, case: Case, why: str) -> Triage:
    """Infrastructure never blames the importer. Dispatches are numbered through, so those that no agent used are diagnoses."""
    diagnoses = number + 1 - case.first - len(turns.series(case))
    return Triage(
        disposition=Disposition.NEEDS_ENGINEER,
        reason=Reason.GATE_BROKEN,
        evidence=f"The gate could not be run to its end ({diagnoses} of {MAX_DIAGNOSES} tries): {why}",
        wake_after_s=GATE_RETRY_S if diagnoses < MAX_DIAGNOSES else None,
    )


def _failed(report: GateReport) -> Triage:
    trace, failure = report.trace or Trace(importer=report.importer), report.failure
    step = failing_step(trace, failure)
    page = trace.pages.get(step.page or "") if step else None
    unseen = "A look at its page" if report.mode is GateMode.PROBE else "The fetch"
    where = f"Step {step.number}, {step.method} {step.url}" if step else unseen
    sign = challenge.recognise(page or "", step.status) if step else None
    if sign:
        return _not_fixed(sign.reason, f"{where} shows {sign.what}. No importer may pass that by itself.")
    if failure is None:
        return _unclear(f"The gate is red and names no failure: {report.summary}")
    if page is not None and _finds_no_row(failure, step) and challenge.says_no_bill(page):
        return _not_fixed(Reason.NO_NEW_BILL, f"{where} says that there is no bill.")
    return _by_exit(failure, trace, where, has_page=page is not None)


def failing_step(trace: Trace, failure: Failure | None) -> TraceStep | None:
    """Give the step at which the fetch failed: the one that the failure names, else the last one that has a page."""
    named = failure.step if failure else None
    with_page = [step for step in trace.steps if step.page in trace.pages]
    return next((step for step in trace.steps if step.number == named), with_page[-1] if with_page else None)


def _finds_no_row(failure: Failure, step: TraceStep | None) -> bool:
    return any(
        look.many and look.found == 0 and look.selector == failure.selector for look in (step.lookups if step else ())
    )


def _by_exit(failure: Failure, trace: Trace, where: str, *, has_page: bool) -> Triage:
    match failure.kind:
        case FailureClass.SOURCE_DOWN:
            return _not_fixed(
                Reason.SITE_DOWN,
                f"{where}: the portal does not answer as it should. {failure.message}",
                SITE_DOWN_WAKE_S,
            )
        case FailureClass.TIMED_OUT:
            return _not_fixed(
                Reason.SITE_DOWN, f"{where}: the fetch did not end in time. {failure.message}", SITE_DOWN_WAKE_S
            )
        case FailureClass.AUTH_FAILED:
            return _not_fixed(
                Reason.CREDENTIAL,
                f"{where}: the portal refused the login. It is not tried again, so that the account is not locked.",
            )
        case FailureClass.CONTRACT_BROKEN:
            return _broken_contract(failure, trace, where)
        case FailureClass.SOURCE_CHANGED | FailureClass.CRASHED | FailureClass.SILENT_WRONG:
            return _broken_importer(failure, where, has_page=has_page)


def _broken_importer(failure: Failure, where: str, *, has_page: bool) -> Triage:
    if not has_page:
        return _unclear(f"{where}: {_words(failure)}. There is no page of this failure to learn from.")
    if failure.kind is FailureClass.SILENT_WRONG:
        return _heal(f"{where}: the fetch ended well, yet its bills are not true. {failure.message}")
    return _heal(f"{where}: {_words(failure)}. The portal answers, but its page is not what the importer expects.")


def _broken_contract(failure: Failure, trace: Trace, where: str) -> Triage:
    """Wrong values may come from a place that moved; where no place is named and all are found, nobody can tell which value is right."""
    missing = next((look for step in trace.steps for look in step.lookups if look.found == 0), None)
    if trace.pages and (failure.selector or missing):
        place = failure.selector or (missing.selector if missing else "")
        return _heal(
            f"{where}: the result breaks the bills' contract, and {place} does not give what it should. {failure.message}"
        )
    if any(challenge.says_no_bill(page) for page in trace.pages.values()):
        return _not_fixed(
            Reason.NO_NEW_BILL,
            "Every place on the portal's pages was found, and the portal says that there is no new bill.",
        )
    return _unclear(
        f"{where}: every place on the portal's pages was found, yet the result breaks the bills' contract. {failure.message}"
    )


def _words(failure: Failure) -> str:
    place = f" ({failure.file}:{failure.line})" if failure.file and failure.line else ""
    return f"{failure.message or failure.exception or failure.kind.value}{place}"
