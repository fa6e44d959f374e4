"""The flow `watch`: an importer that breaks in production gets its ticket before a customer writes one. It runs every hour."""

from datetime import UTC, datetime
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as FlowState
from pydantic import Field

from flows import looking
from flows.pausing import pauses
from flows.rounds import made
from flows.story import call, registry
from healer import sweep
from healer.clients.fetches import KEPT
from healer.contracts import GateMode, Importer, Ticket
from healer.errors import HealerError, Rejected
from healer.family import Checkup, Look, look, outcome, probe_of
from healer.settings import FlowSettings
from healer.watch import Alarm, Rule, Told, alarm, hindrance, open_tickets, ticket
from healer.wiring import FlowParts

Name = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_-]{0,39})?$")]


@flow(name="watch", flow_run_name="watch", persist_result=False)
async def watch(importer: Name = "") -> FlowState[Any]:
    """Read how production's fetches end, and open a ticket for each importer that breaks and has none.

    Args:
        importer: The name of one importer in importers.toml; empty for all of them.
    """
    return await made(lambda parts: _watch(parts, importer))


def rule(settings: FlowSettings) -> Rule:
    """Give when an importer is alarming, and how often that may become a ticket."""
    return Rule(
        inputs=settings.watch_inputs,
        window_h=settings.watch_hours,
        success=settings.watch_success,
        fill=settings.watch_fill,
        cooldown_h=settings.watch_cooldown_hours,
        per_day=settings.watch_tickets_per_day,
    )


async def _watch(parts: FlowParts, only: str) -> str:
    """Judge each importer; an alarm that may not become a ticket now is shown, and judged again the next time.

    Raises: HealerError where JIRA took no ticket; the others were looked at.
    """
    alarms = [
        (one, found) for one in await registry(parts) if only in {"", one.name} if (found := await _of(parts, one))
    ]
    asked = open_tickets(parts.settings.jira_project)
    tickets = await call(parts.jira.tickets, asked) if alarms else ()
    rows, failed = [], []
    for one, found in alarms:
        try:
            outcome = await _told(parts, one, found, tickets)
        except HealerError as error:
            outcome = parts.redactor.text(str(error))
            failed.append(f"{one.name}: {outcome}")
        rows.append({"importer": one.name, "alarm": found.words, "outcome": outcome})
    if rows:
        await acreate_table_artifact(rows, key="watch", description="Importers that break in production")
    if failed:
        raise HealerError("; ".join(failed), reason="unfinished")
    opened = sum(row["outcome"].startswith("opened") for row in rows)
    return f"{len(rows)} importer(s) break, {opened} ticket(s) opened."


async def _of(parts: FlowParts, importer: Importer) -> Alarm | None:
    now = datetime.now(UTC)
    return alarm(importer.name, await parts.fetches.since(importer.name, now - KEPT), rule(parts.settings), now)


async def _told(parts: FlowParts, importer: Importer, found: Alarm, tickets: tuple[Ticket, ...]) -> str:
    """Open the ticket, and take it in as if it had been delivered; what a limit refuses then is found by `sweep`."""
    now = datetime.now(UTC)
    if why := hindrance(importer, tickets, await parts.fetches.alarms(), rule(parts.settings), now):
        return why
    if why := await _asked(parts, importer):
        return why
    fields = ticket(found, importer, parts.settings.jira_project, parts.settings.jira_issue_types[0])
    key = await call(parts.jira.open, fields)
    await parts.fetches.alarmed(Told(importer=importer.name, ticket=key, at=now))
    try:
        await parts.cases.receive(sweep.delivery(key, importer.name, now), now, sweep.SENDER)
    except Rejected as refusal:
        return f"opened {key}, not taken in yet: {refusal.reason}"
    return f"opened {key}"


async def _asked(parts: FlowParts, importer: Importer) -> str:
    """Say why the alarm of an importer whose portal may be asked is no ticket yet; empty where it is to be one.

    Raises: UpstreamError.
    """
    settings, now = parts.settings, datetime.now(UTC)
    if not importer.probe or not settings.watch_probes_per_day:
        return ""
    known = [await _heard(parts, one) for one in await parts.checkups.list()]
    found = look(importer.name, known, now, settings.watch_probe_hours, settings.watch_probes_per_day)
    origin = probe_of(importer, now)
    if found is not Look.ASK:
        return found.value
    if (await pauses()).holds(origin):
        return ""
    run = await looking.sent(parts, importer, origin, GateMode.PROBE, await looking.base_head(parts))
    await parts.checkups.keep(Checkup(origin=origin.id, importer=importer.name, agrees=(), run=run))
    return Look.WAIT.value


async def _heard(parts: FlowParts, one: Checkup) -> Checkup:
    """Judge a probe that has ended, and keep what came of it."""
    if one.agrees or one.outcome or (judged := await looking.ended(parts, one)) is None:
        return one
    verdict, report = judged
    heard = one.model_copy(update={"outcome": outcome(report, verdict)})
    await parts.checkups.keep(heard)
    return heard
