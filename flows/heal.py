"""The flow `heal`: from a ticket to a dispatched gate, one dispatch a run.

Run 0 admits the ticket and sends the base branch through the gate. Each later run reads what the gate found: it decides whether
the failure is ours, lets the agent patch, pushes, and sends the branch through the gate. What the gate says then is for `publish`.
"""

import asyncio
from typing import Any, Final

from prefect import flow
from prefect.client.schemas.objects import State as FlowState

from flows.closing import told
from flows.dispatching import dispatched, settled
from flows.following import FOLLOWED, follow
from flows.patching import patch, push_branch
from flows.pausing import prove_unpaused
from flows.story import HOLD_S, Number, Story, call, in_seconds, opened, step
from flows.waiting import next_look
from healer import aftermath, intake, triage, turns, verify
from healer.contracts import Case, CaseId, Conclusion, Diagnosis, Disposition, GateMode, GateRun, Reason, State, Triage
from healer.errors import Misconfigured, UpstreamError
from healer.intake import AdmissionPolicy, NotAdmitted

_NEW: Final = frozenset({State.RECEIVED, State.QUEUED})


@flow(name="heal", flow_run_name="heal-{case}-{attempt}", persist_result=False)
async def heal(case: CaseId, attempt: Number = 0) -> FlowState[Any]:
    """Heal one broken importer, one dispatch further.

    Args:
        case: The ticket's key, for example UTIL-101; it is the case's id.
        attempt: The number of this run's dispatch: 0 admits the ticket and diagnoses, each later one patches and verifies.
    """
    async with opened(case, attempt) as story:
        return await told(story, _steps)


async def _steps(story: Story) -> None:
    if (await story.case()).state in FOLLOWED and not await follow(story):
        return
    case = await story.case()
    await prove_unpaused(case)
    # A task with nothing to do costs Prefect's server as much as one that does something.
    if case.state in _NEW:
        if await admit(story):
            await diagnose(story)
    elif await classify(story):
        await patch(story)
        await push_branch(story)
        await verify_branch(story)


@step("admit")
async def admit(story: Story) -> bool:
    """Decide whether the ticket is one that we act on, and take the importer. Gives whether a diagnosis comes next."""
    case = await story.case()
    if case.state not in _NEW or not turns.is_due(case, story.number):
        return False
    refused = await _refusal(story, case)
    if refused:
        await story.end(case, State.NEEDS_ENGINEER, refused.reason, refused.explanation)
        return False
    if turns.is_in_line(case):
        return False
    if await story.parts.cases.hold(case.importer, case.id, HOLD_S):
        await story.record(case, "ticket_admitted", await _before(story, case), state=State.RECEIVED)
        return True
    await story.record(case, "queued", state=State.QUEUED)
    return False


async def _before(story: Story, case: Case) -> dict[str, float]:
    """Say when bills were fetched last (Unix seconds), and how many: since then they are late, and somebody counts how long."""
    last = await story.parts.fetches.last_good(case.importer)
    return {"last_good": last.at.timestamp(), "last_good_bills": last.bills} if last else {}


async def _refusal(story: Story, case: Case) -> NotAdmitted | None:
    settings = story.parts.settings
    try:
        ticket = await call(story.parts.jira.ticket, case.id)
    except UpstreamError as error:
        if error.reason != "not_found":
            raise
        return NotAdmitted(Reason.TICKET_MISMATCH, "JIRA has no such ticket, or our account may not see it")
    policy = AdmissionPolicy(settings.jira_project, settings.jira_issue_types)
    answer = intake.admit(case.id, ticket, await story.importer(case.importer), policy)
    return answer if isinstance(answer, NotAdmitted) else None


@step("diagnose")
async def diagnose(story: Story) -> None:
    """Send the base branch through the gate, to learn whether the importer is broken, and how."""
    case = await story.case()
    if case.state is State.RECEIVED:
        await _diagnose(story, case, triage.first_look(case))


async def _diagnose(story: Story, case: Case, mode: GateMode = GateMode.DIAGNOSE) -> None:
    """Dispatch on the base branch. The branch may move meanwhile, so what GitHub runs on is what the diagnosis is about."""
    base, github = story.parts.settings.base_branch, story.parts.github
    head = await call(github.branch_head, base)
    if head is None:
        raise Misconfigured(
            f"the importers repository has no branch {base}.", reason="base_branch", remedy="Set HEALER_BASE_BRANCH."
        )
    async with dispatched(story, case, mode, base, head) as sent:
        state = await call(github.run_state, sent.run_id)
        run = sent.model_copy(update={"sha": state.head_sha}) if state else sent
        # What was pushed stands on the old base; the next attempt begins on the new one.
        moved = {} if run.sha == case.base_sha else {"head_sha": None}
        changes: dict[str, Any] = {"state": State.DIAGNOSING, "base_sha": run.sha, "awaiting": run, **moved}
        await story.record(case, "gate_dispatched", _facts(run), **changes)


