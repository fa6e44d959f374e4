"""The flow `retention`: cases and runs that are long over are forgotten, but for the cases' receipts. It runs every day."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import State as FlowState
from prefect.exceptions import ObjectNotFound

from flows.burying import OURS
from flows.rounds import made
from healer.retention import is_due, is_kept
from healer.wiring import FlowParts

_ALL: Final = 1_000_000
_PAGE: Final = 200


@flow(name="retention", flow_run_name="retention", persist_result=False)
async def retention() -> FlowState[Any]:
    """Forget cases that are long over, where their receipt is kept, and flow runs of long ago with what agents did in them.

    How long is HEALER_RETENTION_CASE_DAYS and HEALER_RETENTION_RUN_DAYS; 0 keeps all.
    """
    return await made(_retain)


async def _retain(parts: FlowParts) -> str:
    """Forget cases, then flow runs.

    Raises: what Prefect's client raises, after the cases were looked at.
    """
    forgotten, without = await _cases(parts)
    runs = await _runs(parts.settings.retention_run_days)
    return (
        f"{forgotten} case(s) forgotten, {without} kept because their receipt does not hold all. "
        f"{runs} flow run(s) forgotten."
    )


async def _cases(parts: FlowParts) -> tuple[int, int]:
    """Forget case by case; one that somebody writes meanwhile stays. Give how many went, and how many lack their receipt."""
    forgotten = without = 0
    for case in await parts.cases.list(_ALL):
        if not is_due(case, datetime.now(UTC), parts.settings.retention_case_days):
            continue
        events = await parts.cases.events(case.id)
        if not is_kept(events, await parts.evidence.receipt(case.id)):
            without += 1
        elif await parts.cases.forget(case, events[-1]):
            forgotten += 1
    return forgotten, without


async def _runs(days: float) -> int:
    """Delete our flow runs that ended so many days ago, with their logs and artifacts, an agent's transcript among them."""
    if not days:
        return 0
    ended = FlowRunFilterEndTime(before_=datetime.now(UTC) - timedelta(days=days))
    old, forgotten = FlowRunFilter(tags=FlowRunFilterTags(all_=[OURS]), end_time=ended), 0
    async with get_client() as client:
        while page := await client.read_flow_runs(flow_run_filter=old, limit=_PAGE):
            # A run that is gone is found no more, so what it has shown goes first; what it has logged goes with it.
            await _artifacts(client, [run.id for run in page])
            for run in page:
                forgotten += await _gone(client, run.id)
    return forgotten


async def _gone(client: PrefectClient, run: UUID) -> bool:
    try:
        await client.delete_flow_run(run)
    except ObjectNotFound:  # somebody was faster
        return False
    return True


async def _artifacts(client: PrefectClient, runs: list[UUID]) -> None:
    theirs = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=runs))
    while page := await client.read_artifacts(artifact_filter=theirs, limit=_PAGE):
        for artifact in page:
            await client.delete_artifact(artifact.id)
