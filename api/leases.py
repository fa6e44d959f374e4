"""Leases: a gate run proves that it is the one that we dispatched, and gets its login once."""

import base64
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.body import SMALL, read_body
from api.parts import Counters, Parts
from api.problems import BODY, problems
from api.runners import Credentials, identify, open_credentials
from healer import credential, identity
from healer.chain import EventData
from healer.clients.logins import CeilingReached, CredentialMissing, Granted, LeaseOutcome, LeaseUsed
from healer.contracts import ENDED, Case, GateRun, Importer, LeaseGrant
from healer.errors import Conflict, Rejected
from healer.wiring import GatewayParts

router = APIRouter(prefix="/v1", responses=problems(401, 403, 404, 409, 429, *BODY), tags=["gate"])

AUDIENCE: Final = "importer-healer:lease"
_LIFE: Final = timedelta(minutes=15)
_MOST_TRIES: Final = 10


class LeaseAnswer(BaseModel):
    """The grant, the variables of each ref in clear, and the key for redacting traces (base64 of 32 bytes)."""

    grant: LeaseGrant
    env: dict[str, dict[str, str]]
    trace_key: str


@router.post("/leases")
async def lease(request: Request, response: Response, parts: Parts, counters: Counters) -> LeaseAnswer:
    """Release the login that a dispatched run needs, once, after debiting it. A refusal is an event on the case."""
    await read_body(request, SMALL)
    claims = await identify(parts, request.headers.get("authorization"), AUDIENCE)
    case = await parts.cases.case_of_run(int(claims.run_id))
    try:
        answer = await _grant(parts, case, identity.awaited(claims, case, parts.expected))
    except Rejected as refused:
        if case:
            data: EventData = {"run_id": int(claims.run_id), "reason": refused.reason, "detail": refused.what}
            await parts.cases.note(case.id, "lease_refused", data)
        raise
    counters.leases.inc()
    response.headers["Cache-Control"] = "no-store"
    return answer


async def _grant(parts: GatewayParts, case: Case | None, run: GateRun) -> LeaseAnswer:
    importer = (await parts.registry.get()).get(case.importer) if case else None
    if case is None or importer is None:
        raise Rejected("the registry has no such importer any more.", reason="unknown_importer", status=422)
    _check_open(case, run)
    refs = credential.refs_for(run.mode, importer)
    credentials = await open_credentials(parts, refs)
    held = _held(await parts.logins.lease(run, refs, importer.login_ceiling))
    await _record(parts, case, run, len(refs))
    grant = LeaseGrant(
        lease=held.lease,
        case=case.id,
        attempt=run.attempt,
        mode=run.mode,
        importer=importer,
        refs=refs,
        expires_at=datetime.now(UTC) + _LIFE,
    )
    return LeaseAnswer(grant=grant, env=_in_clear(credentials), trace_key=_trace_key(parts, importer))


def _check_open(case: Case, run: GateRun) -> None:
    if case.state in ENDED or case.awaiting != run:
        raise Rejected("nothing is fetched for a case that has ended.", reason="case_ended", status=409)


async def _record(parts: GatewayParts, case: Case, run: GateRun, logins: int) -> None:
    """Record the lease, but only on a case that still awaits the run: where a stop came first, nothing is released.

    Raises: Rejected (409, `case_ended`), Conflict, UpstreamError.
    """
    data: EventData = {"run_id": run.run_id, "run_attempt": run.run_attempt, "logins": logins}
    for _ in range(_MOST_TRIES):
        try:
            await parts.cases.note(case.id, "leased", data, as_of=case)
        except Conflict:
            case = await parts.cases.get(case.id) or case
            _check_open(case, run)
        else:
            return
    raise Conflict(f"case {case.id} is written all the time.", reason="case_changed", remedy="Dispatch the run again.")


def _in_clear(credentials: Credentials) -> dict[str, dict[str, str]]:
    """Open the values for the one answer that carries them."""
    return {
        ref: {name: value.get_secret_value() for name, value in credential.variables(fields).items()}
        for ref, fields in credentials.items()
    }


def _trace_key(parts: GatewayParts, importer: Importer) -> str:
    return base64.b64encode(parts.ring.derive(f"trace:{importer.name}")).decode("ascii")


def _held(outcome: LeaseOutcome) -> Granted:
    """Give the lease, or refuse in the words of what stood against it."""
    if isinstance(outcome, Granted):
        return outcome
    raise _refusal(outcome)


def _refusal(outcome: LeaseUsed | CredentialMissing | CeilingReached) -> Rejected:
    match outcome:
        case LeaseUsed():
            return Rejected("this run attempt had its lease already.", reason="lease_used", status=409)
        case CredentialMissing(ref):
            return Rejected(f"the vault has no credential {ref}.", reason="credential_missing", status=404)
        case CeilingReached(ref, next_at):
            what = f"{ref} has had all its logins of the last 24 hours."
            wait = max(1, math.ceil(next_at - time.time()))
            return Rejected(what, reason="login_ceiling", status=429, retry_after=wait)
