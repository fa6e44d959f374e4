"""Which cases do not go on by themselves."""

from datetime import timedelta

import pytest

from factories import NOW, make_case, make_run
from healer import turns
from healer.contracts import Attempt, Event, Reason, RunState, State
from healer.reconcile import (
    AGENT_S,
    GATE_WAITS,
    MAX_AGAIN,
    PENDING_S,
    SILENT_S,
    Duty,
    Patience,
    duty,
    is_dead,
    is_delivered,
    is_waiting,
    last_dispatch,
)


def history(*kinds):
    """Give a chain of events of these kinds, all written now."""
    return tuple(Event(seq=n, at=NOW, kind=kind, previous="0" * 64, hash="0" * 64) for n, kind in enumerate(kinds, 1))


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def down(**fields):
    return make_case(**{"state": State.NOT_FIXED, "reason": Reason.SITE_DOWN, "next_check": after(900), **fields})


TOLD_DOWN = history("received", "not_fixed", "ticket_told", "receipt_written")


def test_a_case_is_woken_when_its_next_look_is_due():
    """A wake-up comes at its time and not before."""
    assert duty(down(), TOLD_DOWN, after(899)) is None
    assert duty(down(), TOLD_DOWN, after(900)) is Duty.WAKE


def test_a_case_without_next_look_sleeps_for_ever():
    """What waits for a person is not woken by the clock."""
    assert duty(down(next_check=None), TOLD_DOWN, after(10**6)) is None


def test_a_refused_login_is_watched_once_the_ticket_says_so():
    """Whose login was refused is asked about at the ledger, as soon as the owner has been told; the other waits for people are not."""
    refused = down(reason=Reason.CREDENTIAL, next_check=None)
    assert duty(refused, TOLD_DOWN, after(1)) is Duty.ASK_LOGINS
    assert duty(refused, history("received", "not_fixed"), after(1)) is None
    assert duty(refused, TOLD_DOWN[:-1], after(SILENT_S)) is Duty.RESUME
    assert duty(down(reason=Reason.MFA, next_check=None), TOLD_DOWN, after(1)) is None


def test_the_last_dispatch_is_when_a_login_was_tried_last():
    """Only a login that was released after the newest gate run was sent is news."""
    told = history("gate_dispatched", "not_fixed", "woken", "gate_dispatched", "not_fixed")
    dated = tuple(event.model_copy(update={"at": after(event.seq)}) for event in told)
    assert last_dispatch(dated) == after(4)
    assert last_dispatch(dated[4:]) is None


@pytest.mark.parametrize("status", ["queued", "requested", "waiting", "pending"])
def test_a_gate_run_that_does_not_begin_is_told_of_once(status):
    """A run that GitHub keeps waiting is told of when its patience is over, one that has begun never, and none twice."""
    run = RunState(
        run_id=7001,
        run_attempt=1,
        status=status,
        conclusion=None,
        head_sha="a" * 40,
        head_branch="main",
        event="workflow_dispatch",
        path=".github/workflows/healer-gate.yml",
        url="https://github.example/runs/7001",
    )
    events = history("received", "gate_dispatched")
    assert not is_waiting(run, events, after(1800), 1800)
    assert is_waiting(run, events, after(1801), 1800)
    assert not is_waiting(run.model_copy(update={"status": "in_progress"}), events, after(1801), 1800)
    told, before = (
        Event(seq=3, at=NOW, kind=GATE_WAITS, data={"run_id": run_id}, previous="0" * 64, hash="0" * 64)
        for run_id in (7001, 7000)
    )
    assert not is_waiting(run, (*events, told), after(1801), 1800)
    assert is_waiting(run, (*events, before), after(1801), 1800)


def test_an_ending_that_the_ticket_does_not_tell_is_told_again():
    """The ticket must hear of an end; a case that told it is left alone."""
    case = make_case(state=State.PUBLISHED)
    pending = history("received", "published", "pending")
    assert not is_delivered(case, pending)
    assert duty(case, pending, after(PENDING_S - 1)) is None
    assert duty(case, pending, after(PENDING_S)) is Duty.RESUME
    told = history("received", "published", "pending", "ticket_told", "receipt_written")
    assert duty(case, told, after(10**6)) in {None, Duty.ASK_PULL}


