"""What becomes of a published case."""

from datetime import timedelta

import pytest

from factories import NOW, make_case, make_failure, make_run
from healer.aftermath import (
    WITHDRAWING,
    decided,
    is_needless,
    is_withdrawn,
    newest_fetch,
    of_fetch,
    of_pull_request,
    superseding,
    turned_down,
)
from healer.contracts import Attempt, Conclusion, Diagnosis, Event, PullRequest, Reason, State, Verdict

SHA = "c" * 40


def pull(state):
    merge = SHA if state == "merged" else None
    return PullRequest(number=4, url="https://github.example/pull/4", state=state, head_sha="b" * 40, merge_sha=merge)


def history(*kinds, **data):
    return tuple(
        Event(seq=n, at=NOW, kind=kind, data=data, previous="0" * 64, hash="0" * 64) for n, kind in enumerate(kinds, 1)
    )


@pytest.mark.parametrize(("state", "becomes"), [("merged", State.MERGED), ("closed", State.CLOSED_UNMERGED)])
def test_a_decided_pull_request_decides_the_case(state, becomes):
    """People's merge or close is where a published case turns; the merge commit is kept."""
    turn = of_pull_request(make_case(state=State.PUBLISHED), pull(state))
    assert (turn.state, turn.pull_request.merge_sha) == (becomes, SHA if state == "merged" else None)


@pytest.mark.parametrize("state", [s for s in State if s is not State.PUBLISHED])
def test_only_a_published_case_follows_its_pull_request(state):
    """In every other state a closed pull request changes nothing."""
    assert of_pull_request(make_case(state=state), pull("merged")) is None


def test_an_open_or_lost_pull_request_changes_nothing():
    """While reviewers think, the case stays."""
    case = make_case(state=State.PUBLISHED)
    assert of_pull_request(case, pull("open")) is None
    assert of_pull_request(case, None) is None


def test_a_pull_request_is_needless_where_the_importer_works_without_it():
    """That is an open one of a case that ended ALREADY_HEALED; one that is closed, and one of any other end, is not asked about."""
    healed = {"state": State.NOT_FIXED, "reason": Reason.ALREADY_HEALED}
    assert is_needless(make_case(**healed, pull_request=pull("open")))
    assert not is_needless(make_case(**healed, pull_request=pull("closed")))
    assert not is_needless(make_case(**healed))
    assert not is_needless(make_case(state=State.NOT_FIXED, reason=Reason.SITE_DOWN, pull_request=pull("open")))
    assert not is_needless(make_case(state=State.PUBLISHED, pull_request=pull("open")))


def test_what_the_healer_closed_itself_was_not_turned_down():
    """The chain tells of which pull request that holds; another one that is closed was closed by people."""
    told = history(WITHDRAWING, number=4)
    assert is_withdrawn(pull("closed"), told)
    assert not is_withdrawn(pull("closed").model_copy(update={"number": 5}), told)
    assert not is_withdrawn(pull("closed"), history("published", number=4))
    assert not is_withdrawn(None, told)


def test_only_a_fetch_after_the_merge_is_evidence():
    """What production fetched before the merge says nothing; of several the newest counts."""
    merged = make_case(state=State.MERGED)
    assert newest_fetch(merged, history("production_fetched", "merged")) is None
    assert newest_fetch(merged, history("merged", "production_fetched", "production_fetched")).seq == 3
    assert newest_fetch(make_case(state=State.PUBLISHED), history("merged", "production_fetched")) is None


@pytest.mark.parametrize(
    ("outcome", "has_merge", "becomes"),
    [
        ("fetched", True, (State.CONFIRMED, None)),
        ("failed", True, (State.NEEDS_ENGINEER, Reason.NOT_CONFIRMED)),
        ("fetched", False, None),
        ("failed", False, None),
    ],
)
def test_a_fetch_counts_by_the_code_that_it_ran(outcome, has_merge, becomes):
    """Only code with the merge in it proves the merge, or that it does not hold."""
    (fetch,) = history("production_fetched", outcome=outcome, commit=SHA, bills=6)
    turn = of_fetch(fetch, has_merge=has_merge)
    assert (turn and (turn.state, turn.reason)) == becomes


