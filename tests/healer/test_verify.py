"""Judgement of gate runs, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import SHA, make_case, make_failure, make_report, make_run
from healer.contracts import Attempt, BaseResult, Check, Conclusion, Diagnosis, GateMode, Reason, RunState, Verdict
from healer.verify import (
    MAX_BROKEN_RUNS,
    Step,
    after_red,
    judge,
    next_step,
    proved_again,
    repeats_itself,
    spent_attempts,
    with_verdict,
)

WORKFLOW = "healer-gate.yml"
VERIFY = {
    "mode": GateMode.VERIFY,
    "attempt": 1,
    "ref": "refs/heads/heal/UTIL-101",
    "sha": "b" * 40,
    "correlation": "UTIL-101-1-0a1b2c3d",
}
AWAITED = make_run(**VERIFY)
FETCHED = Check(name="exit_code", passed=True)
GREEN = make_report(**VERIFY, conclusion=Conclusion.SUCCESS, failure=None, exit_code=0, bills=3, checks=(FETCHED,))
RED = make_report(**VERIFY)


def a_state(**fields):
    return RunState(
        **{
            "run_id": 7001,
            "run_attempt": 1,
            "status": "completed",
            "conclusion": "success",
            "head_sha": "b" * 40,
            "head_branch": "heal/UTIL-101",
            "event": "workflow_dispatch",
            "path": ".github/workflows/healer-gate.yml",
            "url": "https://github.example/runs/7001",
            **fields,
        }
    )


def judged(report, state):
    return judge(report, state, AWAITED, workflow=WORKFLOW).conclusion


def test_success_needs_report_and_github():
    """Green is believed where the report and GitHub agree about the run that we dispatched."""
    assert judged(GREEN, a_state()) is Conclusion.SUCCESS
    assert judged(GREEN, a_state(path=".github/workflows/healer-gate.yml@heal/UTIL-101")) is Conclusion.SUCCESS
    assert judged(RED, a_state(conclusion="failure")) is Conclusion.FAILURE


@pytest.mark.parametrize(
    "fields",
    [
        {"run_id": 7002},
        {"run_attempt": 2},
        {"head_sha": "c" * 40},
        {"head_branch": "main"},
        {"event": "push"},
        {"path": ".github/workflows/other.yml"},
        {"conclusion": "failure"},
        {"conclusion": "cancelled"},
        {"status": "in_progress", "conclusion": None},
    ],
)
def test_any_disagreement_of_github_is_an_error(fields):
    """A run that differs in one point from our dispatch, or that GitHub does not call successful, is never green."""
    assert judged(GREEN, a_state(**fields)) is Conclusion.ERROR


@pytest.mark.parametrize(
    "fields",
    [
        {"run_id": 7002},
        {"run_attempt": 2},
        {"mode": GateMode.DIAGNOSE},
        {"attempt": 2},
        {"ref": "refs/heads/main"},
        {"sha": SHA},
        {"correlation": "UTIL-101-2-0a1b2c3d"},
        {"checks": (Check(name="bills", passed=False),)},
        {"failure": make_failure()},
        {"exit_code": 1},
        {"exit_code": None},
        {"checks": ()},
        {"conclusion": Conclusion.ERROR},
    ],
)
def test_any_disagreement_of_the_report_is_an_error(fields):
    """A report of another run, one that contradicts itself, or one of a run that executed nothing, is never green."""
    assert judged(GREEN.model_copy(update=fields), a_state()) is Conclusion.ERROR


@pytest.mark.parametrize(
    ("told", "github", "verdict"),
    [
        (Conclusion.TIMED_OUT, "timed_out", Conclusion.TIMED_OUT),
        (Conclusion.TIMED_OUT, "failure", Conclusion.TIMED_OUT),
        (Conclusion.TIMED_OUT, "success", Conclusion.ERROR),
        (Conclusion.CANCELLED, "cancelled", Conclusion.CANCELLED),
        (Conclusion.CANCELLED, "failure", Conclusion.ERROR),
        (Conclusion.NEUTRAL, "success", Conclusion.ERROR),
        (Conclusion.ERROR, "failure", Conclusion.ERROR),
        (Conclusion.ERROR, "success", Conclusion.ERROR),
        (Conclusion.SUCCESS, "skipped", Conclusion.ERROR),
    ],
)
def test_each_end_of_a_run_is_its_verdict(told, github, verdict):
    """Report and GitHub must tell of one end; a run that a job skipped because no runner fits is never green."""
    fields = {"conclusion": told} if told is Conclusion.SUCCESS else {"conclusion": told, "exit_code": None}
    assert judged(GREEN.model_copy(update=fields), a_state(conclusion=github)) is verdict


BASE = "d" * 40
RED_BASE = BaseResult(sha=BASE, conclusion=Conclusion.FAILURE, summary="red", failure=make_failure(), exit_code=3)
GREEN_BASE = BaseResult(sha=BASE, conclusion=Conclusion.SUCCESS, summary="green", checks=(FETCHED,), exit_code=0)
WITH_BASE = AWAITED.model_copy(update={"base_sha": BASE})


@pytest.mark.parametrize(
    ("awaited", "report", "verdict"),
    [
        (WITH_BASE, {"base": RED_BASE}, Conclusion.SUCCESS),
        (WITH_BASE, {"base": None}, Conclusion.ERROR),
        (WITH_BASE, {"base": GREEN_BASE}, Conclusion.ERROR),
        (WITH_BASE, {"base": RED_BASE.model_copy(update={"failure": None})}, Conclusion.ERROR),
        (WITH_BASE, {"base": RED_BASE.model_copy(update={"sha": "e" * 40})}, Conclusion.ERROR),
        (AWAITED, {"base": RED_BASE}, Conclusion.ERROR),
        (WITH_BASE, {"base": GREEN_BASE, "conclusion": Conclusion.NEUTRAL}, Conclusion.NEUTRAL),
        (WITH_BASE, {"base": RED_BASE, "conclusion": Conclusion.NEUTRAL}, Conclusion.ERROR),
        (WITH_BASE, {"base": None, "conclusion": Conclusion.NEUTRAL}, Conclusion.ERROR),
        (AWAITED, {"base": GREEN_BASE, "conclusion": Conclusion.NEUTRAL}, Conclusion.ERROR),
        (
            WITH_BASE,
            {"base": GREEN_BASE.model_copy(update={"exit_code": None}), "conclusion": Conclusion.NEUTRAL},
            Conclusion.ERROR,
        ),
    ],
)
def test_base_and_head_are_judged_together(awaited, report, verdict):
    """A run that was to fetch with both is green with a red base and a green head alone, and neutral with a green base alone."""
    told = GREEN.model_copy(update=report)
    assert judge(told, a_state(), awaited, workflow=WORKFLOW).conclusion is verdict


def test_a_believed_run_makes_the_diagnosis_fresh():
    """Base red in a run that is believed counts for the next attempt; a green base, and a run that nobody believes, do not."""
    red = Verdict(conclusion=Conclusion.FAILURE, why="w")
    case = make_case(diagnosis=Diagnosis(run=make_run(), verdict=red))
    told = RED.model_copy(update={"base": RED_BASE})
    proved = proved_again(case, red, told, WITH_BASE)
    assert proved is not None
    assert (proved.run, proved.again) == (case.diagnosis.run, WITH_BASE)
    for verdict, report in (
        (Verdict(conclusion=Conclusion.ERROR, why="w"), told),
        (red, RED),
        (red, None),
        (red, GREEN.model_copy(update={"base": GREEN_BASE})),
    ):
        assert proved_again(case, verdict, report, WITH_BASE) == case.diagnosis


@pytest.mark.parametrize(("report", "state"), [(None, a_state()), (GREEN, None), (None, None)])
def test_half_the_evidence_is_an_error(report, state):
    """Neither word counts without the other."""
    assert judged(report, state) is Conclusion.ERROR


@given(
    st.sampled_from(Conclusion),
    st.sampled_from(["success", "failure", "cancelled", "timed_out", "neutral", "skipped", None]),
)
def test_green_comes_from_two_greens_alone(conclusion, word):
    """No pair of words but success and success makes a success."""
    report = GREEN.model_copy(update={"conclusion": conclusion})
    green = judged(report, a_state(conclusion=word)) is Conclusion.SUCCESS
    assert green == (conclusion is Conclusion.SUCCESS and word == "success")


def an_attempt(number, conclusion=Conclusion.FAILURE, head="b", **failure):
    verdict = Verdict(conclusion=conclusion, why="w") if conclusion else None
    failed = make_failure(**failure) if conclusion is Conclusion.FAILURE else None
    return Attempt(number=number, head_sha=head * 40, verdict=verdict, failure=failed)


def following(*attempts, max_attempts=3):
    case = make_case(attempts=attempts)
    return next_step(case, attempts[-1].verdict, max_attempts)


def test_green_is_published():
    """A verified head is published."""
    assert following(an_attempt(1, Conclusion.SUCCESS)).step is Step.PUBLISH


def test_red_is_tried_again_while_attempts_last():
    """A red head is tried again, and given up when all attempts are spent."""
    assert following(an_attempt(1)).step is Step.RETRY
    spent = following(an_attempt(1, signature="a" * 16), an_attempt(2, signature="b" * 16), max_attempts=2)
    assert (spent.step, spent.reason) == (Step.GIVE_UP, Reason.ATTEMPTS_SPENT)


def test_same_failure_twice_is_given_up():
    """Two attempts that end in one failure stop the case; getting further through the portal is progress."""
    assert following(an_attempt(1), an_attempt(2)).reason is Reason.SAME_FAILURE
    assert following(an_attempt(1, step=2), an_attempt(2, step=3)).step is Step.RETRY
    assert following(an_attempt(1, signature="a" * 16), an_attempt(2)).step is Step.RETRY


def test_a_failure_that_comes_back_is_the_same_failure():
    """What ends like any earlier attempt stands still, also where another failure came in between."""
    back = [an_attempt(n, signature=signature * 16) for n, signature in enumerate("aba", 1)]
    assert after_red(make_case(attempts=back[:2]), "red", 9).step is Step.RETRY
    assert after_red(make_case(attempts=back), "red", 9).reason is Reason.SAME_FAILURE


def refused(number, *refusals):
    return Attempt(number=number, diff=f"-a\n+{number}", refusals=refusals)


@pytest.mark.parametrize(
    ("first", "second", "step"),
    [
        (("secret: a.rb:3 this looks like a secret",), ("secret: a.rb:9 this looks like a secret",), Step.GIVE_UP),
        (("mode: a.rb x", "eval: a.rb:1 no"), ("eval: a.rb:7 no",), Step.GIVE_UP),
        (("eval: a.rb:1 no",), ("secret: a.rb:1 no",), Step.RETRY),
        (
            ("unfinished: the agent said nothing for 180 s",),
            ("unfinished: the agent said nothing for 180 s",),
            Step.GIVE_UP,
        ),
        (("unfinished: max_turns",), ("unfinished: the agent said nothing for 180 s",), Step.RETRY),
    ],
    ids=["code", "one of them", "another code", "unfinished alike", "unfinished otherwise"],
)
def test_the_same_refusal_twice_is_given_up(first, second, step):
    """A refusal goes back to the agent as evidence; a second attempt that is refused by the same code ends the case, whatever its diff."""
    found = after_red(make_case(attempts=(refused(1, *first), refused(2, *second))), "w", 9)
    assert found.step is step
    assert (found.reason is Reason.SAME_FAILURE) == (step is Step.GIVE_UP)


def test_the_checks_that_held_are_counted_on_the_attempt():
    """What the gate found to hold is remembered with the verdict, so that attempts can be compared."""
    checks = (FETCHED, Check(name="bills", passed=False), Check(name="count_is_true", passed=True))
    case = with_verdict(
        make_case(attempts=(an_attempt(1, None),)), Verdict(conclusion=Conclusion.FAILURE, why="red"), None, checks
    )
    assert case.attempts[-1].checks_passed == 2


def test_headway_spends_attempts_too():
    """The number of attempts is a brake: it holds also where each attempt gets further through the portal."""
    steps = [an_attempt(n, step=n, signature=str(n) * 16) for n in (2, 3, 4)]
    assert after_red(make_case(attempts=steps[:2]), "red", 3).step is Step.RETRY
    assert after_red(make_case(attempts=steps), "red", 3).reason is Reason.ATTEMPTS_SPENT


def test_broken_gate_spends_no_attempt():
    """Infrastructure is run again on the same head, a bounded number of times, and uses up no attempt."""
    broken = [an_attempt(n, Conclusion.ERROR) for n in range(1, MAX_BROKEN_RUNS + 1)]
    assert following(*broken[:-1]).step is Step.RUN_AGAIN
    assert following(*broken).reason is Reason.GATE_BROKEN
    assert spent_attempts(make_case(attempts=(*broken, an_attempt(9)))) == 1
    assert following(an_attempt(1), an_attempt(2, Conclusion.ERROR), an_attempt(3)).reason is Reason.SAME_FAILURE


def test_broken_runs_are_counted_for_one_head():
    """Another head starts anew."""
    assert (
        following(*[an_attempt(n, Conclusion.CANCELLED, head=h) for n, h in enumerate("abc", 1)]).step is Step.RUN_AGAIN
    )


def test_refused_patch_counts_as_an_attempt():
    """An attempt whose diff the guard refused is spent like one that the gate failed."""
    refused = Attempt(number=1, refusals=("path",))
    assert after_red(make_case(attempts=(refused,)), "path", 2).step is Step.RETRY
    assert after_red(make_case(attempts=(refused, refused)), "path", 2).reason is Reason.ATTEMPTS_SPENT


def test_diff_that_failed_is_not_tried_again():
    """An attempt that comes back with an earlier diff stops the case, whatever its failure; one that the gate broke on does not count."""
    attempts = [an_attempt(n, signature=str(n) * 16).model_copy(update={"diff": "-a\n+b"}) for n in (1, 2)]
    assert repeats_itself(make_case(attempts=attempts))
    assert following(*attempts).reason is Reason.SAME_FAILURE
    broken = an_attempt(1, Conclusion.ERROR).model_copy(update={"diff": "-a\n+b"})
    assert not repeats_itself(make_case(attempts=(broken, attempts[1])))
    assert not repeats_itself(make_case(attempts=(an_attempt(1), an_attempt(2))))


def test_a_change_that_is_red_on_a_new_base_has_another_attempt():
    """A rebase spends none, and that its change was green before is no failure that it repeats; red once more, it is one."""
    change = {"diff": "-a\n+b"}
    green = an_attempt(1, Conclusion.SUCCESS).model_copy(update=change)
    rebased = an_attempt(2).model_copy(update={**change, "rebased": True})
    assert following(green, rebased, max_attempts=2).step is Step.RETRY
    assert spent_attempts(make_case(attempts=(green, rebased))) == 1
    assert (
        following(green, rebased, an_attempt(3, signature="3" * 16).model_copy(update=change)).reason
        is Reason.SAME_FAILURE
    )


def test_verdict_is_kept_on_the_last_attempt():
    """A verdict touches the attempt it is about and no other."""
    verdict = Verdict(conclusion=Conclusion.FAILURE, why="red")
    case = with_verdict(make_case(attempts=(an_attempt(1), an_attempt(2, None))), verdict, make_failure())
    assert case.attempts[0] == an_attempt(1)
    assert (case.attempts[1].verdict, case.attempts[1].failure) == (verdict, make_failure())


def test_a_case_that_was_begun_again_has_its_attempts_anew():
    """What failed before a person let the case begin again is neither counted nor compared."""
    failed = Verdict(conclusion=Conclusion.FAILURE, why="red")
    old = [Attempt(number=n, diff="same", verdict=failed, failure=make_failure()) for n in (1, 2, 3)]
    case = make_case(first=5, attempts=(*old, old[0].model_copy(update={"number": 5})))
    assert spent_attempts(case) == 1
    assert not repeats_itself(case)
    assert after_red(case, "red", 2).step is Step.RETRY
    assert after_red(case, "red", 1).reason is Reason.ATTEMPTS_SPENT


@pytest.mark.parametrize("fields", [{"exit_code": None}, {"checks": ()}])
def test_green_that_fetched_nothing_is_an_error(fields):
    """A report of success without an exit code or without any check is contradictory; a probe fetches nothing by its nature."""
    assert judged(GREEN.model_copy(update=fields), a_state()) is Conclusion.ERROR
    probe = {"mode": GateMode.PROBE, **fields}
    assert (
        judge(
            GREEN.model_copy(update=probe),
            a_state(),
            AWAITED.model_copy(update={"mode": GateMode.PROBE}),
            workflow=WORKFLOW,
        ).conclusion
        is Conclusion.SUCCESS
    )
