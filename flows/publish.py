"""The flow `publish`: from a gate's report to a pull request and a ticket in review, or back to the next attempt."""

from collections.abc import Sequence
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State as FlowState

from flows import artifacts
from flows.closing import told
from flows.dispatching import settled
from flows.red_drafts import prove_green
from flows.story import Number, Story, call, in_seconds, opened, step
from healer import aftermath, autonomy, check_run, push, reviewers, triage, verify
from healer import publish as publication
from healer.chain import EventData
from healer.contracts import (
    Case,
    CaseId,
    CheckRun,
    Conclusion,
    Disposition,
    Event,
    GateReport,
    GateRun,
    Importer,
    PullRequest,
    RunRequest,
    State,
    Triage,
    Verdict,
)
from healer.errors import Misconfigured, UpstreamError
from healer.publish import Action
from healer.verify import Next, Step


@flow(name="publish", flow_run_name="publish-{case}-{run_id}-{run_attempt}", persist_result=False)
async def publish(case: CaseId, run_id: Number, run_attempt: Number = 1) -> FlowState[Any]:
    """Judge a gate run of a healed branch; publish what is proved, and send back what is not.

    Args:
        case: The ticket's key, for example UTIL-101; it is the case's id.
        run_id: The id of the GitHub workflow run whose report has arrived.
        run_attempt: The attempt of that workflow run; we believe the first one only.
    """

    async def steps(story: Story) -> None:
        if await judge(story, run_id, run_attempt):
            await open_pull_request(story)

    async with opened(case, 0) as story:
        return await told(story, steps)


@step("judge")
async def judge(story: Story, run_id: int, run_attempt: int) -> bool:
    """Judge the run by its report and by GitHub's own word. Gives whether the case is verified."""
    case = await story.case()
    run = case.awaiting
    if run is None or (run.run_id, run.run_attempt) != (run_id, run_attempt):
        return False
    if case.state is State.VERIFYING:
        return await _judge(story, case, run)
    return case.state is State.VERIFIED


async def _judge(story: Story, case: Case, run: GateRun) -> bool:
    report = await story.parts.evidence.report(run.run_id, run.run_attempt)
    state = await settled(story, run.run_id)
    verdict = verify.judge(report, state, run, workflow=story.parts.settings.gate_workflow)
    seen = (report.failure, report.checks) if report else (None, ())
    judged = verify.with_verdict(case, verdict, *seen)
    following = verify.next_step(judged, verdict, await story.most_attempts())
    facts = {"run_id": run.run_id, "conclusion": verdict.conclusion.value}
    proved = verify.proved_again(case, verdict, report, run)
    await _show(story, verdict, report, run)
    if report:
        await artifacts.show_checks(case, report.checks)
    if following.step is Step.PUBLISH:
        await story.record(
            case, publication.JUDGED, facts, state=State.VERIFIED, attempts=judged.attempts, diagnosis=proved
        )
        return True
    if report and verdict.conclusion is Conclusion.NEUTRAL:
        await story.parts.evidence.keep_good(report)
    case = await story.record(case, publication.JUDGED, facts, attempts=judged.attempts, diagnosis=proved)
    if decision := await _not_ours(story, case, run, report):
        wake = in_seconds(decision.wake_after_s) if decision.wake_after_s else None
        ending = State.NOT_FIXED if decision.disposition is Disposition.NOT_FIXED else State.NEEDS_ENGINEER
        await story.end(case, ending, decision.reason, decision.evidence, next_check=wake)
    else:
        await _send_back(story, case, following)
    return False


async def _show(story: Story, verdict: Verdict, report: GateReport | None, run: GateRun) -> None:
    """Say on the commit what the run is worth, where branch protection can require it."""
    shown = check_run.of(verdict, report, run)
    redacted = story.parts.redactor.data(shown.model_dump(include={"summary", "annotations"}))
    await call(story.parts.github.show_check, CheckRun.model_validate({**shown.model_dump(), **redacted}))


async def _not_ours(story: Story, case: Case, run: GateRun, report: GateReport | None) -> Triage | None:
    """Decide that no patch mends it: no login is released, or the portal is down, refuses the login or wants a human being."""
    if verify.is_broken(case.attempts[-1]):
        return triage.without_login(await story.parts.cases.events(case.id), run, in_seconds(0))
    decision = triage.classify(report, case) if report else None
    return decision if decision and decision.disposition is Disposition.NOT_FIXED else None


