"""When a case that waits for the portal is looked at again: where a bill is awaited, on the day on which it should be there."""

from datetime import UTC, datetime
from typing import NamedTuple

from flows.story import Story, in_seconds
from healer import billing
from healer.contracts import Case, Reason, Triage


class Look(NamedTuple):
    """When it is looked at again, None where it is not, and what the ticket says about that."""

    at: datetime | None
    words: str = ""


async def next_look(story: Story, case: Case, decision: Triage) -> Look:
    """Say when a case that was decided so is looked at again.

    Raises: UpstreamError, Misconfigured.
    """
    if decision.reason is not Reason.NO_NEW_BILL:
        return Look(in_seconds(decision.wake_after_s) if decision.wake_after_s else None)
    evidence, now = story.parts.evidence, datetime.now(UTC)
    history = await evidence.history(case.importer)
    bills = billing.billed(history, evidence.hasher(case.importer), now.date())
    return Look(*billing.look_again(bills, now, story.parts.settings.reconcile_no_bill_days))
