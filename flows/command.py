"""The flow `command`: what a person told a case by a comment is done, if that person may, and answered there."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State as FlowState
from prefect.states import Completed, Failed

from flows.speaking import Place, place_of
from flows.story import Story, call, opened, step
from healer import spoken, turns
from healer.clients import orders
from healer.contracts import CaseId, Comment, CommentRef, Event
from healer.errors import HealerError, Rejected
from healer.explain import explain
from healer.spoken import Spoken


@flow(name="command", flow_run_name="command-{case}-{comment}", persist_result=False)
async def command(case: CaseId, comment: CommentRef) -> FlowState[Any]:
    """Judge a comment that commands a case, do what it says, and answer it.

    Args:
        case: The ticket's key, for example UTIL-101; it is the case's id.
        comment: Where the comment stands, and its id there: pull:77, ticket:10005, or box: and a number.
    """
    async with opened(case, 0) as story:
        try:
            outcome = await answer(story, comment)
        except HealerError as error:
            return Failed(message=story.parts.redactor.text(str(error)))
        return Completed(message=f"{case}: {outcome}")


@step("answer")
async def answer(story: Story, ref: str) -> str:
    """Answer what was said in a comment, once. Gives the outcome in a word."""
    events = await story.parts.cases.events(story.case_id)
    said = next((e for e in turns.unanswered(events) if e.data["comment"] == ref), None)
    if said is None:
        return "nothing to answer"
    place = place_of(story.parts, await story.case(), said)
    comment = await call(place.read)
    outcome, text = await _judged(story, place, said, comment) if comment else ("gone", "")
    if comment:
        await call(place.answer, outcome, story.parts.redactor.text(text))
    await story.parts.cases.note(story.case_id, turns.ANSWERED, {"comment": ref, "outcome": outcome})
    return outcome


async def _judged(story: Story, place: Place, said: Event, comment: Comment) -> tuple[str, str]:
    """Give what becomes of a command, in a word and, where there is more to say, in words."""
    if comment.author != said.data.get("author") or not await call(place.may, comment.author):
        return "not_allowed", ""
    heard = spoken.read(comment.text)
    if heard is None or heard.name != said.data.get("command"):
        return "not_understood", spoken.usage(place.style)
    if heard.name == spoken.EXPLAIN:
        case = await story.case()
        importer = await story.importer(case.importer)
        events = await story.parts.cases.events(case.id)
        return "explained", explain(case, events, importer, style=place.style)
    return await _done(story, place, said, comment)


async def _done(story: Story, place: Place, said: Event, comment: Comment) -> tuple[str, str]:
    """Obey. A run that was killed after the order was written finds it there, and only answers."""
    heard = Spoken(name=said.data["command"], text=str(said.data["text"]), attempts=said.data["attempts"])
    name = story.parts.redactor.text(comment.name)
    try:
        await orders.obey(story.parts.cases, story.case_id, heard.order(comment.model_copy(update={"name": name})))
    except Rejected as error:
        return "refused", place.style.foreign(str(error))
    return "obeyed", ""