def _facts(run: GateRun) -> dict[str, Any]:
    with_base = {"base": run.base_sha} if run.base_sha else {}
    return {"mode": run.mode.value, "run_id": run.run_id, "attempt": run.attempt, **with_base}


@step("triage")
async def classify(story: Story) -> bool:
    """Decide what the gate's finding means. Gives whether a patch, or the rest of one, comes next."""
    case = await story.case()
    if not turns.is_due(case, story.number):
        return False
    if case.state is State.DIAGNOSING:
        return await _judge_diagnosis(story, case)
    at_work = turns.own_attempt(case, story.number) is not None
    if case.state is State.PATCHING and not at_work and not _is_fresh(story, case):
        await _begin_on_newest_base(story, case)
    return case.state in {State.TRIAGED, State.PATCHING, State.PUSHED}


def _is_fresh(story: Story, case: Case) -> bool:
    return triage.is_fresh(case, in_seconds(0), story.parts.settings.diagnosis_fresh_s)


async def _begin_on_newest_base(story: Story, case: Case) -> None:
    """Let the next attempt stand on the base as it is now; the gate fetches with that base too, since no diagnosis is of it."""
    head = await call(story.parts.github.branch_head, story.parts.settings.base_branch)
    if head not in {None, case.base_sha}:
        await story.record(case, "base_moved", {"sha": head}, base_sha=head, head_sha=None)


async def _judge_diagnosis(story: Story, case: Case) -> bool:
    run = case.awaiting
    if run is None:
        return False
    report = await story.parts.evidence.report(run.run_id, run.run_attempt)
    state = await settled(story, run.run_id)
    if report is None and state and verify.is_finishing(state):
        return False
    verdict = verify.judge(report, state, run, workflow=story.parts.settings.gate_workflow)
    if run.mode is GateMode.PROBE and verdict.conclusion is Conclusion.SUCCESS:
        await _diagnose(story, case)
        return False
    found: dict[str, Any] = {
        "diagnosis": Diagnosis(run=run, verdict=verdict, failure=report.failure if report else None)
    }
    events = await story.parts.cases.events(case.id)
    # Gate runs that broke are counted since the case was last woken.
    judged = case.model_copy(update={**found, "first": turns.began_with(case, events)})
    decision = triage.classify(report, judged) if report else triage.unreported(run, judged, verdict.why)
    if decision.reason is Reason.GATE_BROKEN:
        decision = triage.without_login(events, run, in_seconds(0)) or decision
    if report and verdict.conclusion is Conclusion.SUCCESS:
        await story.parts.evidence.keep_good(report)
    if decision.disposition is Disposition.HEAL and (other := await _turned_down(story, judged)):
        decision = Triage(disposition=Disposition.NEEDS_ENGINEER, reason=Reason.TURNED_DOWN, evidence=other)
    facts = {"disposition": decision.disposition.value, "reason": decision.reason.value if decision.reason else None}
    if decision.disposition is Disposition.HEAL:
        changes = {"state": State.TRIAGED, "reason": None, "reason_text": decision.evidence, "awaiting": None, **found}
        await story.record(case, "triaged", facts, **changes)
        return True
    # A run that was resumed meanwhile finds this written, and waits on without overtaking the one that waits already.
    known = case.diagnosis == judged.diagnosis
    await _not_ours(story, case if known else await story.record(case, "triaged", facts, **found), decision)
    return False


async def _turned_down(story: Story, judged: Case) -> str:
    """Say which case's pull request people have closed for this very failure; empty where there is none."""
    other = aftermath.turned_down(judged, await story.parts.cases.list())
    return f"The pull request of {other.id} was closed without a merge." if other else ""


async def _not_ours(story: Story, case: Case, decision: Triage) -> None:
    wake = decision.wake_after_s
    if decision.reason is Reason.GATE_BROKEN and wake:
        await asyncio.sleep(wake)
        await _diagnose(story, case, case.awaiting.mode if case.awaiting else GateMode.DIAGNOSE)
        return
    state = State.NOT_FIXED if decision.disposition is Disposition.NOT_FIXED else State.NEEDS_ENGINEER
    look = await next_look(story, case, decision)
    await story.end(case, state, decision.reason, f"{decision.evidence} {look.words}".strip(), next_check=look.at)


@step("verify")
async def verify_branch(story: Story) -> None:
    """Send the pushed branch through the gate, together with the base where no fresh diagnosis says that it is red."""
    case = await story.case()
    attempt = turns.own_attempt(case, story.number)
    if case.state is not State.PUSHED or attempt is None or case.branch is None or case.head_sha is None:
        return
    base = None if _is_fresh(story, case) else case.base_sha
    async with dispatched(story, case, GateMode.VERIFY, case.branch, case.head_sha, base=base) as run:
        attempts = (*case.attempts[:-1], attempt.model_copy(update={"run": run}))
        changes: dict[str, Any] = {"state": State.VERIFYING, "awaiting": run, "attempts": attempts}
        await story.record(case, "gate_dispatched", _facts(run), **changes)
