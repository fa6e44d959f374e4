"""What a request handler may use: the clients and fixed values that the composition root made."""

import asyncio
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request

from api.metrics import Metrics
from api.readiness import Readiness
from healer.wiring import GatewayParts

_MOMENT_S: Final = 0.05


class UnderWay:
    """Counts the deliveries that wait for their answer; work that can wait gives way to them."""

    def __init__(self) -> None:
        self._count = 0

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(self, *_: object) -> None:
        self._count -= 1

    async def give_way(self) -> None:
        """Wait a moment where there are any, and no longer: what waits must come to its turn."""
        if self._count:
            await asyncio.sleep(_MOMENT_S)


class AppParts:
    """The parts of one application, its counters, the deliveries under way, and what it knows about its neighbours."""

    def __init__(self, gateway: GatewayParts) -> None:
        self.gateway, self.metrics, self.readiness = gateway, Metrics(), Readiness(gateway)
        self.under_way = UnderWay()


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