def test_what_people_turned_down_stays_turned_down_for_that_failure():
    """Importer and signature decide; another failure, another importer, or a person's retry lets the healer try."""
    verdict = Verdict(conclusion=Conclusion.FAILURE, why="red")

    def broken(ticket, signature="0123456789abcdef", **fields):
        red = Diagnosis(run=make_run(), verdict=verdict, failure=make_failure(signature=signature))
        return make_case(**{"id": ticket, "diagnosis": red, **fields})

    closed = broken("UTIL-1", state=State.CLOSED_UNMERGED)
    assert turned_down(broken("UTIL-2"), [closed]) == closed
    assert turned_down(broken("UTIL-2", "fedcba9876543210"), [closed]) is None
    assert turned_down(broken("UTIL-2", importer="voltara"), [closed]) is None
    assert turned_down(broken("UTIL-2", first=3), [closed]) is None
    assert turned_down(broken("UTIL-2"), [broken("UTIL-1", state=State.PUBLISHED)]) is None


VERDICT = Verdict(conclusion=Conclusion.FAILURE, why="red")


def published(ticket, signature="0123456789abcdef", hours=0, **fields):
    red = Diagnosis(run=make_run(), verdict=VERDICT, failure=make_failure(signature=signature))
    about = {"id": ticket, "diagnosis": red, "state": State.PUBLISHED, "opened_at": NOW + timedelta(hours=hours)}
    return make_case(**{**about, **fields})


def by(case, *known):
    return [(found.by, found.reason) for found in superseding(case, known)]


def test_a_newer_proved_case_supersedes_an_older_one_and_never_the_other_way_round():
    """Importer and failure decide, and the age; one that proves nothing yet supersedes nothing."""
    old, new = published("UTIL-1"), published("UTIL-2", hours=1)
    assert by(old, old, new) == [("UTIL-2", Reason.NEWER_CASE)]
    assert by(new, old, new) == []
    assert by(old, published("UTIL-2", "fedcba9876543210", hours=1)) == []
    assert by(old, published("UTIL-2", hours=1, importer="voltara")) == []
    assert by(old, published("UTIL-2", hours=1, state=State.VERIFYING)) == []


def test_of_two_cases_of_one_moment_exactly_one_is_superseded():
    """Where age does not tell, the ticket does, so that two never close one another."""
    one, other = published("UTIL-1"), published("UTIL-2")
    assert (by(one, other), by(other, one)) == ([("UTIL-2", Reason.NEWER_CASE)], [])


@pytest.mark.parametrize("state", [State.MERGED, State.CONFIRMED])
def test_a_merged_case_supersedes_by_failure_or_by_change(state):
    """What was merged elsewhere is named with its merge, which must be shown not to be history."""
    merged = published("UTIL-2", hours=-1, state=state, pull_request=pull("merged"))
    (found,) = superseding(published("UTIL-1"), [merged])
    assert (found.by, found.reason, found.merge_sha) == ("UTIL-2", Reason.MERGED_ELSEWHERE, SHA)
    assert "https://github.example/pull/4" in found.pointer
    change = {"attempts": (Attempt(number=1, diff="same"),)}
    other = published("UTIL-2", "fedcba9876543210", state=state, **change)
    assert by(published("UTIL-1", **change), other) == [("UTIL-2", Reason.MERGED_ELSEWHERE)]


def test_a_decision_holds_until_the_case_is_published_anew():
    """What was decided is found in the chain, also where the other case has gone on; one of before the last publication is history."""
    other, told = published("UTIL-2", state=State.CLOSED_UNMERGED), {"by": "UTIL-2", "reason": "NEWER_CASE"}
    assert decided(history("published", "superseding", **told), [other]).is_decided
    assert decided(history("published", "superseding", "published", **told), [other]) is None
    assert decided(history("published", "superseding", **told), []) is None
