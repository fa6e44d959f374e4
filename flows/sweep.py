"""The flow `sweep`: tickets that Workato did not deliver are taken in as if it had. It runs every quarter of an hour."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as FlowState

from flows.rounds import made
from flows.story import call, registry
from healer.errors import Rejected
from healer.intake import AdmissionPolicy
from healer.sweep import SENDER, Finding, delivery, finding, query
from healer.wiring import FlowParts


@flow(name="sweep", flow_run_name="sweep", persist_result=False)
async def sweep() -> FlowState[Any]:
    """Ask JIRA for open tickets about our importers, and open a case for each that has none."""
    return await made(_sweep)


async def _sweep(parts: FlowParts) -> str:
    """Take in what was not delivered; what a limit refuses is found again by the next sweep."""
    findings = await _findings(parts)
    rows = [
        {"ticket": found.ticket, "importer": found.importer or "", "outcome": await _taken(parts, found)}
        for found in findings
    ]
    if rows:
        await acreate_table_artifact(rows, key="sweep", description="Tickets that were not delivered")
    opened = sum(row["outcome"] in {"opened", "queued"} for row in rows)
    return f"{len(rows)} ticket(s) without a case, {opened} taken in."


async def _findings(parts: FlowParts) -> list[Finding]:
    settings = parts.settings
    asked = query(settings.jira_project, settings.sweep_hours, settings.sweep_after_minutes)
    known = await registry(parts)
    policy = AdmissionPolicy(settings.jira_project, settings.jira_issue_types)
    found = [finding(ticket, known, policy) for ticket in await call(parts.jira.tickets, asked)]
    return [one for one in found if one and await parts.cases.get(one.ticket) is None]


async def _taken(parts: FlowParts, found: Finding) -> str:
    """Take a ticket in; give what became of it, or why not."""
    if found.importer is None:
        return found.why
    now = datetime.now(UTC)
    try:
        received = await parts.cases.receive(delivery(found.ticket, found.importer, now), now, SENDER)
    except Rejected as refusal:
        return refusal.reason
    return received.outcome.value
