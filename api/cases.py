"""Cases as people and programs with a token read them."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.parts import Counters, Parts
from api.problems import PROBLEMS
from healer.clients.tokens import Scope
from healer.contracts import Case, CaseId, Event
from healer.errors import Rejected
from healer.links import Links, links

_MOST: Final = 1000


class CaseList(BaseModel):
    """Cases, the one that was written last first."""

    cases: tuple[Case, ...]


class CaseAnswer(BaseModel):
    """A case, its event chain from the start, and where to look."""

    case: Case
    events: tuple[Event, ...]
    links: Links


async def may_read(request: Request, parts: Parts) -> None:
    """Let holders of a token with scope `read` through.

    Raises: Rejected: 401 `bad_token`, 403 `missing_scope`; UpstreamError.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    scopes = await parts.tokens.scopes(token) if scheme.lower() == "bearer" else frozenset()
    if not scopes:
        raise Rejected("the API token is absent, unknown or revoked.", reason="bad_token", status=401)
    if Scope.READ not in scopes:
        raise Rejected("the API token lacks scope read.", reason="missing_scope", status=403)


router = APIRouter(responses=PROBLEMS, tags=["cases"], dependencies=[Depends(may_read)])


@router.get("/v1/cases")
async def list_cases(parts: Parts, limit: Annotated[int, Query(ge=1, le=_MOST)] = 100) -> CaseList:
    """List cases."""
    return CaseList(cases=await parts.cases.list(limit))


@router.get("/v1/cases/{case_id}")
async def show_case(case_id: CaseId, parts: Parts) -> CaseAnswer:
    """Show a case."""
    case = await parts.cases.get(case_id)
    if case is None:
        raise Rejected("there is no such case.", reason="unknown_case", status=404)
    events = await parts.cases.events(case_id)
    return CaseAnswer(case=case, events=events, links=links(case, events, parts.places))


@router.get("/metrics", response_class=Response)
async def metrics(counters: Counters) -> Response:
    """Give this process' counters in Prometheus' text form."""
    return Response(counters.text(), media_type=CONTENT_TYPE_LATEST)
