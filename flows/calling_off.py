"""What a person's word has made useless is called off at GitHub: the gate run that the case awaited."""

from flows.story import Story, call
from healer.called_off import GATE_CALLED_OFF
from healer.chain import EventData
from healer.contracts import Case, State
from healer.errors import UpstreamError


async def call_off(story: Story, case: Case) -> None:
    """Cancel the awaited run of a case that a person has stopped or taken, once and as well as can be; the event says how it went."""
    run = case.awaiting
    if run is None or case.state not in {State.STOPPED, State.TAKEN}:
        return
    if await story.parts.cases.has_noted(case.id, GATE_CALLED_OFF, run.run_id, run.run_attempt):
        return
    try:
        outcome = "cancelled" if await call(story.parts.github.cancel_run, run.run_id) else "ended"
    except UpstreamError as error:
        outcome = error.reason
    data: EventData = {"run_id": run.run_id, "run_attempt": run.run_attempt, "outcome": outcome}
    await story.parts.cases.note(case.id, GATE_CALLED_OFF, data)
