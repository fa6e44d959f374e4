"""Production's word: each production fetch of an importer is told here, and what it ran; a merged case is proved by it, or is not."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.bearers import with_scope
from api.body import read_form
from api.parts import Parts
from api.problems import BODY, problems
from healer import turns
from healer.chain import EventData
from healer.clients.tokens import Scope
from healer.contracts import Case, Fetch, FetchResult, ImporterName, Sha, State
from healer.wiring import GatewayParts


class FetchOutcome(BaseModel):
    """One production fetch. `commit` is that of the importers repository which it ran; `id` makes a repeated report harmless."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", strict=True)]
    importer: ImporterName
    outcome: FetchResult
    commit: Sha
    bills: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 0
    structure: Annotated[str, Field(pattern=r"^([0-9a-f]{8,64})?$", strict=True)] = ""
    """A fingerprint of the structure of the portal's pages: equal as long as only values change."""


class FetchAnswer(BaseModel):
    """How many merged cases of this importer the fetch is evidence for; each is judged by the commit that it ran."""

    cases: int


_MEMBERS: Final = "id, importer, outcome (fetched or failed), commit and, if wanted, bills and structure"
_SCHEMA: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": FetchOutcome.model_json_schema()}}}
}
router = APIRouter(responses=problems(401, 403, *BODY), tags=["fetches"])


@router.post(
    "/v1/fetch-outcomes", status_code=202, openapi_extra=_SCHEMA, dependencies=[Depends(with_scope(Scope.FETCHES))]
)
async def report_fetch(request: Request, parts: Parts) -> FetchAnswer:
    """Take production's word about a fetch."""
    given = await read_form(request, FetchOutcome, _MEMBERS)
    told = Fetch(**given.model_dump(exclude={"importer"}), at=datetime.now(UTC))
    await parts.fetches.take(given.importer, told)
    waiting = [case for case in await parts.cases.list() if _is_about(given, case)]
    for case in waiting:
        await _note(parts, case, given)
    return FetchAnswer(cases=len(waiting))


def _is_about(given: FetchOutcome, case: Case) -> bool:
    return case.importer == given.importer and case.state is State.MERGED


async def _note(parts: GatewayParts, case: Case, given: FetchOutcome) -> None:
    """Write it on the case, once, with the flow run that judges it."""
    events = await parts.cases.events(case.id)
    if any(event.kind == turns.FETCHED and event.data.get("fetch") == given.id for event in events):
        return
    told: EventData = {"fetch": given.id, "outcome": given.outcome, "commit": given.commit, "bills": given.bills}
    await parts.cases.note(case.id, turns.FETCHED, told, start=turns.onward(case, turns.again(events)))
