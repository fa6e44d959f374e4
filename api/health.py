"""Whether the gateway lives, and whether it can take work."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.parts import parts_of
from api.readiness import Answer

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


@router.get("/livez")
async def livez() -> Alive:
    """Say that the process lives."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Answer}})
async def readyz(request: Request, response: Response) -> Answer:
    """Say whether work can be taken: Redis keeps it, and the registry is known."""
    answer = await parts_of(request.app).readiness.ask()
    if answer.status != "ready":
        response.status_code = 503
    return answer