def test_an_ending_without_a_receipt_gets_one():
    """The receipt of an end is owed like the word to the ticket; one of an earlier end does not count."""
    case = make_case(state=State.PUBLISHED)
    owed = history("received", "not_fixed", "receipt_written", "woken", "published", "ticket_told")
    assert duty(case, owed, after(SILENT_S - 1)) is None
    assert duty(case, owed, after(SILENT_S)) is Duty.RESUME


def test_what_was_told_before_the_end_does_not_count():
    """A ticket that heard of an earlier end has not heard of this one."""
    kinds = ("received", "not_fixed", "ticket_told", "woken", "needs_engineer", "pending")
    assert not is_delivered(make_case(state=State.NEEDS_ENGINEER), history(*kinds))


@pytest.mark.parametrize("state", [State.RECEIVED, State.TRIAGED, State.PUSHED, State.VERIFIED])
def test_a_silent_case_at_work_is_taken_on(state):
    """A case whose process died goes on; one that has just written is left alone."""
    case, events = make_case(state=state), history("received", "ticket_admitted")
    assert duty(case, events, after(SILENT_S - 1)) is None
    assert duty(case, events, after(SILENT_S)) is Duty.RESUME


def test_a_comment_that_nobody_answered_is_judged_again():
    """A command given by a comment is owed an answer, also where the case itself has nothing left to do."""
    asked = Event(seq=9, at=NOW, kind="commanded", data={"comment": "ticket:7"}, previous="0" * 64, hash="0" * 64)
    answered = asked.model_copy(update={"kind": "command_answered"})
    case, events = make_case(state=State.PUBLISHED), history("published", "ticket_told", "receipt_written")
    assert duty(case, (*events, asked), after(SILENT_S)) is Duty.ANSWER
    assert duty(case, (*events, asked, answered), after(SILENT_S)) is not Duty.ANSWER


def test_github_is_asked_now_and_then_about_an_open_pull_request():
    """A published case that has told everything is looked after each ten minutes: GitHub's own word may have been lost."""
    case, events = make_case(state=State.PUBLISHED), history("published", "ticket_told", "receipt_written")
    asked = [minute for minute in range(0, 60, 2) if duty(case, events, after(3600).replace(minute=minute))]
    assert asked == [0, 10, 20, 30, 40, 50]
    assert duty(case, events, after(3600).replace(minute=0)) is Duty.ASK_PULL


def test_an_agent_may_think():
    """While an agent works, silence is no sign of death before its time is up."""
    case, events = make_case(state=State.PATCHING), history("received", "patching")
    assert duty(case, events, after(AGENT_S - 1)) is None
    assert duty(case, events, after(AGENT_S)) is Duty.RESUME


@pytest.mark.parametrize("state", [State.DIAGNOSING, State.VERIFYING])
def test_github_is_asked_about_a_silent_gate(state):
    """Only GitHub knows whether a gate still runs; a failed step after it needs no question."""
    case = make_case(state=state, awaiting=make_run())
    assert duty(case, history("gate_dispatched"), after(SILENT_S)) is Duty.ASK_GITHUB
    assert duty(case, history("gate_dispatched", "pending"), after(PENDING_S)) is Duty.RESUME


def test_who_waits_for_another_is_not_hurried():
    """A queued case is called by the end of the one before it; one that was called and did not come is called again."""
    case, kinds = make_case(state=State.QUEUED), ("received", "queued", "ticket_told")
    assert duty(case, history(*kinds), after(10**6)) is None
    assert duty(case, history(*kinds, "called"), after(SILENT_S)) is Duty.RESUME


def test_a_superseded_case_is_over_once_its_ticket_says_so():
    """The ticket is told who has the failure in hand; then nothing is owed any more."""
    case, kinds = make_case(state=State.SUPERSEDED), ("published", "superseded", "receipt_written")
    assert duty(case, history(*kinds), after(SILENT_S)) is Duty.RESUME
    assert duty(case, history(*kinds, "ticket_told"), after(10**6)) is None


