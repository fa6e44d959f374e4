"""Webhooks: Workato's deliveries open cases; GitHub tells what happened there: runs, comments, pull requests."""

import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from api import boxes, comments, pulls
from api.body import GITHUB, SMALL, read_body
from api.parts import Counters, Parts, parts_of
from api.problems import BODY, problems
from healer import body_token, intake, signing, spans, strict_json
from healer.chain import EventData
from healer.clients.reception import Outcome
from healer.contracts import Case, CaseId, ImporterName, State, TicketKey
from healer.errors import Rejected
from healer.wiring import GatewayParts

router = APIRouter(prefix="/v1/hooks", responses=problems(401, *BODY), tags=["hooks"])

_DELIVERY_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_EVENTS: Final = frozenset({"workflow_run", "check_run", "pull_request", "push", "issue_comment", "issues", "ping"})
"""The App's events, each counted under its name; what else comes is counted as `other`."""
_CONCLUSION: Final = re.compile(r"[a-z_]{1,40}")
RUN_COMPLETED: Final = "run_completed"
_DELIVERY_SCHEMA: Final[dict[str, Any]] = {
    "security": [{"workato_signature": []}, {"workato_jwt": []}],
    "parameters": [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in (("webhook-id", "^[A-Za-z0-9_-]{1,64}$"), ("webhook-timestamp", "^[1-9][0-9]{0,11}$"))
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["ticket", "importer"],
                    "example": {"ticket": "UTIL-101", "importer": "brightwater"},
                    "properties": {
                        "ticket": TypeAdapter(TicketKey).json_schema(),
                        "importer": TypeAdapter(ImporterName).json_schema(),
                    },
                }
            }
        },
    },
}
_GITHUB_SCHEMA: Final[dict[str, Any]] = {
    "security": [{"github_signature": []}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


class _Plain(APIRoute):
    """Hands the request to the endpoint as it is: what FastAPI does for dependencies and answers costs a third of intake's rate."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the endpoint itself (fastapi.tiangolo.com, "Custom Request and APIRoute class")."""
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint


class DeliveryAnswer(BaseModel):
    """The delivery is on disk, and so is its case. `place` is there where the case waits in the line."""

    case: CaseId
    state: State
    outcome: Outcome
    place: int | None = None


class EventAnswer(BaseModel):
    """Whether a GitHub event changed anything."""

    outcome: Literal["followed", "repeated", "ignored"]


async def workato(request: Request) -> Response:
    """Take a signed delivery (Standard Webhooks v1, or a JWT where it is accepted): open its ticket's case, or attach it to that."""
    parts, counters = parts_of(request.app).gateway, parts_of(request.app).metrics
    body = await read_body(request, SMALL)
    now = datetime.now(UTC)
    form = body_token if parts.accept_jwt and "webhook-signature" not in request.headers else signing
    signed = form.verify(request.headers.raw, body, parts.workato_keys, now.timestamp())
    delivery = intake.read_delivery(body, signed, now)
    if (await parts.registry.get()).get(delivery.importer) is None:
        raise Rejected("the registry has no such importer.", reason="unknown_importer", status=422)
    with parts_of(request.app).under_way:
        received = await parts.cases.receive(delivery, now, signed.key)
    counters.deliveries.labels(received.outcome).inc()
    case, outcome = received.case, received.outcome
    if outcome != "repeated":
        parts.telemetry.tell(spans.delivery(case, delivery.id, outcome, now, datetime.now(UTC)))
    answer = DeliveryAnswer(case=case.id, state=case.state, outcome=outcome, place=received.place)
    return Response(answer.model_dump_json(exclude_none=True), 202, media_type="application/json")


router.add_api_route(
    "/workato",
    workato,
    methods=["POST"],
    status_code=202,
    response_model=DeliveryAnswer,
    responses=problems(409, 429),
    openapi_extra=_DELIVERY_SCHEMA,
    route_class_override=_Plain,
)


@router.post("/github", status_code=202, openapi_extra=_GITHUB_SCHEMA)
async def github(
    request: Request,
    parts: Parts,
    counters: Counters,
    event: Annotated[str, Header(alias="x-github-event")] = "",
    delivery: Annotated[str, Header(alias="x-github-delivery")] = "",
) -> EventAnswer:
    """Take a signed GitHub event: a finished run, a closed pull request, a push, a comment that commands; the rest is ignored."""
    body = await read_body(request, GITHUB)
    signing.verify_github(request.headers.raw, body, parts.github_secret.get_secret_value().encode("utf-8"))
    members = strict_json.parse(body)
    outcome: Literal["followed", "repeated", "ignored"] = "ignored"
    if event == "workflow_run" and members.get("action") == "completed" and _DELIVERY_ID.fullmatch(delivery):
        outcome = await _follow(parts, delivery, members.get("workflow_run"))
    if event == "issue_comment" and parts.hears_comments and _DELIVERY_ID.fullmatch(delivery):
        heard = comments.read(members)
        outcome = await comments.hear(parts, heard) if heard else "ignored"
    if event == "pull_request" and members.get("action") == "closed" and _DELIVERY_ID.fullmatch(delivery):
        outcome = await pulls.closed(parts, members)
    if event == "issues" and parts.hears_comments and _DELIVERY_ID.fullmatch(delivery):
        outcome = await boxes.hear(parts, boxes.read(members))
    if event == "push" and _DELIVERY_ID.fullmatch(delivery):
        outcome = await pulls.moved(parts, members)
    counters.github.labels(event if event in _EVENTS else "other", outcome).inc()
    return EventAnswer(outcome=outcome)


async def _follow(parts: GatewayParts, delivery: str, run: Any) -> Literal["followed", "repeated", "ignored"]:
    """Follow up a finished run. The id is remembered afterwards: a crash in between leaves it to GitHub's redelivery."""
    if await parts.cases.has_followed(delivery):
        return "repeated"
    outcome = await _run_completed(parts, delivery, run)
    if outcome == "followed":
        await parts.cases.followed(delivery)
    return outcome


def _finished(run: Any) -> tuple[int, int, str] | None:
    """Read id, attempt and conclusion of a `workflow_run`; None where it has not the documented form."""
    fields = run if isinstance(run, dict) else {}
    run_id, attempt, conclusion = (fields.get(name) for name in ("id", "run_attempt", "conclusion"))
    if not (isinstance(run_id, int) and isinstance(attempt, int) and isinstance(conclusion, str)):
        return None
    return run_id, attempt, conclusion if _CONCLUSION.fullmatch(conclusion) else "unknown"


async def _awaiting(parts: GatewayParts, run_id: int, run_attempt: int) -> Case | None:
    """Give the case that still awaits this run attempt and has no report of it."""
    case = await parts.cases.case_of_run(run_id)
    awaited = case.awaiting if case else None
    if awaited is None or (awaited.run_id, awaited.run_attempt) != (run_id, run_attempt):
        return None
    return None if await parts.evidence.report(run_id, run_attempt) else case


async def _run_completed(parts: GatewayParts, delivery: str, run: Any) -> Literal["followed", "repeated", "ignored"]:
    """Follow up a run that ended without a report, once, whatever GitHub sends again."""
    finished = _finished(run)
    case = await _awaiting(parts, finished[0], finished[1]) if finished else None
    if finished is None or case is None or case.awaiting is None:
        return "ignored"
    run_id, run_attempt, conclusion = finished
    if await parts.cases.has_noted(case.id, RUN_COMPLETED, run_id, run_attempt):
        return "repeated"
    data: EventData = {"run_id": run_id, "run_attempt": run_attempt, "conclusion": conclusion, "delivery": delivery}
    await parts.cases.note(case.id, RUN_COMPLETED, data, start=intake.follow_up(case, case.awaiting))
    return "followed"
