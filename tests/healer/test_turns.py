"""Whose turn it is."""

from factories import NOW, make_case, make_run
from healer.chain import link
from healer.contracts import Attempt, Conclusion, Diagnosis, Verdict
from healer.turns import began_with, diff_of, is_due, last_number, own_attempt, series

RED = Verdict(conclusion=Conclusion.FAILURE, why="red")


def test_new_number_is_due_and_a_used_one_is_not():
    """A run that comes late or twice finds its number used: by a dispatch that is awaited, a diagnosis, or an attempt."""
    assert is_due(make_case(), 0)
    awaiting = make_case(awaiting=make_run(attempt=2))
    assert (is_due(awaiting, 2), is_due(awaiting, 3), last_number(awaiting)) == (False, True, 2)
    diagnosed = make_case(diagnosis=Diagnosis(run=make_run(attempt=1), verdict=RED))
    assert (is_due(diagnosed, 1), is_due(diagnosed, 2)) == (False, True)


def test_attempt_at_work_is_still_due():
    """A killed run goes on with its own attempt, until that has a verdict or was refused."""
    at_work = make_case(attempts=(Attempt(number=1, verdict=RED), Attempt(number=2, diff="-a\n+b")))
    assert is_due(at_work, 2)
    assert own_attempt(at_work, 2) == at_work.attempts[-1]
    for over in (Attempt(number=2, verdict=RED), Attempt(number=2, refusals=("path",))):
        assert not is_due(make_case(attempts=(over,)), 2)
        assert own_attempt(make_case(attempts=(over,)), 2) is None


def test_earlier_attempt_belongs_to_nobody():
    """Only the last attempt can be at work."""
    assert own_attempt(make_case(attempts=(Attempt(number=1), Attempt(number=2))), 1) is None


def test_attempts_of_before_a_retry_are_history():
    """Only attempts from the case's `first` number on are its own series; a number below it is used."""
    case = make_case(first=4, attempts=(Attempt(number=2), Attempt(number=4)))
    assert [attempt.number for attempt in series(case)] == [4]
    assert own_attempt(case.model_copy(update={"attempts": case.attempts[:1]}), 2) is None
    assert last_number(make_case(first=4)) == 3


def test_change_of_an_attempt_is_found_by_its_number():
    """The diff of a number is that attempt's own; a number at which no agent worked has none."""
    case = make_case(attempts=(Attempt(number=1, diff="one"), Attempt(number=3, diff="three")))
    assert (diff_of(case, 3), diff_of(case, 2)) == ("three", "")


def test_dispatches_are_counted_from_the_last_wake_up():
    """What was dispatched before a case slept does not count against it when it wakes; a person's beginning counts as it did."""
    told = [("gate_dispatched", {"attempt": 0}), ("woken", {}), ("gate_dispatched", {"attempt": 1})]
    told += [("gate_dispatched", {"attempt": 2}), ("woken", {})]
    events = []
    for kind, data in told:
        events.append(link(events[-1] if events else None, NOW, kind, data))
    assert [began_with(make_case(), events[:n]) for n in range(6)] == [0, 0, 0, 1, 1, 1]
    assert began_with(make_case(first=5), events) == 5
