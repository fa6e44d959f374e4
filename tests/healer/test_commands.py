"""What people's commands do, in every state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case, make_run
from healer import turns
from healer.chain import link
from healer.commands import Command, Effect, Order, Repeated, decide, possible
from healer.contracts import ENDED, Attempt, PullRequest, State
from healer.errors import Rejected

OPEN = set(State) - ENDED
DONE = ENDED - {State.NOT_FIXED, State.NEEDS_ENGINEER, State.STOPPED, State.TAKEN}
TO_STOPPED, TO_TAKEN, TO_RECEIVED, STAYS = "stopped", "taken", "received", "stays"
EXPECTED = {
    Command.STOP: {
        **dict.fromkeys(OPEN, TO_STOPPED),
        **dict.fromkeys(DONE | {State.NOT_FIXED, State.NEEDS_ENGINEER}, "case_ended"),
        State.STOPPED: "repeated",
        State.TAKEN: "case_taken",
    },
    Command.TAKE: {
        **dict.fromkeys(OPEN | {State.NOT_FIXED, State.NEEDS_ENGINEER, State.STOPPED}, TO_TAKEN),
        **dict.fromkeys(DONE, "case_ended"),
        State.TAKEN: "case_taken",
    },
    Command.RELEASE: {**dict.fromkeys(State, "not_taken"), State.TAKEN: TO_RECEIVED},
    Command.RETRY: {
        **dict.fromkeys(OPEN, "case_open"),
        **dict.fromkeys(DONE, "case_ended"),
        **dict.fromkeys({State.NOT_FIXED, State.NEEDS_ENGINEER, State.STOPPED, State.PUBLISHED}, TO_RECEIVED),
        State.TAKEN: "case_taken",
    },
    Command.BUDGET: {**dict.fromkeys(State, STAYS), **dict.fromkeys(DONE, "case_ended")},
    Command.PUBLISH: {
        **dict.fromkeys(OPEN, "case_open"),
        **dict.fromkeys(ENDED, "case_ended"),
        **dict.fromkeys({State.OBSERVED, State.BRANCH_ONLY}, TO_RECEIVED),
        State.TAKEN: "case_taken",
    },
}


def an_order(command, **fields):
    return Order(**{"command": command, "by": "alice", "attempts": 2 if command is Command.BUDGET else 0, **fields})


def events_of(case, by="bob"):
    return (link(None, NOW, "received", {}), link(None, NOW, case.state.value, {"by": by}))


def what_happens(command, case):
    try:
        decided = decide(an_order(command), case, events_of(case))
    except Rejected as refused:
        return refused.reason if refused.status == 409 else refused.status
    return "repeated" if isinstance(decided, Repeated) else decided.changes.get("state", STAYS)


@pytest.mark.parametrize("command", Command)
@pytest.mark.parametrize("state", State)
def test_each_command_in_each_state_is_defined(command, state):
    """Every command in every state leads to one state, or is refused with its one reason."""
    case = make_case(state=state)
    assert what_happens(command, case) == EXPECTED[command][state]
    allowed = EXPECTED[command][state] in {TO_STOPPED, TO_TAKEN, TO_RECEIVED, STAYS}
    assert (command in possible(case)) is allowed


def test_what_would_wake_by_itself_can_be_stopped():
    """A case that sleeps until its next look has ended for people, but goes on by itself; it can be stopped."""
    asleep = make_case(state=State.NOT_FIXED, next_check=NOW)
    effect = decide(an_order(Command.STOP), asleep, ())
    assert (effect.changes["state"], effect.changes["next_check"]) == (State.STOPPED, None)


def test_stop_says_who_and_why_and_has_the_ticket_told():
    """A stop names its giver and reason on the event and the case, and starts the flow run that tells the ticket."""
    case = make_case(state=State.VERIFYING, awaiting=make_run(attempt=1))
    effect = decide(an_order(Command.STOP, text="the portal\nis rebuilt"), case, events_of(case))
    assert effect.data == {"by": "alice", "why": "the portal is rebuilt"}
    assert effect.changes["reason_text"] == "Stopped by alice: the portal is rebuilt"
    assert effect.start.key == "heal:UTIL-101:2:again-1"
    assert "awaiting" not in effect.changes


def test_second_stop_is_answered_as_the_first():
    """Whoever stops a stopped case hears who did it."""
    case = make_case(state=State.STOPPED)
    assert decide(an_order(Command.STOP), case, events_of(case, by="bob")) == Repeated(by="bob")


def test_case_belongs_to_one_person():
    """Taking it again changes nothing for the one who has it; another person is refused until it is released."""
    case = make_case(state=State.TAKEN)
    assert decide(an_order(Command.TAKE), case, events_of(case, by="alice")) == Repeated(by="alice")
    with pytest.raises(Rejected, match="taken"):
        decide(an_order(Command.TAKE, by="bob"), case, events_of(case, by="alice"))


@pytest.mark.parametrize(("state", "first"), [(State.NEEDS_ENGINEER, 3), (State.STOPPED, 4)])
def test_retry_begins_afresh_with_a_number_that_nothing_has_used(state, first):
    """The next number; after a stop the one after it, because a step on its way may have dispatched with the next."""
    case = make_case(state=state, attempts=(Attempt(number=1, refusals=("x",)), Attempt(number=2)), hint="old")
    effect = decide(an_order(Command.RETRY, text="look at\tthe \u202efooter\n"), case, events_of(case))
    changed = case.model_copy(update=effect.changes)
    assert (changed.state, changed.first, changed.hint) == (State.RECEIVED, first, "look at\tthe footer")
    assert effect.start.attempt == first
    assert turns.series(changed) == ()
    assert turns.is_due(changed, first)
    assert not turns.is_due(changed, first - 1)
    assert effect.data == {"by": "alice", "number": first, "hint_length": 18}


@pytest.mark.parametrize(("stands", "kept"), [("open", True), ("merged", False), ("closed", False)])
def test_retry_keeps_the_pull_request_that_is_open(stands, kept):
    """One that is over has had its branch; the next change gets both anew."""
    pull = PullRequest(number=4, url="https://github.example/pull/4", state=stands, head_sha="b" * 40)
    case = make_case(state=State.NOT_FIXED, pull_request=pull, branch="heal/UTIL-101", head_sha="b" * 40)
    changed = case.model_copy(update=decide(an_order(Command.RETRY), case, events_of(case)).changes)
    assert (changed.pull_request is not None, changed.branch is not None, changed.head_sha is not None) == (kept,) * 3


def test_late_run_of_before_finds_nothing_due():
    """An attempt that a stop interrupted is nobody's after the case has begun again."""
    case = make_case(state=State.STOPPED, attempts=(Attempt(number=1, diff="-a\n+b"),))
    changed = case.model_copy(update=decide(an_order(Command.RETRY), case, ()).changes)
    assert not turns.is_due(changed, 1)
    assert turns.onward(changed, 1).attempt == changed.first == 3


