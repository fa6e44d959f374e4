"""Gate reports: bound to the run by an OIDC token whose audience is the report's own hash."""

import hashlib
from typing import Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from api.body import REPORT, read_body
from api.parts import Counters, Parts
from api.problems import BODY, problems
from api.runners import identify, sender
from healer import credential, identity, intake, reports, spans
from healer.chain import EventData
from healer.clients.vault import open_known
from healer.contracts import ENDED, Case, CaseId, FailureClass, GateReport, LoginOutcome, RunRequest
from healer.errors import Rejected
from healer.wiring import GatewayParts

router = APIRouter(prefix="/v1/gate", responses=problems(401, 403, *BODY), tags=["gate"])

AUDIENCE: Final = "importer-healer:report:"
REPORT_RECEIVED: Final = "report_received"
_SCHEMA: Final = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


class ReportAnswer(BaseModel):
    """The report is on disk, and so is the flow run that it starts."""

    case: CaseId
    outcome: Literal["taken", "repeated"]


@router.post("/reports", status_code=202, openapi_extra=_SCHEMA)
async def report(request: Request, parts: Parts, counters: Counters) -> ReportAnswer:
    """Take the report of a run that its case awaits; the same run attempt again changes nothing.

    Where a person has ended the case meanwhile, or let it begin again, the report is kept and noted as late, and nothing follows from it.
    """
    body = await read_body(request, REPORT)
    audience = AUDIENCE + hashlib.sha256(body).hexdigest()
    claims = await identify(parts, request.headers.get("authorization"), audience)
    given = reports.parse(body)
    case, is_checkup = await sender(parts, int(claims.run_id))
    answer = await _of_checkup(parts, claims, case, given) if is_checkup else await _repeated(parts, claims, case)
    answer = answer or await _late(parts, claims, case, given) or await _take(parts, claims, case, given)
    counters.reports.labels(answer.outcome).inc()
    return answer


async def _repeated(parts: GatewayParts, claims: identity.Identity, case: Case | None) -> ReportAnswer | None:
    """Recognise a run that has reported already, also where its case has moved on since."""
    run_id, run_attempt = int(claims.run_id), int(claims.run_attempt)
    if case is None or claims.repository != parts.expected.repository:
        return None
    if not await parts.cases.has_noted(case.id, REPORT_RECEIVED, run_id, run_attempt):
        return None
    return ReportAnswer(case=case.id, outcome="repeated")


async def _late(
    parts: GatewayParts, claims: identity.Identity, case: Case | None, given: GateReport
) -> ReportAnswer | None:
    """Note the report of a run of ours that its case awaits no more; None where it is no such run."""
    run_id = int(claims.run_id)
    if case is None or not identity.was_dispatched(claims, case, parts.expected):
        return None
    if not reports.is_of(given, case, run_id, parts.expected.repository):
        return None
    await _keep(parts, case, given, late=True)
    return ReportAnswer(case=case.id, outcome="taken")


async def _of_checkup(
    parts: GatewayParts, claims: identity.Identity, view: Case | None, given: GateReport
) -> ReportAnswer:
    """Keep the report of a run that looks at a sibling; the flow `family` reads it there. Nothing starts, and no chain tells of it."""
    identity.awaited(claims, view, parts.expected)
    if view is None:
        raise Rejected("no case awaits this run.", reason="not_our_run", status=403)
    reports.awaited(given, view, parts.expected.repository)
    clean = await _redacted(parts, view, given)
    is_first = await parts.evidence.keep_report(clean)
    await _close_refused(parts, view, clean)
    return ReportAnswer(case=view.id, outcome="taken" if is_first else "repeated")


async def _take(parts: GatewayParts, claims: identity.Identity, case: Case | None, given: GateReport) -> ReportAnswer:
    run = identity.awaited(claims, case, parts.expected)
    if case is None:
        raise Rejected("no case awaits this run.", reason="not_our_run", status=403)
    reports.awaited(given, case, parts.expected.repository)
    await _keep(parts, case, given, late=case.state in ENDED, start=intake.follow_up(case, run))
    return ReportAnswer(case=case.id, outcome="taken")


async def _keep(
    parts: GatewayParts, case: Case, given: GateReport, *, late: bool, start: RunRequest | None = None
) -> None:
    """Redact, keep and note a report, with the flow run that follows from it (`start`), if any."""
    clean = await _redacted(parts, case, given)
    await parts.evidence.keep_report(clean)
    await _close_refused(parts, case, clean)
    facts = _facts(clean) | ({"late": True} if late else {})
    await parts.cases.note(case.id, REPORT_RECEIVED, facts, start=start)
    parts.telemetry.tell(spans.gate(clean))


async def _redacted(parts: GatewayParts, case: Case, given: GateReport) -> GateReport:
    """Redact with the values of the importer's credentials, which the runner had in its hands."""
    importer = (await parts.registry.get()).get(case.importer)
    await open_known(parts.vault, parts.redactor, importer.credentials if importer else ())
    return reports.redacted(given, parts.redactor)


async def _close_refused(parts: GatewayParts, case: Case, given: GateReport) -> None:
    """Close the refs of a run whose login the portal refused: which of several it was, nobody can tell."""
    importer = (await parts.registry.get()).get(case.importer)
    if importer and given.failure and given.failure.kind is FailureClass.AUTH_FAILED:
        refs = credential.refs_for(given.mode, importer)
        for ref in credential.chosen(given.mode, refs, await open_known(parts.vault, parts.redactor, refs)):
            await parts.logins.close(ref, LoginOutcome.REFUSED, case.id)


def _facts(given: GateReport) -> EventData:
    seconds = (given.finished_at - given.started_at).total_seconds()
    return {
        "run_id": given.run_id,
        "run_attempt": given.run_attempt,
        "mode": given.mode,
        "conclusion": given.conclusion,
        "failure": given.failure.kind if given.failure else None,
        "bills": given.bills,
        "logins": given.logins_used,
        **({"base": given.base.conclusion} if given.base else {}),
        "gate_ms": round(seconds * 1000),
        "container_ms": sum(given.timings_ms.get(part, 0) for part in ("container", "replay")),
    }