async def _send_back(story: Story, case: Case, following: Next) -> None:
    last = case.attempts[-1]
    again = RunRequest(flow="heal", case=case.id, attempt=last.number + 1)
    match following.step:
        case Step.RETRY:
            await story.record(case, "patching", state=State.PATCHING, awaiting=None, start=again)
        case Step.RUN_AGAIN:
            fresh = {"number": last.number + 1, "run": None, "verdict": None, "failure": None}
            attempts = (*case.attempts, last.model_copy(update=fresh))
            await story.record(case, "gate_repeated", state=State.PUSHED, awaiting=None, attempts=attempts, start=again)
        case Step.GIVE_UP:
            await story.end(case, State.NEEDS_ENGINEER, following.reason, following.why)
        case Step.PUBLISH:
            return


@step("pull request")
async def open_pull_request(story: Story) -> None:
    """Keep what the green fetch saw, and open the pull request as far as the importer's autonomy goes."""
    case = await story.case()
    run = case.awaiting
    if case.state is not State.VERIFIED or run is None or case.branch is None:
        return
    report = await story.parts.evidence.report(run.run_id, run.run_attempt)
    if report is None:
        raise UpstreamError("the report of a verified run is gone.", service="redis", reason="report_missing")
    await story.parts.evidence.keep_good(report)
    await _publish(story, case, report)


async def _publish(story: Story, case: Case, report: GateReport) -> None:
    importer = await story.importer(case.importer)
    if importer is None:
        raise Misconfigured(f"importer {case.importer} is no longer in the registry.", reason="registry")
    events = await story.parts.cases.events(case.id)
    existing = await _existing(story, case, events)
    trusted = await story.trusted(case, importer)
    facts, why = autonomy.facts(trusted), autonomy.words(trusted)
    action = publication.action(trusted.level, existing, case.head_sha)
    match action:
        case Action.OPEN | Action.OPEN_DRAFT:
            if not publication.is_opened(events):
                text = publication.body(case, importer, report, story.addresses, events)
                case = await _opened(story, case, importer, text, facts, draft=action is Action.OPEN_DRAFT)
            await story.end(case, State.PUBLISHED)
        case Action.LEAVE_CLOSED:
            await story.end(case, State.CLOSED_UNMERGED, pull_request=existing)
        case Action.LEAVE_MERGED:
            await story.end(case, State.MERGED, pull_request=existing)
        case Action.OBSERVE:
            await story.end(case, State.OBSERVED, text=why, facts=facts)
        case Action.BRANCH:
            await story.end(case, State.BRANCH_ONLY, text=why, facts=facts)


async def _existing(story: Story, case: Case, events: Sequence[Event]) -> PullRequest | None:
    """Give the branch's pull request, unless the healer has closed it itself: then there is another one."""
    pull = await call(story.parts.github.find_pull, case.branch or "")
    return None if aftermath.is_withdrawn(pull, events) else pull


async def _opened(story: Story, case: Case, importer: Importer, text: str, facts: EventData, *, draft: bool) -> Case:
    """Open the pull request, ask for its review, and record both; give the case with it."""
    await story.confirm(case)
    pull = await prove_green(story, await _open(story, case, text, draft=draft), draft=draft)
    told_of = {"number": pull.number, **facts, "reviewers": await _ask_review(story, case, importer, pull)}
    return await story.record(case, publication.OPENED, told_of, pull_request=pull)


async def _ask_review(story: Story, case: Case, importer: Importer, pull: PullRequest) -> str:
    """Ask the code owners of what was changed, else the importer's owner, for a review; give who is asked."""
    paths = push.files(case.attempts[-1].diff)
    wanted = reviewers.of(await _codeowners(story), paths, importer.owner)
    if not (wanted.people or wanted.teams):
        return ""
    return ", ".join(await call(story.parts.github.ask_review, pull.number, wanted.people, wanted.teams))


async def _codeowners(story: Story) -> str:
    """Read who owns which files, from the base branch."""
    for place in reviewers.PLACES:
        try:
            return await call(story.parts.github.read_file, place, story.parts.settings.base_branch)
        except UpstreamError as error:
            if error.reason != "not_found":
                raise
    return ""


async def _open(story: Story, case: Case, text: str, *, draft: bool) -> PullRequest:
    return await call(
        story.parts.github.open_pull,
        case.branch or "",
        story.parts.settings.base_branch,
        publication.title(case),
        story.parts.redactor.text(text),
        labels=publication.labels(case),
        draft=draft,
    )
