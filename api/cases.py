"""Cases as people and programs with a token read them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.bearers import with_scope
from api.logins import importer_of, standings_of
from api.metrics import Shared
from api.parts import Counters, Parts
from api.problems import problems
from healer.backfill import Backfill, as_csv
from healer.budget import Account, Ledger
from healer.clients.statements import Run
from healer.clients.tokens import Scope
from healer.contracts import Case, CaseId, Event, LoginStanding
from healer.errors import Rejected
from healer.links import Links, links
from healer.wiring import GatewayParts

_MOST: Final = 1000


class CaseList(BaseModel):
    """Cases, the one that was written last first."""

    cases: tuple[Case, ...]


class Spending(BaseModel):
    """What agents have spent, by ledger against its limit (US dollars or minutes), and the case's own runs."""

    ledgers: dict[Ledger, Account]
    runs: tuple[Run, ...]


class CaseAnswer(BaseModel):
    """A case, its event chain from the start, where to look, how its importer's logins stand, and what it spends."""

    case: Case
    events: tuple[Event, ...]
    links: Links
    logins: tuple[LoginStanding, ...]
    spend: Spending
    place: int | None
    """The case's place in the line, where it waits there."""


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
    where, spend = links(case, events, parts.places), await _spending(parts, case_id, events)
    place = await parts.line.place(case)
    return CaseAnswer(case=case, events=events, links=where, logins=standings, spend=spend, place=place)


async def _spending(parts: GatewayParts, case_id: CaseId, events: tuple[Event, ...]) -> Spending:
    budget = parts.statements.budget.raised(events)
    statement = await parts.statements.of_case(case_id, budget, datetime.now(UTC))
    return Spending(ledgers=dict(statement.accounts), runs=statement.runs)


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


@router.get("/v1/cases/{case_id}/backfill", responses=problems(404, 422))
async def show_backfill(case_id: CaseId, parts: Parts) -> Backfill:
    """List the accounts and billing periods that were missed while the importer was broken, for whoever fetches in production."""
    return await _backfill(parts, case_id)


_CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/v1/cases/{case_id}/backfill.csv", response_class=Response, responses={**_CSV, **problems(404, 422)})
async def show_backfill_csv(case_id: CaseId, parts: Parts) -> Response:
    """Give the same list as CSV."""
    return Response(as_csv(await _backfill(parts, case_id)), media_type="text/csv")


async def _backfill(parts: GatewayParts, case_id: CaseId) -> Backfill:
    found = await parts.evidence.backfill(case_id)
    if found is None:
        what = "nothing is listed: the case has not ended with an importer that fetches again, or there is none."
        raise Rejected(what, reason="no_backfill", status=404)
    return found


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
async def metrics(counters: Counters, parts: Parts) -> Response:
    """Give this process' counters, and what is counted in Redis for all, in Prometheus' text form."""
    statements, line = parts.statements, await parts.line.length()
    shared = Shared(await statements.breaches(), await statements.shared(datetime.now(UTC)), line)
    return Response(counters.text(shared), media_type=CONTENT_TYPE_LATEST)
