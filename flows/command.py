"""The flow `command`: what a person told a case by a comment on its pull request is done, if that person may, and answered there."""

from typing import Any, Final

from prefect import flow, task
from prefect.client.schemas.objects import State as FlowState
from prefect.states import Completed, Failed

from flows.story import STEP, Number, Story, call, opened
from healer import prose, spoken, turns
from healer.clients import orders
from healer.contracts import CaseId, Comment, Event
from healer.errors import HealerError, Rejected
from healer.explain import explain

_OBEYED: Final = "+1"
_NOT_ALLOWED: Final = "-1"
_NOT_DONE: Final = "confused"
_USAGE: Final = (
    "`/healer` takes on its first line: `stop [reason]`, `retry [hint]`, `take`, `release`, `budget +N` (1 to 10), "
    "`publish`, `explain`."
)


@flow(name="command", flow_run_name="command-{case}-{comment}", persist_result=False)
async def command(case: CaseId, comment: Number) -> FlowState[Any]:
    """Judge a comment that commands a case, do what it says, and react to it.

    Args:
        case: The ticket's key, for example UTIL-101; it is the case's id.
        comment: GitHub's id of the comment on the case's pull request.
    """
    async with opened(case, 0) as story:
        try:
            outcome = await answer(story, comment)
        except HealerError as error:
            return Failed(message=story.parts.redactor.text(str(error)))
        return Completed(message=f"{case}: {outcome}")


@task(name="answer", **STEP)
async def answer(story: Story, number: int) -> str:
    """Answer what was said in a comment, once. Gives the outcome in a word."""
    events = await story.parts.cases.events(story.case_id)
    said = next((e for e in events if e.kind == turns.COMMANDED and e.data.get("comment") == number), None)
    if said is None or turns.is_answered(events, number):
        return "nothing to answer"
    comment = await call(story.parts.github.comment, number)
    outcome = await _judged(story, said, events, comment) if comment else "gone"
    await story.parts.cases.note(story.case_id, turns.ANSWERED, {"comment": number, "outcome": outcome})
    return outcome


async def _judged(story: Story, said: Event, events: tuple[Event, ...], comment: Comment) -> str:
    case = await story.case()
    is_here = case.pull_request is not None and case.pull_request.number == comment.pull_request
    if not is_here or comment.author != said.data.get("login") or not await _may(story, comment.author):
        await call(story.parts.github.react, comment.id, _NOT_ALLOWED)
        return "not_allowed"
    if said.data.get("command") is None:
        return await _refused(story, comment, "not_understood", _USAGE)
    if said.data["command"] == spoken.EXPLAIN:
        text = explain(case, events, await story.importer(case.importer))
        await call(story.parts.github.say, comment.pull_request, _marker(comment), story.parts.redactor.text(text))
        await call(story.parts.github.react, comment.id, _OBEYED)
        return "explained"
    return await _done(story, said, events, comment)


async def _may(story: Story, login: str) -> bool:
    """Say whether somebody may command: a member of the team, asked of GitHub each time; without a team nobody may."""
    team = story.parts.settings.github_command_team
    return team is not None and await call(story.parts.github.is_member, team, login)


async def _done(story: Story, said: Event, events: tuple[Event, ...], comment: Comment) -> str:
    """Obey. A run that was killed after the order was written finds it there, and only reacts."""
    order = spoken.Spoken(name=said.data["command"], text=str(said.data["text"]), attempts=said.data["attempts"]).order(
        comment.author, comment.id
    )
    try:
        if not any(e.data.get("comment") == comment.id and e.kind != turns.COMMANDED for e in events):
            await orders.obey(story.parts.cases, story.case_id, order)
    except Rejected as error:
        return await _refused(story, comment, "refused", prose.markdown(str(error)))
    await call(story.parts.github.react, comment.id, _OBEYED)
    return "obeyed"


async def _refused(story: Story, comment: Comment, outcome: str, why: str) -> str:
    await call(story.parts.github.say, comment.pull_request, _marker(comment), why)
    await call(story.parts.github.react, comment.id, _NOT_DONE)
    return outcome


def _marker(comment: Comment) -> str:
    return f"importer-healer:answer:{comment.id}"