def test_budgets_add_up():
    """Each budget counts, whoever gave it."""
    effect = decide(an_order(Command.BUDGET), make_case(), ())
    assert (effect.changes, effect.start) == ({}, None)
    events = [link(None, NOW, effect.kind, effect.data)] * 2 + [link(None, NOW, "judged", {"attempts": 9})]
    assert turns.extra_attempts(events) == 4


@given(st.lists(st.sampled_from(Command), max_size=12), st.sampled_from(State))
def test_commands_in_any_order_never_reuse_a_number(commands, state):
    """Whatever people tell a case, numbers of new runs only grow, and no two flow runs have one key."""
    case, events, keys = make_case(state=state), [], set()
    for command in commands:
        try:
            effect = decide(an_order(command), case, tuple(events))
        except Rejected:
            continue
        if isinstance(effect, Effect):
            before = turns.last_number(case)
            case = case.model_copy(update=effect.changes)
            events.append(link(None, NOW, effect.kind, effect.data))
            assert turns.last_number(case) >= before
            assert effect.start is None or effect.start.key not in keys
            keys |= {effect.start.key} if effect.start else set()


def test_held_back_pull_request_is_opened_for_the_head_that_the_gate_proved():
    """What is pushed and green goes on to its pull request without an agent or a login; what was never pushed begins again."""
    run = make_run(run_id=7002, attempt=1)
    pushed = make_case(state=State.BRANCH_ONLY, head_sha="b" * 40, attempts=(Attempt(number=1, run=run),))
    effect = decide(an_order(Command.PUBLISH), pushed, events_of(pushed))
    assert (effect.changes["state"], effect.changes["awaiting"]) == (State.VERIFIED, run)
    assert effect.start is not None
    assert (effect.start.flow, effect.start.run_id) == ("publish", 7002)
    shown = make_case(state=State.OBSERVED, attempts=(Attempt(number=1),))
    begun = decide(an_order(Command.PUBLISH), shown, events_of(shown))
    assert (begun.kind, begun.changes["state"], begun.start.flow) == ("publish_asked", State.RECEIVED, "heal")
