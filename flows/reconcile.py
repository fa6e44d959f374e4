"""The flow `reconcile`: what does not go on by itself is started again. It runs every two minutes and changes nothing where all is well."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State as FlowState

from flows import dashboards, happenings, line
from flows.burying import bury, waiting
from flows.hearing import hear_all
from flows.pausing import pauses
from flows.rebasing import wanted
from flows.rounds import made
from flows.story import call, registry
from flows.superseding import by_another
from healer import logins, turns, verify
from healer.chain import EventData
from healer.contracts import Case, CaseId, Event, RunRequest, State
from healer.errors import Conflict, HealerError
from healer.pauses import Pauses
from healer.reconcile import GATE_WAITS, Duty, Patience, duty, is_held, is_waiting, last_dispatch
from healer.wiring import FlowParts


@flow(name="reconcile", flow_run_name="reconcile", persist_result=False)
async def reconcile() -> FlowState[Any]:
    """Hear people on tickets, wake cases, repeat failed steps, find lost reports, call who waits in the line."""
    return await made(_reconcile)


async def _reconcile(parts: FlowParts) -> str:
    """Hear people, look at every case, then at the line.

    Raises: HealerError where some could not be looked at.
    """
    heard, unheard = await _heard(parts)
    started, failed = await _all(parts)
    started += heard + await line.call_next(parts)
    buried, lost = await _buried(parts)
    unshown = await _shown(parts)
    if unheard or failed or lost or unshown:
        raise HealerError("; ".join([*unheard, *failed, *lost, *unshown]), reason="unfinished")
    return f"{started} case(s) taken on." + (f" {buried} dead flow run(s) marked as crashed." if buried else "")


async def _buried(parts: FlowParts) -> tuple[int, list[str]]:
    """End flow runs whose process is gone; where Prefect does not tell, the cases have been looked at all the same."""
    try:
        return await bury(parts.settings.reconcile_dead_run_s), []
    except Exception as error:  # noqa: BLE001 - the client raises what its transport does
        return 0, [parts.redactor.text(f"Prefect does not say which flow runs are at work: {type(error).__name__}")]


async def _heard(parts: FlowParts) -> tuple[int, list[str]]:
    """Hear what people command on tickets; where JIRA does not tell, everything else goes on."""
    try:
        return await hear_all(parts)
    except HealerError as error:
        return 0, [parts.redactor.text(str(error))]


async def _shown(parts: FlowParts) -> list[str]:
    """Bring the dashboard up to date, last of all; give what kept us from it."""
    try:
        await dashboards.show(parts)
    except HealerError as error:
        return [f"dashboard: {parts.redactor.text(str(error))}"]
    return []


async def _all(parts: FlowParts) -> tuple[int, list[str]]:
    """Look at each case; one that cannot be looked at does not keep the others waiting."""
    started, failed = 0, []
    paused, waits = await pauses(), await _waiting(parts)
    for case in await parts.cases.list():
        if case.id in waits:
            continue
        try:
            started += await _one(parts, case, paused)
        except Conflict:
            continue  # somebody wrote the case meanwhile, so it goes on
        except HealerError as error:
            failed.append(f"{case.id}: {parts.redactor.text(str(error))}")
    return started, failed


async def _waiting(parts: FlowParts) -> frozenset[CaseId]:
    """Name the cases whose next run waits for its turn; where nobody says so, each is looked at."""
    try:
        return await waiting(parts)
    except Exception:  # noqa: BLE001 - the client raises what its transport does; `_buried` tells it
        return frozenset()


async def _one(parts: FlowParts, case: Case, paused: Pauses) -> bool:
    events = await parts.cases.events(case.id)
    wait = parts.settings
    patience = Patience(wait.reconcile_pending_s, wait.reconcile_silent_s, wait.reconcile_agent_s)
    owed = duty(case, events, datetime.now(UTC), patience)
    match None if is_held(case, owed, paused) else owed:
        case Duty.WAKE:
            await _wake(parts, case, events)
        case Duty.ASK_LOGINS if await _is_released(parts, case, events):
            await _wake(parts, case, events)
        case Duty.RESUME:
            await _resume(parts, case, events)
        case Duty.ASK_PULL if await _is_decided(parts, case):
            await _resume(parts, case, events)
        case Duty.ANSWER:
            await _answer(parts, case, events)
        case Duty.ASK_GITHUB if await _has_ended(parts, case, events):
            await _resume(parts, case, events)
        case _:
            return False
    return True


async def _wake(parts: FlowParts, case: Case, events: tuple[Event, ...]) -> None:
    """Let the case begin again with a diagnosis; a green one closes the ticket."""
    fresh: dict[str, Any] = {"state": State.RECEIVED, "reason": None, "reason_text": "", "next_check": None}
    start = turns.onward(case, turns.again(events))
    await parts.cases.record(case, "woken", {"run": start.key}, start=start, **fresh)


async def _is_released(parts: FlowParts, case: Case, events: tuple[Event, ...]) -> bool:
    """Ask the login ledger whether a person has stored or confirmed the login since the case tried it last."""
    importer, tried_at = (await registry(parts)).get(case.importer), last_dispatch(events)
    if importer is None or tried_at is None:
        return False
    return logins.is_released([await parts.logins.record(ref) for ref in importer.credentials], tried_at)


async def _resume(parts: FlowParts, case: Case, events: tuple[Event, ...]) -> None:
    start = turns.onward(case, turns.again(events))
    await parts.cases.note(case.id, "resumed", {"run": start.key}, start=start)


async def _is_decided(parts: FlowParts, case: Case) -> bool:
    """Ask GitHub whether people have merged or closed the pull request, or whether the base branch or another case asks for an act."""
    pull = await call(parts.github.find_pull, case.branch) if case.branch else None
    if pull is None or pull.state != "open":
        return pull is not None
    if (await pauses()).holds(case):
        return False
    return await by_another(parts, case) is not None or await wanted(parts, case, pull) is not None


async def _answer(parts: FlowParts, case: Case, events: tuple[Event, ...]) -> None:
    """Have the first unanswered comment judged again."""
    comment = str(turns.unanswered(events)[0].data["comment"])
    start = RunRequest(flow="command", case=case.id, comment=comment, again=turns.again(events))
    await parts.cases.note(case.id, "resumed", {"run": start.key}, start=start)


async def _has_ended(parts: FlowParts, case: Case, events: tuple[Event, ...]) -> bool:
    """Ask GitHub about the awaited run; one that GitHub does not know will send no report. One that does not begin is told of, once."""
    if case.awaiting is None:
        return True
    state = await call(parts.github.run_state, case.awaiting.run_id)
    if state and is_waiting(state, events, datetime.now(UTC), parts.settings.reconcile_gate_start_s):
        data: EventData = {"run_id": state.run_id, "status": state.status}
        await parts.cases.note(case.id, GATE_WAITS, data, as_of=events[-1])
        happenings.tell(case, GATE_WAITS, data)
    return state is None or not verify.is_finishing(state)
