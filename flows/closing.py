"""How every flow run ends: the Prefect UI shows the case, an importer that is free is handed on, the ticket is told.

That holds for a run whose steps failed as well. An error leaves no exception in Prefect's storage: it is recorded on the case.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from prefect.client.schemas.objects import State as FlowState
from prefect.states import Completed, Failed

from flows import artifacts, backfilling, line, receipts, red_drafts, tagging
from flows.calling_off import call_off
from flows.story import Story, call, step
from flows.withdrawing import withdraw
from healer import backfill, links, notice, turns
from healer.breakdown import JIRA_REFUSES, reason_of
from healer.contracts import ENDED, Case, State
from healer.errors import Conflict, HealerError, UpstreamError
from healer.pauses import HELD
from healer.reconcile import is_delivered, tries

MARKER: Final = "importer-healer"
_PROPERTY: Final = "healer.case"


async def told(story: Story, steps: Callable[[Story], Awaitable[None]]) -> FlowState[Any]:
    """Run the steps, close, and give the flow's final state: completed with the outcome in words, or failed with the error in words."""
    done = await _attempted(story, steps), await _attempted(story, red_drafts.leave), await _closed(story)
    failed = [what for what in done if what]
    if failed:
        story.run.well = False
        return Failed(message=" ".join(failed))
    case = await story.case()
    outcome = f"{case.state.value}{f' ({case.reason.value})' if case.reason else ''}"
    return Completed(message=f"{case.id}: {outcome}. {case.reason_text}".strip())


async def _closed(story: Story) -> str | None:
    """Close, and then leave the receipt of it all."""
    return await _attempted(story, close) or await _attempted(story, receipts.leave)


async def _attempted(story: Story, part: Callable[[Story], Awaitable[None]]) -> str | None:
    """Run a part; give None, or the error in words after it was left on the case."""
    try:
        await part(story)
    except Conflict as error:
        if error.reason != HELD:
            return await _left(story, error)
        await story.parts.cases.note(story.case_id, HELD, {"what": story.parts.redactor.text(error.what)})
    except HealerError as error:
        return await _left(story, error)
    except Exception as error:  # noqa: BLE001 - a defect of ours must not carry its texts into Prefect's database
        return await _left(story, HealerError(f"{type(error).__name__}: {error}", reason="defect"))
    return None


async def _left(story: Story, error: HealerError) -> str:
    """Leave an error on the case, as its end where it is one. Where even that fails, Prefect still says what happened."""
    what = story.parts.redactor.text(str(error))
    try:
        case = await story.case()
        reason = reason_of(error, case.state, tries(await story.parts.cases.events(case.id)))
        if reason and case.state not in ENDED:
            await story.end(case, State.NEEDS_ENGINEER, reason, what)
        else:
            await story.parts.cases.note(case.id, "pending", {"error": error.reason, "what": what})
    except HealerError as second:
        return f"{what} It could not be recorded: {story.parts.redactor.text(str(second))}"
    return what


@step("close")
async def close(story: Story) -> None:
    """Show, hand on, call off, withdraw, tell. Running it again changes nothing.

    The ticket comes last: JIRA's trouble leaves everything else done, and the run that failed can be run again.
    """
    case = await story.case()
    await tagging.tag(case)
    await artifacts.show_case(case, story.addresses)
    if case.state in ENDED:
        await story.parts.ledgers.release(case.id)
        await _hand_on(story, case)
        await line.call_next(story.parts)
        await call_off(story, case)
        await withdraw(story)
    if notice.is_told(case):
        await _tell(story)


async def _hand_on(story: Story, case: Case) -> None:
    """Free the importer, and call the case that waits for it longest."""
    cases = story.parts.cases
    await cases.release(case.importer, case.id)
    known = await cases.list()
    waiting = [other for other in known if other.importer == case.importer and _waits_for_importer(other)]
    if waiting:
        first = min(waiting, key=lambda other: other.opened_at)
        start = turns.onward(first, turns.again(await cases.events(first.id)))
        await cases.note(first.id, "called", {"by": case.id}, start=start)


def _waits_for_importer(case: Case) -> bool:
    return case.state is State.QUEUED and not turns.is_in_line(case)


async def _tell(story: Story) -> None:
    """Make the ticket say where the case stands: comment, links, property, status. What JIRA refuses for good is left as a note.

    Raises: UpstreamError where JIRA may take it later.
    """
    async with story.parts.cases.alone(story.case_id, "telling"):
        try:
            await _write(story, await story.case())
        except UpstreamError as error:
            if error.reason not in JIRA_REFUSES:
                raise
            what = story.parts.redactor.text(str(error))
            await story.parts.cases.note(story.case_id, "pending", {"error": error.reason, "what": what})


async def _write(story: Story, case: Case) -> None:
    jira, settings = story.parts.jira, story.parts.settings
    events = await story.parts.cases.events(case.id)
    missed = await backfilling.listed(story, case, events)
    text = notice.comment(case, await story.importer(case.importer), story.addresses, events)
    text += f"\n{backfill.words(missed, f'{story.addresses.case}/backfill')}" if missed else ""
    await call(jira.say, case.id, MARKER, text)
    await backfilling.attach(story, case, missed)
    for page in links.remote(case, MARKER):
        await call(jira.link, case.id, page.global_id, page.url, page.title)
    await call(jira.set_state, case.id, _PROPERTY, _remembered(case))
    statuses = notice.Statuses(settings.jira_status_review, settings.jira_status_waiting, settings.jira_status_done)
    target = notice.target_status(case, statuses)
    if target and case.ticket_status != target:
        status = await _move(story, case, target)
        case = await story.record(case, "ticket_moved", {"status": status}, ticket_status=status)
    if not is_delivered(case, await story.parts.cases.events(case.id)):
        await story.parts.cases.note(case.id, "ticket_told", {"status": case.ticket_status})


async def _move(story: Story, case: Case, target: str) -> str:
    """Move the ticket; where the workflow leads to its end by way of a waiting status only, go that way."""
    jira, settings = story.parts.jira, story.parts.settings
    resolution = {"resolution": {"name": settings.jira_resolution}}
    try:
        return await call(jira.move, case.id, target, resolution)
    except UpstreamError as error:
        if error.reason != "transition_refused" or target != settings.jira_status_done:
            raise
    await call(jira.move, case.id, settings.jira_status_waiting)
    return await call(jira.move, case.id, target, resolution)


def _remembered(case: Case) -> dict[str, Any]:
    """Give what the ticket keeps of the case, so that it can be found again if Redis is lost."""
    pull = case.pull_request
    return {
        "importer": case.importer,
        "state": case.state.value,
        "reason": case.reason.value if case.reason else None,
        "branch": case.branch,
        "head_sha": case.head_sha,
        "pull_request": pull.number if pull else None,
        "attempts": len(case.attempts),
    }
