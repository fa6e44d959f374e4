"""What is paused: read by tokens of scope `read`, changed by those of scope `operate`. It is kept in Prefect, where its UI shows it."""

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.bearers import with_scope
from api.body import read_form
from api.parts import Parts
from api.problems import BODY, problems
from healer.clients.tokens import Holder, Scope
from healer.pauses import Entry, Pauses, changed, parse

_LOG = logging.getLogger(__name__)


class PauseOrder(BaseModel):
    """What to pause, and what to resume: importers' names, `class:KIND`, or `everything`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pause: Annotated[tuple[Entry, ...], Field(max_length=100)] = ()
    resume: Annotated[tuple[Entry, ...], Field(max_length=100)] = ()


_MEMBERS: Final = "pause and resume, each a list of importers' names, class:KIND or everything"
_SCHEMA: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": PauseOrder.model_json_schema()}}}
}
Operator = Annotated[Holder, Depends(with_scope(Scope.OPERATE))]
router = APIRouter(responses=problems(401, 403), tags=["pauses"])


@router.get("/v1/pauses", dependencies=[Depends(with_scope(Scope.READ))])
async def read_pauses(parts: Parts) -> Pauses:
    """Give what is paused."""
    return parse(await parts.orchestrator.paused())


@router.post("/v1/pauses", openapi_extra=_SCHEMA, responses=problems(*BODY))
async def change_pauses(request: Request, by: Operator, parts: Parts) -> Pauses:
    """Pause and resume; give what is paused then. It holds for every step that begins after the answer."""
    given = await read_form(request, PauseOrder, _MEMBERS)
    now = parse(await parts.orchestrator.paused())
    entries = changed(now, given.pause, given.resume)
    await parts.orchestrator.pause(entries)
    _LOG.warning("%s paused %s and resumed %s", by.name, list(given.pause), list(given.resume))
    return Pauses(entries=entries)
