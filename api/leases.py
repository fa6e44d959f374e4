"""Leases: a gate run proves that it is the one that we dispatched, and gets its login once."""

import base64
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.body import SMALL, read_body
from api.parts import Counters, Parts
from api.problems import BODY, problems
from api.runners import identify, sender
from healer import credential, identity, logins, turns
from healer.chain import EventData
from healer.clients.logins import CredentialMissing, Granted, Held, LeaseOutcome, LeaseUsed, TokenUsed
from healer.clients.vault import Fields, open_known
from healer.contracts import ENDED, Case, GateRun, Importer, LeaseGrant, LoginStanding
from healer.errors import Conflict, Rejected
from healer.history import key_label
from healer.wiring import GatewayParts

router = APIRouter(prefix="/v1", responses=problems(401, 403, 404, 409, 429, *BODY), tags=["gate"])

AUDIENCE: Final = "importer-healer:lease"
_LIFE: Final = timedelta(minutes=15)
_MOST_TRIES: Final = 10
_HELD: Final = {"full": "login_ceiling", "cooling": "login_cooloff", "closed": "login_closed"}


class LeaseAnswer(BaseModel):
    """The grant, the variables of each ref in clear, and the key for redacting traces (base64 of 32 bytes)."""

    grant: LeaseGrant
    env: dict[str, dict[str, str]]
    trace_key: str


@router.post("/leases")
async def lease(request: Request, response: Response, parts: Parts, counters: Counters) -> LeaseAnswer:
    """Release the login that a dispatched run needs, once, after debiting it. A refusal is an event on the case, where there is one."""
    await read_body(request, SMALL)
    claims = await identify(parts, request.headers.get("authorization"), AUDIENCE)
    case, is_checkup = await sender(parts, int(claims.run_id))
    try:
        run = identity.awaited(claims, case, parts.expected)
        answer = await _grant(parts, case, run, claims.jti, is_checkup=is_checkup)
    except Rejected as refused:
        if case and not is_checkup:
            await parts.cases.note(case.id, "lease_refused", _facts(claims, refused))
        raise
    counters.leases.inc()
    response.headers["Cache-Control"] = "no-store"
    return answer


def _facts(claims: identity.Identity, refused: Rejected) -> EventData:
    wait = refused.retry_after
    next_at = (datetime.now(UTC) + timedelta(seconds=wait)).isoformat(timespec="seconds") if wait else None
    run: EventData = {"run_id": int(claims.run_id), "run_attempt": int(claims.run_attempt)}
    return {**run, "reason": refused.reason, "detail": refused.what, "next_at": next_at}


async def _grant(
    parts: GatewayParts, case: Case | None, run: GateRun, token_id: str, *, is_checkup: bool
) -> LeaseAnswer:
    importer = (await parts.registry.get()).get(case.importer) if case else None
    if case is None or importer is None:
        raise Rejected("the registry has no such importer any more.", reason="unknown_importer", status=422)
    _check_open(case, run)
    refs = credential.refs_for(run.mode, importer)
    credentials = await open_known(parts.vault, parts.redactor, refs)
    remembered = await parts.evidence.history(importer.name)
    if absent := [ref for ref in refs if not credentials[ref]]:
        raise _refusal(CredentialMissing(absent[0]))
    debits = credential.debits(run, importer, refs, credentials)
    held = _held(await parts.logins.lease(run, debits, logins.policy(importer), token_id))
    if not is_checkup:
        await _record(parts, case, run, sum(debits.values()))
    grant = LeaseGrant(
        lease=held.lease,
        case=case.id,
        attempt=run.attempt,
        mode=run.mode,
        importer=importer,
        refs=tuple(debits),
        repetitions=credential.repetitions(run.mode, importer),
        base=run.base_sha,
        expires_at=datetime.now(UTC) + _LIFE,
        history=remembered,
        diff=turns.diff_of(case, run.attempt),
    )
    return LeaseAnswer(
        grant=grant, env=_in_clear({ref: credentials[ref] for ref in debits}), trace_key=_trace_key(parts, importer)
    )


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


def _in_clear(credentials: Mapping[str, Fields]) -> dict[str, dict[str, str]]:
    """Open the values for the one answer that carries them."""
    return {
        ref: {name: value.get_secret_value() for name, value in credential.variables(fields).items()}
        for ref, fields in credentials.items()
    }


def _trace_key(parts: GatewayParts, importer: Importer) -> str:
    return base64.b64encode(parts.ring.derive(key_label(importer.name))).decode("ascii")


def _held(outcome: LeaseOutcome) -> Granted:
    """Give the lease, or refuse in the words of what stood against it."""
    if isinstance(outcome, Granted):
        return outcome
    raise _refusal(outcome)


def _refusal(outcome: LeaseUsed | TokenUsed | CredentialMissing | Held) -> Rejected:
    match outcome:
        case LeaseUsed():
            return Rejected("this run attempt had its lease already.", reason="lease_used", status=409)
        case TokenUsed():
            return Rejected("this identity token had its lease already.", reason="token_used", status=409)
        case CredentialMissing(ref):
            return Rejected(f"the vault has no credential {ref}.", reason="credential_missing", status=404)
        case Held(why, stands):
            what = f"no login of {stands.ref} is released now: {logins.words(stands)}."
            status = 409 if why == "closed" else 429
            return Rejected(what, reason=_HELD[why], status=status, retry_after=_wait(stands))


def _wait(stands: LoginStanding) -> int | None:
    """Give the seconds until waiting may help; None where a person must act first."""
    if stands.closed:
        return None
    left = (stands.next_at - datetime.now(UTC)).total_seconds() if stands.next_at else 0
    return max(1, math.ceil(left))
