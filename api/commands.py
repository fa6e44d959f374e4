"""Commands of people with a token of scope `operate`: stop, take, release, retry, budget, publish; and a case explained."""

from typing import Annotated, Any, Final, Self, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.bearers import with_scope
from api.body import read_form
from api.logins import importer_of, standings_of
from api.parts import Counters, Parts
from api.problems import BODY, problems
from healer import turns
from healer.clients import orders
from healer.clients.tokens import Holder, Scope
from healer.clients.vault import open_known
from healer.commands import Command, Order
from healer.contracts import Case, CaseId, Event, State
from healer.errors import HealerError, Rejected
from healer.explain import explain
from healer.wiring import GatewayParts


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(_Body):
    """The command takes no member."""


class Why(_Body):
    """Why the case is stopped, for its ticket."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Hint(_Body):
    """What may help the next attempt. An agent reads it as foreign text."""

    hint: Annotated[str, Field(max_length=2000)] = ""


class More(_Body):
    """How much more the case may have: attempts, US dollars, minutes of agents; at least one of them."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    attempts: Annotated[int, Field(ge=1, le=10)] = 0
    usd: Annotated[float, Field(ge=0.01, le=1000)] = 0.0
    minutes: Annotated[float, Field(ge=1, le=1440)] = 0.0

    @model_validator(mode="after")
    def _is_more(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing is allowed")
        return self


class CommandAnswer(BaseModel):
    """The command is on disk, and so is the flow run that tells the ticket. `by` is who gave it (first)."""

    case: CaseId
    command: Command
    state: State
    by: str
    extra_attempts: int
    extra_usd: float
    extra_minutes: float
    """What people have allowed this case beyond the usual, all together: attempts, US dollars, minutes of agents."""


B = TypeVar("B", bound=_Body)
_MARKDOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}
}
Operator = Annotated[Holder, Depends(with_scope(Scope.OPERATE))]
router = APIRouter(prefix="/v1/cases/{case_id}", responses=problems(401, 403, 404, 409, *BODY), tags=["commands"])


def _takes(form: type[_Body]) -> dict[str, Any]:
    """Describe the body for the OpenAPI document; it may be absent where no member is required."""
    schema = form.model_json_schema()
    is_required = not schema.keys().isdisjoint({"required", "minProperties"})
    return {"requestBody": {"required": is_required, "content": {"application/json": {"schema": schema}}}}


async def _given(request: Request, form: type[B]) -> B:
    """Read a command's body.

    Raises: as `read_form`.
    """
    return await read_form(request, form, ", ".join(form.model_fields) or "no members")


@router.post("/stop", openapi_extra=_takes(Why))
async def stop(case_id: CaseId, request: Request, by: Operator, parts: Parts, counters: Counters) -> CommandAnswer:
    """Stop a case: from now on nothing is done for it. Stopping it again gives the first answer."""
    why = await kept(parts, case_id, (await _given(request, Why)).reason)  # a stop waits for nothing but Redis
    return await _obey(parts, counters, case_id, Order(command=Command.STOP, by=by.name, text=why))


@router.post("/take", openapi_extra=_takes(Nothing))
async def take(case_id: CaseId, request: Request, by: Operator, parts: Parts, counters: Counters) -> CommandAnswer:
    """Take a case over: the healer keeps its hands off until it is released."""
    await _given(request, Nothing)
    return await _obey(parts, counters, case_id, Order(command=Command.TAKE, by=by.name))


@router.post("/release", openapi_extra=_takes(Nothing))
async def release(case_id: CaseId, request: Request, by: Operator, parts: Parts, counters: Counters) -> CommandAnswer:
    """Give a taken case back: it is diagnosed anew."""
    await _given(request, Nothing)
    return await _obey(parts, counters, case_id, Order(command=Command.RELEASE, by=by.name))


@router.post("/retry", openapi_extra=_takes(Hint))
async def retry(case_id: CaseId, request: Request, by: Operator, parts: Parts, counters: Counters) -> CommandAnswer:
    """Let an ended case begin again, with a fresh diagnosis and all its attempts."""
    hint = await _redacted(parts, case_id, (await _given(request, Hint)).hint)
    return await _obey(parts, counters, case_id, Order(command=Command.RETRY, by=by.name, text=hint))


@router.post("/publish", openapi_extra=_takes(Nothing))
async def publish(case_id: CaseId, request: Request, by: Operator, parts: Parts, counters: Counters) -> CommandAnswer:
    """Ask for the pull request of a healing that was held back: a draft, where its importer has not earned more."""
    await _given(request, Nothing)
    return await _obey(parts, counters, case_id, Order(command=Command.PUBLISH, by=by.name))


@router.post("/budget", openapi_extra=_takes(More))
async def budget(case_id: CaseId, request: Request, by: Operator, parts: Parts, counters: Counters) -> CommandAnswer:
    """Allow a case more than the usual: attempts, money, minutes of agents."""
    more = await _given(request, More)
    return await _obey(parts, counters, case_id, Order(command=Command.BUDGET, by=by.name, **more.model_dump()))


@router.post("/explain", response_class=Response, responses=_MARKDOWN, openapi_extra=_takes(Nothing))
async def explained(case_id: CaseId, request: Request, _: Operator, parts: Parts) -> Response:
    """Explain where a case stands, why, and what comes next, as Markdown. It changes nothing."""
    await _given(request, Nothing)
    case, events = await orders.read(parts.cases, case_id)
    importer = await importer_of(parts, case)
    standings, place = await standings_of(parts, importer), await parts.line.place(case)
    text = explain(case, events, importer, standings, place)
    return Response(text, media_type="text/markdown")


async def kept(parts: GatewayParts, case_id: CaseId, text: str) -> str:
    """Redact a person's text; where what must be redacted in it cannot be read, give words that say so.

    Raises: Rejected (404, `unknown_case`).
    """
    try:
        return await _redacted(parts, case_id, text)
    except Rejected:
        raise
    except HealerError:
        return orders.WITHHELD


async def _redacted(parts: GatewayParts, case_id: CaseId, text: str) -> str:
    """Redact a person's text, also of the logins of the case's importer.

    Raises: Rejected (404, `unknown_case`), UpstreamError, Misconfigured.
    """
    if not text:
        return ""
    case, _ = await orders.read(parts.cases, case_id)
    importer = (await parts.registry.get()).get(case.importer)
    await open_known(parts.vault, parts.redactor, importer.credentials if importer else ())
    return parts.redactor.text(text)


async def _obey(parts: GatewayParts, counters: Counters, case_id: CaseId, order: Order) -> CommandAnswer:
    """Obey, and count what was obeyed for the first time.

    Raises: as `orders.obey`.
    """
    obeyed = await orders.obey(parts.cases, case_id, order)
    allowed = _allowed(obeyed.events)
    if not obeyed.again:
        counters.commands.labels(order.command).inc()
        allowed = {what: before + getattr(order, what) for what, before in allowed.items()}
    return _answer(obeyed.case, order.command, obeyed.by, allowed)


def _allowed(events: tuple[Event, ...]) -> dict[str, float]:
    return {what: turns.allowed(events, what) for what in turns.ALLOWED}


def _answer(case: Case, command: Command, by: str, allowed: dict[str, float]) -> CommandAnswer:
    extra: dict[str, Any] = {f"extra_{what}": amount for what, amount in allowed.items()}
    return CommandAnswer(case=case.id, command=command, state=case.state, by=by, **extra)
