"""The dispatcher: what the outbox owes is started in Prefect, in order, until Prefect has it."""

import asyncio
import logging
from typing import Final

from api.metrics import Metrics
from api.parts import UnderWay
from healer.clients.cases import Cases
from healer.clients.orchestrator import Orchestrator
from healer.clients.outbox import Entry, Outbox
from healer.contracts import RunRequest
from healer.errors import HealerError, UpstreamError
from healer.links import RUN_STARTED
from healer.wiring import GatewayParts

_LOG = logging.getLogger(__name__)
_WAIT_MS: Final = 1000
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 10.0
_MOST_REFUSALS: Final = 5
"""So often Prefect may refuse one request before it is buried. Silence is no refusal: it is waited out."""


class Dispatcher:
    """One dispatcher of a process. Several processes may run one each; a run started twice is one run, by its key."""

    def __init__(self, parts: GatewayParts, metrics: Metrics, under_way: UnderWay) -> None:
        self._outbox: Outbox = parts.outbox
        self._orchestrator: Orchestrator = parts.orchestrator
        self._cases: Cases = parts.cases
        self._metrics, self._under_way = metrics, under_way
        self._pause = _FIRST_PAUSE_S

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self._under_way.give_way()  # a run can wait; who delivers gives up after a while
                entry = await self._outbox.next(_WAIT_MS)
                if entry:
                    await self._deliver(entry)
                self._pause = _FIRST_PAUSE_S
            except HealerError as error:
                # What was taken and not struck off comes again, from this or another dispatcher.
                await self._rest(error)

    async def _rest(self, error: HealerError) -> None:
        _LOG.warning("the outbox waits %.2f s: %s", self._pause, error)
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    async def _deliver(self, entry: Entry) -> None:
        if entry.request is None:
            _LOG.error("an outbox entry cannot be read and is buried")
            await self._outbox.bury(entry, "unreadable")
            return
        if await self._cases.get(entry.request.case) is None:
            _LOG.error("%s is about a case that is gone; it is buried", entry.request.key)
            await self._outbox.bury(entry, "case_missing")
            return
        flow_run = await self._started(entry.request)
        if flow_run is None:
            await self._bury(entry, entry.request)
            return
        await self._outbox.nudge(entry.request.key)
        await self._cases.note(entry.request.case, RUN_STARTED, {"key": entry.request.key, "flow_run": flow_run})
        await self._outbox.ack(entry)
        self._metrics.started.labels(entry.request.flow).inc()
        self._pause = _FIRST_PAUSE_S

    async def _started(self, request: RunRequest) -> str | None:
        """Start a run, however long Prefect is away; None where Prefect answers and refuses again and again."""
        refusals = 0
        while refusals < _MOST_REFUSALS:
            try:
                return await self._orchestrator.start(request)
            except HealerError as error:
                refusals += isinstance(error, UpstreamError) and error.reason == "run_refused"
                await self._rest(error)
        return None

    async def _bury(self, entry: Entry, request: RunRequest) -> None:
        _LOG.error("Prefect refuses %s; it is buried", request.key, extra={"case": request.case})
        await self._cases.note(request.case, "run_refused", {"key": request.key})
        await self._outbox.bury(entry, "run_refused")
