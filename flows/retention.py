"""The flow `retention`: cases that are long over are forgotten, but for their receipts. It runs every day."""

from datetime import UTC, datetime
from typing import Any, Final

from prefect import flow
from prefect.client.schemas.objects import State as FlowState

from flows.rounds import made
from healer.retention import is_due, is_kept
from healer.wiring import FlowParts

_ALL: Final = 1_000_000


@flow(name="retention", flow_run_name="retention", persist_result=False)
async def retention() -> FlowState[Any]:
    """Forget the cases that were over so many days ago (HEALER_RETENTION_CASE_DAYS; 0 keeps all), where their receipt is kept."""
    return await made(_retain)


async def _retain(parts: FlowParts) -> str:
    """Forget case by case; one that somebody writes meanwhile stays."""
    forgotten = without = 0
    for case in await parts.cases.list(_ALL):
        if not is_due(case, datetime.now(UTC), parts.settings.retention_case_days):
            continue
        events = await parts.cases.events(case.id)
        if not is_kept(events, await parts.evidence.receipt(case.id)):
            without += 1
        elif await parts.cases.forget(case, events[-1]):
            forgotten += 1
    return f"{forgotten} case(s) forgotten, {without} kept because their receipt does not hold all."
