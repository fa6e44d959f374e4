"""Shows an agent at work in the Prefect UI: one line for each step, and a bar."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from healer.clients.agents.seam import Progress, Tell
from healer.redact import Redactor

_LONGEST: Final = 300
_EVERY_S: Final = 2.0
_WHOLE: Final = 100.0


class _Bar:
    """The bar of one agent run; there is none before the first step."""

    def __init__(self, case_id: str) -> None:
        self._case_id, self._shown = case_id, -1.0
        self._artifact: UUID | None = None
        self.share: float | None = None

    async def draw(self) -> None:
        if self.share is None or self.share == self._shown:
            return
        self._shown = self.share
        if self._artifact is None:
            key, says = f"{self._case_id.lower()}-agent", f"{self._case_id}: the agent's turns"
            self._artifact = await acreate_progress_artifact(self._shown * _WHOLE, key=key, description=says)
        else:
            await aupdate_progress_artifact(self._artifact, self._shown * _WHOLE)

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.draw()


@asynccontextmanager
async def watched(case_id: str, redactor: Redactor) -> AsyncIterator[Tell]:
    """Give what an agent tells its steps to. Each is redacted and then cut; a bar that cannot be drawn stops nothing."""
    log, bar = get_run_logger(), _Bar(case_id)

    def tell(step: Progress) -> None:
        log.info("%s", redactor.text(step.line)[:_LONGEST].replace("\n", " "))
        bar.share = step.share

    drawing = asyncio.create_task(bar.keep())
    try:
        yield tell
        if bar.share is not None:
            bar.share = 1.0
            await bar.draw()
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
