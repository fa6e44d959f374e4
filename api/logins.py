"""The login ledger as others reach it: production reports its logins, so that all callers together stay within the ceiling."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.bearers import with_scope
from api.body import read_form
from api.parts import Parts
from api.problems import BODY, problems
from healer import logins
from healer.clients.tokens import Holder, Scope
from healer.contracts import Case, CredentialRef, Importer, LoginOutcome, LoginStanding
from healer.errors import HealerError, Rejected
from healer.wiring import GatewayParts

_AHEAD: Final = timedelta(minutes=5)
"""How far another clock may be ahead of ours."""


class LoginReport(BaseModel):
    """One login at a portal. `id` makes a repeated report harmless; `at` is when it was made, now where it is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", strict=True)]
    ref: CredentialRef
    outcome: LoginOutcome
    at: AwareDatetime | None = None


class LoginAnswer(BaseModel):
    """The login is on record. `standing` says when the next one may be made."""

    outcome: Literal["taken", "repeated"]
    standing: LoginStanding


_MEMBERS: Final = "id, ref, outcome (accepted, refused or locked) and, if wanted, at"
_SCHEMA: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": LoginReport.model_json_schema()}}}
}
Reporter = Annotated[Holder, Depends(with_scope(Scope.LOGINS))]
router = APIRouter(responses=problems(401, 403, 404, *BODY), tags=["logins"])


@router.post("/v1/logins", openapi_extra=_SCHEMA)
async def report_login(request: Request, by: Reporter, parts: Parts) -> LoginAnswer:
    """Record a login. One that was refused or locked closes the ref: no gate run gets it until a person opens it."""
    given = await read_form(request, LoginReport, _MEMBERS)
    _prove_past(given)
    importer = next((i for i in await parts.registry.get() if given.ref in i.credentials), None)
    if importer is None:
        raise Rejected("no importer has this credentialRef.", reason="unknown_credential", status=404)
    at = given.at.timestamp() if given.at else time.time()
    is_new = await parts.logins.report(given.ref, given.id, at, given.outcome, by.name)
    standing = await parts.logins.standing(given.ref, logins.policy(importer))
    return LoginAnswer(outcome="taken" if is_new else "repeated", standing=standing)


def _prove_past(given: LoginReport) -> None:
    """Refuse a login of the future (422, `bad_body`)."""
    if given.at and given.at > datetime.now(UTC) + _AHEAD:
        raise Rejected("the login is said to be of the future.", reason="bad_body", status=422)


async def standings_of(parts: GatewayParts, importer: Importer | None) -> tuple[LoginStanding, ...]:
    """Say how each ref of an importer stands; nothing where the importer is not known.

    Raises: UpstreamError.
    """
    refs = importer.credentials if importer else ()
    return tuple([await parts.logins.standing(ref, logins.policy(importer)) for ref in refs if importer])


async def importer_of(parts: GatewayParts, case: Case) -> Importer | None:
    """Give the registry's entry of a case's importer; None also where the registry cannot be read now."""
    try:
        return (await parts.registry.get()).get(case.importer)
    except HealerError:
        return None
