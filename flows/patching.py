"""From a diagnosis to a pushed branch: the agent works on a plain tree, the guard judges the diff, and what it let through is pushed.

The case keeps the diff and not the tree. So the commit is made from the record, and made again it is the same commit.
"""

from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

import prompts
from flows import artifacts
from flows.spending import given_back, reserved, worked
from flows.story import Fact, Story, call, step
from healer import autonomy, brief, push, turns, verify
from healer import patch as patches
from healer.contracts import (
    ENDED,
    AgentAnswer,
    Attempt,
    Autonomy,
    Case,
    FileChange,
    GateReport,
    Importer,
    Reason,
    Refusal,
    Sha,
    State,
    Trace,
)
from healer.errors import Conflict, Misconfigured, PolicyViolation, UpstreamError
from healer.verify import Step

_EMPTY: Final = "empty"
_NOTHING_NEW: Final = "The agent came back with a change that has failed already, so it was not tried again."


@step("patch")
async def patch(story: Story) -> None:
    """Let the agent work, judge what it left, and keep it in the case."""
    case = await story.case()
    if case.state is State.TRIAGED:
        case = await story.record(case, "patching", {"attempt": story.number}, state=State.PATCHING)
    if case.state is not State.PATCHING or turns.own_attempt(case, story.number):
        return
    importer = await story.importer(case.importer)
    if importer is None or case.base_sha is None:
        raise Misconfigured(f"importer {case.importer} is no longer in the registry.", reason="registry")
    reservation = await reserved(story, case)
    if reservation is None:
        return
    # What was reserved while the case ended, after its last flow run has given back the rest, would stay counted.
    async with given_back(story):
        await call(story.parts.git.fetch)
        told = brief.write_brief(
            case,
            importer,
            await _newest_red_report(story, case),
            await _last_good(story, case, case.base_sha),
            story.number,
            prompts.PROMPT_VERSION,
        )
        await story.confirm(case)
    with story.parts.git.worktree(case.base_sha) as tree:
        answer = await worked(story, reservation, told, tree)
        attempt = await _judged(story, importer, answer, tree, case.base_sha)
    await artifacts.show_attempt(case, attempt, answer.confinement)
    await _keep(story, case.model_copy(update={"attempts": (*case.attempts, attempt)}), case, importer)


async def _newest_red_report(story: Story, case: Case) -> GateReport:
    """Read what the latest red gate run saw: of the last attempt that got that far, else of the diagnosis."""
    runs = [attempt.run for attempt in reversed(turns.series(case)) if attempt.run and attempt.failure]
    runs += [case.diagnosis.run] if case.diagnosis else []
    for run in runs:
        report = await story.parts.evidence.report(run.run_id, run.run_attempt)
        if report:
            return report
    raise UpstreamError("the report of the red gate run is gone.", service="redis", reason="report_missing")


async def _last_good(story: Story, case: Case, base: Sha) -> Trace | None:
    """Read what the importer's last green fetch saw, else the recording in the repository (SPEC, "Last-good trace")."""
    kept = await story.parts.evidence.good_trace(case.importer)
    text = None if kept else await call(story.parts.git.read, base, f"recordings/{case.importer}.json")
    try:
        return Trace.model_validate_json(text) if text else kept
    except ValidationError:
        return None


async def _judged(story: Story, importer: Importer, answer: AgentAnswer, tree: Path, base: Sha) -> Attempt:
    """Make an attempt of the agent's work: with the diff alone where the guard refuses nothing, with refusals where it does."""
    changes, diff, refusals = await call(_compared, story, tree, base)
    if answer.unfinished_because:
        refusals = (Refusal(code=verify.UNFINISHED, path="", detail=answer.unfinished_because),)
    accepted = refusals or patches.accept(changes, diff, answer, importer)
    redact = story.parts.redactor.text
    return Attempt(
        number=story.number,
        agent=answer.agent,
        diagnosis=redact(answer.not_fixable_because or answer.diagnosis),
        changes=tuple(redact(line) for line in answer.changes),
        diff=diff,
        refusals=tuple(redact(_words(refusal)) for refusal in accepted) if isinstance(accepted, tuple) else (),
        spend=answer.spend,
    )


def _compared(story: Story, tree: Path, base: Sha) -> tuple[tuple[FileChange, ...], str, tuple[Refusal, ...]]:
    """Compare the tree with its base. A tree that cannot be compared is refused like a diff that may not be."""
    git = story.parts.git
    try:
        return git.changes(tree, base), git.diff(tree, base), ()
    except PolicyViolation as error:
        return (), "", (Refusal(code=error.reason, path="", detail=error.what),)


