"""GateReport → Verdict → what comes next: publish, try again, run the gate again, or give the case to a person.

A report alone proves nothing: the runner that posted it ran code that an agent wrote. It counts where GitHub's own word about
the same run agrees. What disagrees is `error`: it blames nobody's patch, and nothing is published from it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from healer import turns
from healer.contracts import (
    Attempt,
    BaseResult,
    Case,
    Check,
    Conclusion,
    Contract,
    Diagnosis,
    Failure,
    GateMode,
    GateReport,
    GateRun,
    Reason,
    RunState,
    Verdict,
)

UNFINISHED: Final = "unfinished"
"""Code of the refusal of a run that does not count."""
MAX_BROKEN_RUNS: Final = 3
"""How often one head is sent through the gate when the gate itself breaks."""
_BRANCHES: Final = "refs/heads/"
_GITHUB_SAYS: Final[dict[Conclusion, frozenset[str]]] = {
    Conclusion.SUCCESS: frozenset({"success"}),
    Conclusion.FAILURE: frozenset({"failure"}),
    Conclusion.TIMED_OUT: frozenset({"failure", "timed_out"}),
    Conclusion.NEUTRAL: frozenset({"success", "neutral"}),
    Conclusion.CANCELLED: frozenset({"cancelled"}),
}
_SAYS_NOTHING: Final = frozenset({Conclusion.ERROR, Conclusion.CANCELLED})


class Step(StrEnum):
    """What follows a verdict on a pushed head."""

    PUBLISH = "publish"
    RETRY = "retry"
    RUN_AGAIN = "run_again"
    GIVE_UP = "give_up"


class Next(Contract):
    """The step after a verdict. `reason` is set where the case is given up; `why` is for people."""

    step: Step
    why: str
    reason: Reason | None = None


def is_finishing(state: RunState) -> bool:
    """Say whether GitHub has not closed the run yet: the report is posted by the job's last step, so the run outlives it by moments."""
    return state.status != "completed"


def judge(report: GateReport | None, state: RunState | None, awaited: GateRun, *, workflow: str) -> Verdict:
    """Judge a gate run by its report and by GitHub's own word, both against the run that we dispatched.

    `workflow` is the file name of the gate's caller workflow. Anything absent, foreign, unfinished or contradictory is `error`.
    """
    if report is None:
        return _error("the gate sent no report")
    if state is None:
        return _error("GitHub does not know the run")
    doubts = [*_foreign_report(report, awaited), *_foreign_run(state, awaited, workflow)]
    doubts += [*_contradictions(report), *_wrong_base(report, awaited)]
    doubts = doubts or _disagreement(report, state)
    return _error("; ".join(doubts)) if doubts else Verdict(conclusion=report.conclusion, why=report.summary)


def _error(why: str) -> Verdict:
    return Verdict(conclusion=Conclusion.ERROR, why=why)


def _foreign_report(report: GateReport, awaited: GateRun) -> list[str]:
    names = ("run_id", "run_attempt", "mode", "attempt", "ref", "sha", "correlation")
    wrong = [name for name in names if getattr(report, name) != getattr(awaited, name)]
    return [f"the report is of another {name.replace('_', ' ')}" for name in wrong]


def _foreign_run(state: RunState, awaited: GateRun, workflow: str) -> list[str]:
    """Compare GitHub's word with the dispatch. GitHub may append `@ref` to a run's path."""
    expected = {
        "run id": (state.run_id, awaited.run_id),
        "run attempt": (state.run_attempt, awaited.run_attempt),
        "head sha": (state.head_sha, awaited.sha),
        "branch": (state.head_branch, awaited.ref.removeprefix(_BRANCHES)),
        "event": (state.event, "workflow_dispatch"),
        "workflow": (state.path.partition("@")[0], f".github/workflows/{workflow}"),
    }
    return [f"GitHub's run has another {name}" for name, (is_, should) in expected.items() if is_ != should]


def _contradictions(report: GateReport) -> list[str]:
    """Name what a green report must not contain."""
    if report.conclusion is not Conclusion.SUCCESS:
        return []
    failed = [check.name for check in report.checks if not check.passed]
    found = [f"a green report has a failed check ({', '.join(failed)})"] if failed else []
    found += ["a green report has a failure"] if report.failure else []
    found += ["a green report has an exit code that is not 0"] if report.exit_code else []
    fetched = report.exit_code is not None and report.checks
    return found + (
        [] if fetched or report.mode is GateMode.PROBE else ["a green report of a run that fetched nothing"]
    )


def _wrong_base(report: GateReport, awaited: GateRun) -> list[str]:
    """Name what is wrong with the base's result in the same job: green is a head beside a red base, neutral one beside a green base."""
    base = report.base
    if base and base.sha != awaited.base_sha:
        return ["the report is of another base sha"]
    if report.conclusion is Conclusion.NEUTRAL:
        return [] if base and _is_green(base) else ["a neutral report without a green base"]
    if report.conclusion is not Conclusion.SUCCESS or awaited.base_sha is None:
        return []
    red = base and base.conclusion is Conclusion.FAILURE and base.failure
    return [] if red else ["a green report without a red base, which this run was to fetch with too"]


