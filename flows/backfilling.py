"""What was missed while the importer was broken: listed once for each end of a case, shown in the Prefect UI, kept for the gateway."""

from collections.abc import Sequence

from flows import artifacts, filing
from flows.story import Story
from healer import backfill, billing
from healer.backfill import Backfill
from healer.chain import EventData
from healer.contracts import Case, Event


async def listed(story: Story, case: Case, events: Sequence[Event]) -> Backfill | None:
    """List what was missed, where the case has ended with an importer that fetches again; the same list when asked again.

    Raises: UpstreamError, Misconfigured.
    """
    if not backfill.is_owed(case):
        return None
    kept = await story.parts.evidence.backfill(case.id)
    _, ended = backfill.span(case, events)
    if kept is None or kept.until != ended:
        kept = await _made(story, case, events)
    return kept


async def _made(story: Story, case: Case, events: Sequence[Event]) -> Backfill | None:
    importer = await story.importer(case.importer)
    if importer is None:
        return None
    evidence = story.parts.evidence
    _, ended = backfill.span(case, events)
    known = billing.billed(await evidence.history(importer.name), evidence.hasher(importer.name), ended.date())
    found = backfill.missed(case, importer, events, known)
    await artifacts.show_backfill(case, found)
    facts: EventData = {"periods": len(found.rows), "accounts": found.accounts, "since": found.since.isoformat()}
    await story.parts.cases.note(case.id, backfill.LISTED, facts)
    await evidence.keep_backfill(found)
    return found


async def attach(story: Story, case: Case, found: Backfill | None) -> None:
    """Hang the list on the ticket.

    Raises: UpstreamError.
    """
    if found and found.rows:
        await filing.attach(story, case, backfill.prefix(case.id), backfill.files(found))
