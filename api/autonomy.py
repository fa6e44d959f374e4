"""How far the healer goes by itself for an importer: read with scope `read`, set with scope `operate`, always with a reason."""

import logging
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.bearers import with_scope
from api.body import read_form
from api.parts import Parts
from api.problems import BODY, problems
from healer.autonomy import Earned, Word
from healer.clients.tokens import Holder, Scope
from healer.contracts import Autonomy, Importer, ImporterName
from healer.errors import Rejected
from healer.wiring import GatewayParts

_LOG = logging.getLogger(__name__)


class AutonomyOrder(BaseModel):
    """The level from now on, null: the one in `importers.toml` and what was earned. `held`: outcomes do not move it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Autonomy | None
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    held: bool = False


class AutonomyAnswer(BaseModel):
    """The level that holds, with its reason, and what people have said, the newest first."""

    importer: ImporterName
    earned: Earned
    said: tuple[Word, ...]


_MEMBERS: Final = "level (observe, branch, draft, pull_request or null), reason and held"
_SCHEMA: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": AutonomyOrder.model_json_schema()}}}
}
Operator = Annotated[Holder, Depends(with_scope(Scope.OPERATE))]
router = APIRouter(prefix="/v1/importers/{name}", responses=problems(401, 403, 404), tags=["autonomy"])


@router.get("/autonomy", dependencies=[Depends(with_scope(Scope.READ))], responses=problems(422))
async def read_autonomy(name: ImporterName, parts: Parts) -> AutonomyAnswer:
    """Give how far the healer goes for an importer, and why."""
    return await _answer(parts, await _importer(parts, name))


@router.post("/autonomy", openapi_extra=_SCHEMA, responses=problems(*BODY))
async def set_autonomy(name: ImporterName, request: Request, by: Operator, parts: Parts) -> AutonomyAnswer:
    """Set how far the healer goes for an importer; it holds for what comes to a branch or pull request after the answer."""
    importer = await _importer(parts, name)
    given = await read_form(request, AutonomyOrder, _MEMBERS)
    reason = " ".join(parts.redactor.text(given.reason).split())
    word = Word(level=given.level, held=given.held, by=by.name, reason=reason, at=datetime.now(UTC))
    await parts.trust.say(name, word)
    _LOG.warning("%s set the autonomy of %s to %s", by.name, name, given.level)
    return await _answer(parts, importer)


async def _importer(parts: GatewayParts, name: ImporterName) -> Importer:
    importer = (await parts.registry.get()).get(name)
    if importer is None:
        raise Rejected("the registry has no such importer.", reason="unknown_importer", status=404)
    return importer


async def _answer(parts: GatewayParts, importer: Importer) -> AutonomyAnswer:
    earned = await parts.trust.of(importer, datetime.now(UTC))
    return AutonomyAnswer(importer=importer.name, earned=earned, said=await parts.trust.said(importer.name))