def _words(refusal: Refusal) -> str:
    place = f"{refusal.path}:{refusal.line}" if refusal.line else refusal.path
    return f"{refusal.code}: {place} {refusal.detail}".replace(":  ", ": ")


async def _keep(story: Story, worked: Case, case: Case, importer: Importer) -> None:
    """Record the attempt, and go where it leads: on to the push, to another attempt, or to a person.

    Where the case ends here, the attempt and the end are one write: between two writes a killed run could go on.
    """
    attempt = worked.attempts[-1]
    if attempt.refusals:
        await _refuse(story, worked, case)
        return
    spent_ms, touched = int(attempt.spend.seconds * 1000), len(push.files(attempt.diff))
    facts: dict[str, Fact] = {"attempt": attempt.number, "agent": attempt.agent, "agent_ms": spent_ms, "files": touched}
    facts["usd"] = round(attempt.spend.usd, 6)
    if verify.repeats_itself(worked):
        await story.parts.cases.note(case.id, "patched", facts)
        await story.end(case, State.NEEDS_ENGINEER, Reason.SAME_FAILURE, _NOTHING_NEW, attempts=worked.attempts)
    elif (trusted := await story.trusted(case, importer)).level is Autonomy.OBSERVE:
        await story.parts.cases.note(case.id, "patched", facts)
        why = autonomy.words(trusted)
        await story.end(case, State.OBSERVED, text=why, facts=autonomy.facts(trusted), attempts=worked.attempts)
    else:
        await story.record(case, "patched", facts, attempts=worked.attempts)


async def _refuse(story: Story, worked: Case, case: Case) -> None:
    attempt, why = worked.attempts[-1], "; ".join(worked.attempts[-1].refusals)
    codes = [refusal.partition(":")[0] for refusal in attempt.refusals]
    facts: dict[str, Fact] = {"attempt": attempt.number, "codes": ",".join(codes)}
    facts["usd"] = round(attempt.spend.usd, 6)
    following = verify.after_red(worked, why, await story.most_attempts())
    if following.step is Step.RETRY and _EMPTY not in codes:
        await story.record(case, "patch_refused", facts, attempts=worked.attempts, start=story.again())
        return
    await story.parts.cases.note(case.id, "patch_refused", facts)
    reason, text = (
        (Reason.NO_PATCH, attempt.diagnosis or why) if _EMPTY in codes else (Reason.PATCH_REFUSED, following.why)
    )
    await story.end(case, State.NEEDS_ENGINEER, reason, text, attempts=worked.attempts)


@step("push")
async def push_branch(story: Story) -> None:
    """Commit what was judged, and make it the head of the case's branch; somebody else's commits are left alone."""
    case = await story.case()
    attempt = turns.own_attempt(case, story.number)
    if case.state is not State.PATCHING or attempt is None or case.base_sha is None:
        return
    git, branch = story.parts.git, push.branch_name(case.id)
    await call(git.fetch)
    sha = await call(_commit, story, case, attempt, case.base_sha)
    head = await call(git.head, branch)
    if head not in {None, sha, *(earlier.head_sha for earlier in case.attempts)}:
        why = f"The branch {branch} has a commit that is not ours ({head})."
        await story.end(case, State.NEEDS_ENGINEER, Reason.PUSH_REFUSED, why, branch=branch)
        return
    await story.confirm(case)
    await call(git.push, sha, branch, head)
    await _keep_head(story, case, branch, sha)


async def _keep_head(story: Story, case: Case, branch: str, sha: Sha) -> None:
    """Record what was pushed; also where a person ended the case during the push, so that the branch is known as ours later."""
    pushed = case.attempts[-1].model_copy(update={"head_sha": sha})
    facts: dict[str, Fact] = {"attempt": pushed.number, "sha": sha}
    head: dict[str, Any] = {"branch": branch, "head_sha": sha, "attempts": (*case.attempts[:-1], pushed)}
    try:
        await story.record(case, "pushed", facts, state=State.PUSHED, **head)
    except Conflict:
        now = await story.case()
        if now.state not in ENDED or now.attempts != case.attempts:
            raise
        await story.record(now, "pushed", {**facts, "late": True}, **head)


def _commit(story: Story, case: Case, attempt: Attempt, base: Sha) -> Sha:
    """Make the attempt's commit: its diff on the base, after what the branch has already."""
    git, settings = story.parts.git, story.parts.settings
    message = push.commit_message(case, attempt, push.files(attempt.diff), prompts.PROMPT_VERSION)
    when = case.diagnosis.run.dispatched_at if case.diagnosis else case.opened_at
    with git.worktree(base) as tree:
        git.apply(tree, attempt.diff)
        return git.commit(tree, case.head_sha or base, message, settings.git_author, when, settings.git_signing_key)
