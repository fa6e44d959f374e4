"""An agent's work, paid for: debited before it begins, settled to what it cost. Where a ledger is spent, the case ends so."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from flows.progress import watched
from flows.story import Story
from healer import budget
from healer.budget import Spent
from healer.clients.ledgers import Reservation
from healer.contracts import ENDED, AgentAnswer, Brief, Case, Reason, Spend, State
from healer.errors import Conflict, HealerError


async def reserved(story: Story, case: Case) -> Reservation | None:
    """Debit the most that the agent's run may cost; where a ledger cannot bear it, end the case and give None.

    Raises: Conflict, UpstreamError. Then nothing may be spent.
    """
    ledgers, agent = story.parts.ledgers, story.parts.agent
    allowed = ledgers.budget.raised(await story.parts.cases.events(case.id))
    answer = await ledgers.reserve(case.id, story.number, agent.ceiling, allowed, datetime.now(UTC))
    if isinstance(answer, Reservation):
        return answer
    await _end(story, case, answer)
    return None


async def _end(story: Story, case: Case, spent: Spent) -> None:
    """Let a case wait for the day or the month that is free again by itself; only a person raises a case's own ledger."""
    state = State.NOT_FIXED if spent.free_at else State.NEEDS_ENGINEER
    await story.end(case, state, Reason.BUDGET_SPENT, budget.words(spent), next_check=spent.free_at)


@asynccontextmanager
async def given_back(story: Story) -> AsyncIterator[None]:
    """Give a reservation back where the case was written by somebody else before the agent began."""
    try:
        yield
    except Conflict:
        if (await story.case()).state in ENDED:
            await story.parts.ledgers.release(story.case_id)
        raise


async def worked(story: Story, reservation: Reservation, brief: Brief, tree: Path) -> AgentAnswer:
    """Let the agent work on a reservation, and settle it. Where the agent fails and nobody knows its cost, the reservation stays counted.

    Raises: Conflict where another run has begun on the reservation; UpstreamError, Misconfigured.
    """
    ledgers = story.parts.ledgers
    if not await ledgers.begin(reservation):
        raise Conflict(f"another run works on {reservation.case} already.", reason="run_begun")
    began = time.monotonic()
    try:
        async with watched(story.case_id, story.parts.redactor) as tell:
            answer = await story.parts.agent.work(brief, tree, tell)
    except HealerError as error:
        if error.spent_usd is not None:
            await ledgers.settle(reservation, Spend(usd=error.spent_usd, seconds=time.monotonic() - began))
        raise
    await ledgers.settle(reservation, answer.spend)
    return answer