def _is_green(base: BaseResult) -> bool:
    fetched = base.conclusion is Conclusion.SUCCESS and base.exit_code == 0 and bool(base.checks)
    return fetched and base.failure is None and all(check.passed for check in base.checks)


def _disagreement(report: GateReport, state: RunState) -> list[str]:
    if report.conclusion is Conclusion.ERROR:
        return [report.summary]
    if is_finishing(state):
        return [f"GitHub still calls the run {state.status}"]
    agreed = state.conclusion in _GITHUB_SAYS[report.conclusion]
    return [] if agreed else [f"the report says {report.conclusion.value}, GitHub says {state.conclusion}"]


def with_verdict(case: Case, verdict: Verdict, failure: Failure | None, checks: Sequence[Check] = ()) -> Case:
    """Give the case with the verdict, the failure and the number of checks that held on its last attempt."""
    *earlier, last = case.attempts
    found = {"verdict": verdict, "failure": failure, "checks_passed": sum(check.passed for check in checks)}
    judged = last.model_copy(update=found)
    return case.model_copy(update={"attempts": (*earlier, judged)})


def proved_again(case: Case, verdict: Verdict, report: GateReport | None, run: GateRun) -> Diagnosis | None:
    """Give the case's diagnosis, made fresh by a believed run whose job found the base red again."""
    if case.diagnosis is None or report is None or report.base is None or verdict.conclusion in _SAYS_NOTHING:
        return case.diagnosis
    red = report.base.conclusion is Conclusion.FAILURE
    return case.diagnosis.model_copy(update={"again": run}) if red else case.diagnosis


def spent_attempts(case: Case) -> int:
    """Count the attempts that an agent has used up since the case last began; a gate that broke and a rebase use up none."""
    return sum(not (is_broken(attempt) or attempt.rebased) for attempt in turns.series(case))


def is_broken(attempt: Attempt) -> bool:
    """Say whether the attempt's gate broke, so that it says nothing about the patch."""
    return attempt.verdict is not None and attempt.verdict.conclusion in _SAYS_NOTHING


def has_failed(attempt: Attempt) -> bool:
    """Say whether the attempt says something against its patch: not one whose gate broke, nor one that was green before the base moved."""
    return not is_broken(attempt) and (attempt.verdict is None or attempt.verdict.conclusion is not Conclusion.SUCCESS)


def next_step(case: Case, verdict: Verdict, max_attempts: int) -> Next:
    """Say what follows the verdict on the last attempt, which carries it already (`with_verdict`)."""
    if verdict.conclusion is Conclusion.SUCCESS:
        return Next(step=Step.PUBLISH, why=verdict.why)
    if verdict.conclusion in _SAYS_NOTHING:
        return _after_broken_gate(case, verdict)
    return after_red(case, verdict.why, max_attempts)


def _after_broken_gate(case: Case, verdict: Verdict) -> Next:
    head = case.attempts[-1].head_sha
    broken = sum(is_broken(attempt) and attempt.head_sha == head for attempt in turns.series(case))
    if broken < MAX_BROKEN_RUNS:
        return Next(step=Step.RUN_AGAIN, why=verdict.why)
    return Next(step=Step.GIVE_UP, reason=Reason.GATE_BROKEN, why=f"The gate broke {broken} times. {verdict.why}")


def after_red(case: Case, why: str, max_attempts: int) -> Next:
    """Say what follows an attempt that did not hold: another one, unless all are spent or the last two failed alike.

    `max_attempts` includes what people have allowed this case beyond the usual number.
    """
    spent = spent_attempts(case)
    if spent >= max_attempts:
        return Next(
            step=Step.GIVE_UP, reason=Reason.ATTEMPTS_SPENT, why=f"{len(turns.series(case))} attempts failed. {why}"
        )
    if _stands_still(case):
        return Next(step=Step.GIVE_UP, reason=Reason.SAME_FAILURE, why=f"Two attempts ended alike. {why}")
    return Next(step=Step.RETRY, why=why)


def repeats_itself(case: Case) -> bool:
    """Say whether the last attempt's diff is one that an earlier attempt failed with: trying it again would cost a login for nothing."""
    earlier = {attempt.diff for attempt in turns.series(case)[:-1] if has_failed(attempt)}
    return bool(case.attempts[-1].diff) and case.attempts[-1].diff in earlier


def _stands_still(case: Case) -> bool:
    """Say whether the last attempt repeats one, was refused like one, or failed like one and got no further through the portal."""
    last = case.attempts[-1]
    earlier = [attempt for attempt in turns.series(case)[:-1] if has_failed(attempt)]
    alike = any(
        _refused_by(last) & _refused_by(before) or _failed_alike(before.failure, last.failure) for before in earlier
    )
    return alike or repeats_itself(case)


def _failed_alike(before: Failure | None, now: Failure | None) -> bool:
    if before is None or now is None:
        return False
    return before.signature == now.signature and (now.step or 0) <= (before.step or 0)


def _refused_by(attempt: Attempt) -> set[str]:
    """Give the codes that an attempt was refused by; of a run that came to no end the reason too, as one code stands for all of them."""
    codes = {refusal: refusal.partition(":")[0] for refusal in attempt.refusals}
    return {refusal if code == UNFINISHED else code for refusal, code in codes.items()}
