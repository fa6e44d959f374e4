"""What a request handler may use: the clients and fixed values that the composition root made."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from api.metrics import Metrics
from api.readiness import Readiness
from healer.wiring import GatewayParts


class AppParts:
    """The parts of one application, its counters, and what it knows about its neighbours."""

    def __init__(self, gateway: GatewayParts) -> None:
        self.gateway, self.metrics, self.readiness = gateway, Metrics(), Readiness(gateway)


def parts_of(app: FastAPI) -> AppParts:
    """Give an application's parts."""
    parts: AppParts = app.state.parts
    return parts


# Coroutines, because FastAPI calls a plain function in a thread, and that costs more than all of intake.
async def _gateway(request: Request) -> GatewayParts:
    return parts_of(request.app).gateway


async def _metrics(request: Request) -> Metrics:
    return parts_of(request.app).metrics


Parts = Annotated[GatewayParts, Depends(_gateway)]
Counters = Annotated[Metrics, Depends(_metrics)]
