"""Which attempt of a case that was not healed an engineer should begin with."""

import pytest

from factories import make_case, make_failure
from healer import best
from healer.contracts import Attempt, Conclusion, Verdict


def tried(number, lines=1, **fields):
    return Attempt(**{"number": number, "diff": "--- a/x\n+++ b/x\n" + "+x\n" * lines, "head_sha": "a" * 40, **fields})


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (tried(2, checks_passed=4), tried(1, 9, checks_passed=5)),
        (tried(2, 3), tried(1, 2)),
        (tried(2, failure=make_failure(step=2)), tried(1, 9, failure=make_failure(step=3))),
        (tried(2, refusals=("mode: x",), head_sha=None), tried(1, 9)),
        (tried(1), tried(2)),
    ],
    ids=["more checks held", "smaller", "further through the portal", "not refused", "later"],
)
def test_the_best_attempt_is_told_from_the_others(worse, better):
    """The guard's word comes first, then checks that held, then how far the fetch came, then the smaller diff; the later one of equals."""
    for attempts in ((worse, better), (better, worse)):
        assert best.attempt(make_case(attempts=sorted(attempts, key=lambda one: one.number))) == better


def test_an_attempt_without_a_change_is_no_candidate():
    """Where nothing was changed, or all of it is history, there is nothing to begin with."""
    assert best.attempt(make_case(attempts=(Attempt(number=1, refusals=("unfinished: x",)),))) is None
    assert best.attempt(make_case(first=3, attempts=(tried(1),))) is None
    assert best.facts(make_case()) == {}


def test_the_end_of_a_case_says_which_it_was():
    """The event by which a case is given up names the attempt and its commit."""
    assert best.facts(make_case(attempts=(tried(1),))) == {"best_attempt": 1, "best_sha": "a" * 40}
    assert best.facts(make_case(attempts=(tried(1, head_sha=None),))) == {"best_attempt": 1}


def judged(number, conclusion, **fields):
    return tried(number, verdict=Verdict(conclusion=conclusion, why="w"), **fields)


def test_only_what_the_gate_has_refused_is_shown_as_red():
    """A candidate that was pushed and is red is shown, before one that was not pushed; green and unjudged ones are not."""
    red = judged(1, Conclusion.FAILURE)
    assert best.shown(make_case(attempts=(red, tried(2, head_sha=None)))) == red
    assert (
        best.shown(make_case(attempts=(judged(1, Conclusion.SUCCESS, checks_passed=3), judged(2, Conclusion.FAILURE))))
        is None
    )
    for other in (judged(1, Conclusion.ERROR), tried(1), tried(1, head_sha=None)):
        assert best.shown(make_case(attempts=(other,))) is None
