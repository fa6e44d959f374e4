"""The flow `fleet`: how each importer stands, as a table in the Prefect UI. It runs every hour."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as FlowState

from flows.rounds import made
from flows.story import registry
from healer.fleet import COLUMNS, cells
from healer.wiring import FlowParts


@flow(name="fleet", flow_run_name="fleet", persist_result=False)
async def fleet() -> FlowState[Any]:
    """Show how each importer stands: those first that a person should look at."""
    return await made(_show)


async def _show(parts: FlowParts) -> str:
    board = await parts.board.read(await registry(parts), datetime.now(UTC))
    rows = [dict(zip(COLUMNS, cells(row), strict=True)) for row in board.rows]
    await acreate_table_artifact(rows, key="fleet", description="The importers")
    return ", ".join(f"{count} {standing.value}" for standing, count in board.counts.items())
