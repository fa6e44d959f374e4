"""The flow `family`: when one importer is healed, those whose portals the same software makes are looked at. It runs every half hour."""

from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as FlowState
from pydantic import ValidationError

from flows import looking
from flows.pausing import pauses
from flows.rounds import made
from flows.story import call, registry
from flows.watch import rule
from healer import family as siblings
from healer import logins, sweep
from healer.contracts import Case, GateRun, Importer, Sha, Trace
from healer.errors import HealerError, Rejected
from healer.family import Checkup, Sibling
from healer.importers import Registry
from healer.vendor import Print, fingerprint
from healer.watch import Told, hindrance, open_ticket, open_tickets
from healer.wiring import FlowParts


@flow(name="family", flow_run_name="family", persist_result=False)
async def family() -> FlowState[Any]:
    """Judge the gate runs that were sent for siblings, and send new ones for what was healed lately."""
    return await made(_family)


async def _family(parts: FlowParts) -> str:
    """Judge, then send; where one sibling cannot be looked at, the others are.

    Raises: HealerError, which says where something could not be done.
    """
    known, rows, failed = await registry(parts), list[dict[str, str]](), list[str]()
    for checkup in await parts.checkups.list():
        if checkup.agrees and not checkup.outcome:
            await _tried(parts, checkup, _judge(parts, checkup, known), rows, failed)
    sent = await _send(parts, known, rows, failed)
    if rows:
        await acreate_table_artifact(rows, key="family", description="Importers like one that was healed")
    if failed:
        raise HealerError("; ".join(failed), reason="unfinished")
    broken = sum(row["outcome"].startswith(siblings.BROKEN) for row in rows)
    return f"{sent} gate run(s) sent, {broken} sibling(s) found broken."


async def _tried(
    parts: FlowParts, one: Checkup, work: Awaitable[str], rows: list[dict[str, str]], failed: list[str]
) -> None:
    """Do what concerns one sibling and show what came of it; an error keeps no other sibling waiting."""
    try:
        told = await work
    except HealerError as error:
        told = parts.redactor.text(str(error))
        failed.append(f"{one.importer}: {told}")
    if told:
        rows.append(_row(one, told))


def _row(one: Checkup, told: str) -> dict[str, str]:
    alike, run = ", ".join(one.agrees), f"{one.run.mode.value} {one.run.run_id}"
    return {"healed": one.origin, "sibling": one.importer, "alike": alike, "gate run": run, "outcome": told}


# ---------------------------------------------------------------- what was sent


async def _judge(parts: FlowParts, one: Checkup, known: Registry) -> str:
    """Judge a run that has ended; give what came of it, nothing where it is still at work."""
    judged = await looking.ended(parts, one)
    if judged is None:
        return ""
    verdict, report = judged
    found = siblings.outcome(report, verdict)
    importer = known.importers.get(one.importer)
    if found != siblings.BROKEN or report is None or importer is None:
        await parts.checkups.keep(one.model_copy(update={"outcome": found}))
        return found
    fields = siblings.ticket(one, report, importer, parts.settings.jira_project, parts.settings.jira_issue_types[0])
    key, told = await _ticket(parts, importer, fields)
    if key:
        await _link(parts, one.origin, key)
    await parts.checkups.keep(one.model_copy(update={"outcome": found, "ticket": key}))
    return f"{found}: {told}"


async def _ticket(parts: FlowParts, importer: Importer, fields: Mapping[str, object]) -> tuple[str | None, str]:
    """Open the ticket of a broken sibling, or find the one it has; give its key, where there is one, and what became of it."""
    now = datetime.now(UTC)
    tickets = await call(parts.jira.tickets, open_tickets(parts.settings.jira_project))
    if why := hindrance(importer, tickets, await parts.fetches.alarms(), rule(parts.settings), now):
        return open_ticket(importer, tickets), why
    key = await call(parts.jira.open, fields)
    await parts.fetches.alarmed(Told(importer=importer.name, ticket=key, at=now))
    try:
        await parts.cases.receive(sweep.delivery(key, importer.name, now), now, sweep.SENDER)
    except Rejected as refusal:
        return key, f"opened {key}, not taken in yet: {refusal.reason}"
    return key, f"opened {key}"


async def _link(parts: FlowParts, origin: str, other: str) -> None:
    """Link two tickets to one another, once."""
    if await parts.checkups.are_linked(origin, other):
        return
    for key, far in ((origin, other), (other, origin)):
        url = f"{parts.settings.jira_url}/browse/{far}"
        await call(parts.jira.link, key, f"importer-healer:family:{far}", url, f"{far}: a portal of the same software")
    await parts.checkups.linked(origin, other)


# ---------------------------------------------------------------- what is to be sent


class _Sending(NamedTuple):
    """What is the same for all siblings of one round: the base commit, all cases, and the rows of its table."""

    parts: FlowParts
    base: Sha
    cases: tuple[Case, ...]
    rows: list[dict[str, str]]


async def _send(parts: FlowParts, known: Registry, rows: list[dict[str, str]], failed: list[str]) -> int:
    """Send a gate run for each sibling of what was healed lately, as far as the day's number goes; give how many."""
    cases = await parts.cases.list()
    news = [case for case in cases if siblings.is_news(case, datetime.now(UTC), parts.settings.family_days)]
    if not news or not parts.settings.family_checks_per_day:
        return 0
    base = await looking.base_head(parts)
    await call(parts.git.fetch)
    prints = {importer.name: await _print(parts, importer, base) for importer in known}
    now, sent = _Sending(parts, base, cases, rows), 0
    for case in news:
        healed = known.importers.get(case.importer)
        for sibling in siblings.siblings(healed, known, prints) if healed else ():
            try:
                sent += await _look(now, known.importers[sibling.importer], sibling, case)
            except HealerError as error:
                failed.append(f"{sibling.importer}: {parts.redactor.text(str(error))}")
    return sent


async def _print(parts: FlowParts, importer: Importer, base: str) -> Print:
    """Take the print of what the importer's last green fetch saw, else of the recording in the repository."""
    seen = await parts.evidence.good_trace(importer.name)
    if seen is None:
        text = await call(parts.git.read, base, f"recordings/{importer.name}.json")
        try:
            seen = Trace.model_validate_json(text) if text else None
        except ValidationError:
            return Print()
    return fingerprint(seen.pages.values(), (importer.name, importer.title)) if seen else Print()


async def _look(now: _Sending, importer: Importer, sibling: Sibling, origin: Case) -> bool:
    """Send a gate run for a sibling, unless something makes it needless, holds it, or the day has had enough; give whether it was sent."""
    parts = now.parts
    told = await parts.checkups.list()
    last = await parts.fetches.last(importer.name)
    if siblings.spares(importer, origin, now.cases, last, told):
        if other := siblings.open_case(importer, now.cases):
            await _link(parts, origin.id, other)
        return False
    view = origin.model_copy(update={"importer": importer.name})
    if (await pauses()).holds(view) or not siblings.has_room(
        told, datetime.now(UTC), parts.settings.family_checks_per_day
    ):
        return False
    one = Checkup(
        origin=origin.id,
        importer=importer.name,
        agrees=sibling.agrees,
        run=await _dispatch(parts, importer, origin, now.base),
    )
    await parts.checkups.keep(one)
    now.rows.append(_row(one, "sent"))
    return True


async def _dispatch(parts: FlowParts, importer: Importer, origin: Case, base: str) -> GateRun:
    allowed = logins.policy(importer)
    mode = siblings.mode([await parts.logins.standing(ref, allowed) for ref in importer.credentials])
    return await looking.sent(parts, importer, origin, mode, base)
