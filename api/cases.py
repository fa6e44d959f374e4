"""Cases as people and programs with a token read them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.bearers import with_scope
from api.logins import importer_of, standings_of
from api.parts import Counters, Parts
from api.problems import problems
from healer.clients.tokens import Scope
from healer.contracts import Case, CaseId, Event, LoginStanding
from healer.errors import Rejected
from healer.links import Links, links

_MOST: Final = 1000


class CaseList(BaseModel):
    """Cases, the one that was written last first."""

    cases: tuple[Case, ...]


class CaseAnswer(BaseModel):
    """A case, its event chain from the start, where to look, and how the logins of its importer stand."""

    case: Case
    events: tuple[Event, ...]
    links: Links
    logins: tuple[LoginStanding, ...]


router = APIRouter(responses=problems(401, 403), tags=["cases"], dependencies=[Depends(with_scope(Scope.READ))])


@router.get("/v1/cases", responses=problems(422))
async def list_cases(parts: Parts, limit: Annotated[int, Query(ge=1, le=_MOST)] = 100) -> CaseList:
    """List cases."""
    return CaseList(cases=await parts.cases.list(limit))


@router.get("/v1/cases/{case_id}", responses=problems(404, 422))
async def show_case(case_id: CaseId, parts: Parts) -> CaseAnswer:
    """Show a case."""
    case = await parts.cases.get(case_id)
    if case is None:
        raise Rejected("there is no such case.", reason="unknown_case", status=404)
    events = await parts.cases.events(case_id)
    standings = await standings_of(parts, await importer_of(parts, case))
    return CaseAnswer(case=case, events=events, links=links(case, events, parts.places), logins=standings)


_ENVELOPE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.get("/v1/cases/{case_id}/receipt", response_class=Response, responses={**_ENVELOPE, **problems(404, 422)})
async def show_receipt(case_id: CaseId, parts: Parts) -> Response:
    """Give the signed receipt of an ended case as it was written last (DSSE, in-toto Statement v1)."""
    receipt = await parts.evidence.receipt(case_id)
    if receipt is None:
        raise Rejected(
            "there is no receipt: the case has not ended, or there is none.", reason="no_receipt", status=404
        )
    return Response(receipt, media_type="application/json")


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
async def metrics(counters: Counters) -> Response:
    """Give this process' counters in Prometheus' text form."""
    return Response(counters.text(), media_type=CONTENT_TYPE_LATEST)