def test_repetitions_become_rare_and_end():
    """Each repetition without headway doubles the pause, up to an hour; after many a person must look."""
    case, kinds = make_case(state=State.PUBLISHED), ["published", "pending"]
    pauses = []
    while pause := next((s for s in range(0, 4000, PENDING_S) if duty(case, history(*kinds), after(s))), None):
        pauses.append(pause)
        kinds += ["resumed", "pending"]
    assert pauses[:3] == [PENDING_S, 2 * PENDING_S, 4 * PENDING_S]
    assert pauses == sorted(pauses)
    assert (len(pauses), max(pauses)) == (MAX_AGAIN, 3600)


def test_a_flow_run_that_was_started_is_no_headway():
    """That Prefect took a run says nothing about the case: it is repeated as rarely, and ends as soon."""
    case, kinds = make_case(state=State.TRIAGED), ["triaged", *["pending", "resumed", "run_started"] * 6]
    assert duty(case, history(*kinds), after(PENDING_S * 2**6 - 1)) is None
    assert duty(case, history(*kinds), after(PENDING_S * 2**6)) is Duty.RESUME
    assert duty(case, history(*kinds, *["resumed", "run_started"] * MAX_AGAIN), after(10**6)) is None


def test_who_waits_in_the_line_is_told_so_and_not_hurried():
    """A case that is over a limit needs its ticket told, and nothing else."""
    case, kinds = make_case(state=State.QUEUED, reason=Reason.OVER_LIMIT), ("received", "queued")
    assert duty(case, history(*kinds), after(SILENT_S)) is Duty.RESUME
    assert duty(case, history(*kinds, "ticket_told"), after(10**6)) is None


def test_headway_makes_repetitions_quick_again():
    """What happened between two failures begins the count anew."""
    kinds = ["pending", "resumed"] * 8 + ["pushed", "pending"]
    assert duty(make_case(state=State.PUSHED), history(*kinds), after(PENDING_S)) is Duty.RESUME


def test_a_case_is_taken_on_by_the_run_that_it_waits_for():
    """Judgement where a verdict is due, the begun attempt where one is at work, else the next number; each with a key of its own."""
    verifying = make_case(state=State.VERIFYING, awaiting=make_run(run_id=7005))
    assert turns.onward(verifying, 1).key == "publish:UTIL-101:7005:1:again-1"
    patching = make_case(state=State.PATCHING, attempts=(Attempt(number=2),))
    assert turns.onward(patching, 2).key == "heal:UTIL-101:2:again-2"
    assert turns.onward(make_case(), 1).key == "heal:UTIL-101:0:again-1"
    assert turns.again(history("called", "pending", "resumed", "woken")) == 4


@pytest.mark.parametrize(
    ("state", "last", "seconds"),
    [(State.PUSHED, "pending", 4), (State.PUSHED, "pushed", 6), (State.PATCHING, "patching", 9)],
)
def test_an_operator_says_how_long_a_case_may_be_silent(state, last, seconds):
    """Each of the three waits is the given one and not the usual one."""
    hurried = Patience(pending_s=4, silent_s=6, agent_s=9)
    case, events = make_case(state=state), history("received", last)
    assert duty(case, events, after(seconds - 1), hurried) is None
    assert duty(case, events, after(seconds), hurried) is Duty.RESUME
    assert duty(case, events, after(seconds)) is None


def test_an_event_of_a_clock_that_was_ahead_keeps_nobody_waiting():
    """What a worker wrote whose clock was an hour ahead is taken on when the clock is right again; moments ahead are no wrong clock."""
    case, events = make_case(state=State.PUSHED), history("received", "pending")
    assert duty(case, events, after(-3600)) is Duty.RESUME
    assert duty(case, events, after(-1)) is None


@pytest.mark.parametrize(
    ("began_s", "heard_s", "dead"),
    [(10, None, False), (301, None, True), (5000, 299, False), (5000, 301, True), (10, 5000, False)],
)
def test_run_is_dead_after_a_silence_and_not_before(began_s, heard_s, dead):
    """A run has its patience from when it began, and anew from each heartbeat."""
    began, heard = (None if ago is None else NOW - timedelta(seconds=ago) for ago in (began_s, heard_s))
    assert is_dead(began, heard, NOW, 300) is dead
