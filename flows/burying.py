"""What Prefect has of ours: which cases have a run that waits for its turn, and runs at work whose process is gone, which are ended.

Prefect alone would show the latter at work for ever, and count them against its limits.

A run that is killed together with its runner stays `Running`, one between claim and start `Pending`. Each sends a heartbeat every 30 s.
The case does not need it: `reconcile` takes it on by what its chain says.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.runtime import flow_run as here
from prefect.states import Crashed

from healer.contracts import CaseId
from healer.reconcile import is_dead
from healer.wiring import FlowParts

OURS: Final = "importer-healer"
"""All deployments of ours have it (deployments/prefect.yaml), and so have their runs."""
_CASE: Final = "case:"
_PAGE: Final = 200
_HEARTBEAT: Final = "prefect.flow-run.heartbeat"


async def waiting(parts: FlowParts) -> frozenset[CaseId]:
    """Name the cases that have a run which is owed, or due in Prefect and not begun: all runners are busy, and a further run helps nobody.

    Raises: UpstreamError, and what Prefect's client raises.
    """
    due = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        tags=FlowRunFilterTags(all_=[OURS]),
        next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=datetime.now(UTC)),
    )
    found, seen = set(await parts.outbox.cases()), 0
    async with get_client() as client:
        while page := await client.read_flow_runs(flow_run_filter=due, limit=_PAGE, offset=seen):
            found |= {tag.removeprefix(_CASE) for run in page for tag in run.tags if tag.startswith(_CASE)}
            seen += len(page)
    return frozenset(found)


async def bury(silent_s: float) -> int:
    """Mark as crashed what is called at work and has given no sign of life for so many seconds; give how many."""
    at_work = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])),
        tags=FlowRunFilterTags(all_=[OURS]),
    )
    buried = 0
    async with get_client() as client:
        for run in await client.read_flow_runs(flow_run_filter=at_work):
            began = run.state.timestamp if run.state else run.created
            if began is None or str(run.id) == here.id or not is_dead(began, None, datetime.now(UTC), silent_s):
                continue
            if is_dead(began, await _heard(client, run.id), datetime.now(UTC), silent_s):
                buried += await _end(client, run)
    return buried


async def _heard(client: PrefectClient, run: UUID) -> datetime | None:
    """Give when a run sent its last heartbeat."""
    wanted = {
        "event": {"name": [_HEARTBEAT]},
        "resource": {"id": [f"prefect.flow-run.{run}"]},
        "order": "DESC",
    }
    answer = await client._client.post("/events/filter", json={"filter": wanted, "limit": 1})  # noqa: SLF001 - no method asks for events
    answer.raise_for_status()
    found = answer.json()["events"]
    return datetime.fromisoformat(found[0]["occurred"]) if found else None


async def _end(client: PrefectClient, run: FlowRun) -> bool:
    message = "Its process has given no sign of life and is taken for dead; its case is taken on by its chain."
    result: OrchestrationResult[Any] = await client.set_flow_run_state(run.id, Crashed(message=message))
    return result.status.value == "ACCEPT"
