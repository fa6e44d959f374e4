"""What happens beside an open pull request: the base branch moves, people commit to the branch, another case has the failure in hand."""

from dataclasses import replace

import pytest

from factories import make_failure
from flow_desk import GREEN, Desk
from healer.contracts import BaseResult, Conclusion, Reason, State

TICKETS = range(401, 404)
RUBY = "lib/gatherers/brightwater.rb"


def healed(desk: Desk) -> Desk:
    """Publish the desk's case."""
    desk.deliver()
    desk.heal()
    assert desk.case.state is State.PUBLISHED
    return desk


def source(desk: Desk) -> str:
    """Give the importer as it is on the base branch."""
    return desk.github.read("main", RUBY)


@pytest.mark.parametrize("desk", ["UTIL-402"], indirect=True)
def test_an_older_pull_request_gives_way_to_a_newer_one_and_a_persons_commit_is_left_alone(desk):
    """The older pull request points to the newer one and is closed, its ticket is told; from a person's commit on the healer rests."""
    newer = replace(desk, case_id="UTIL-403")
    healed(desk)
    healed(newer)
    old, new = desk.case.pull_request, newer.case.pull_request
    desk.look()
    case = desk.case
    assert (case.state, case.reason, desk.github.head("heal/UTIL-402")) == (State.SUPERSEDED, Reason.NEWER_CASE, None)
    assert desk.github.pulls[old.number - 1]["state"] == "closed"
    said = [one["body"] for one in desk.github.comments if one["number"] == old.number]
    assert [f"Superseded by UTIL-403 ({new.url})" in text for text in said].count(True) == 1
    assert "superseded (NEWER_CASE)" in desk.comments()[-1]
    theirs = desk.github.commit("heal/UTIL-403", RUBY, newer.github.read("heal/UTIL-403", RUBY) + "# Mine.\n")
    newer.push(RUBY, source(desk) + "# Again.\n")
    newer.work()
    assert (newer.case.state, newer.github.head("heal/UTIL-403")) == (State.PUBLISHED, theirs)
    assert newer.kinds().count("hands_off") == 1


@pytest.mark.parametrize("desk", ["UTIL-401"], indirect=True)
def test_a_change_is_put_on_a_base_that_moved_and_proved_there(desk):
    """A push to the importer's file has the change proved on the new base, in the same pull request; what no longer fits is diagnosed."""
    first = healed(desk).case
    base = desk.push(RUBY, source(desk) + "# A word of a colleague.\n")
    desk.work()
    case = desk.case
    assert (case.state, case.base_sha, case.attempts[-1].rebased) == (State.VERIFYING, base, True)
    assert desk.github.head("heal/UTIL-401") == case.head_sha != first.head_sha
    assert "A word of a colleague." in desk.github.read("heal/UTIL-401", RUBY)
    red = BaseResult(sha=base, conclusion=Conclusion.FAILURE, summary="red", failure=make_failure(), exit_code=3)
    desk.report(**{**GREEN, "base": red})
    desk.work()
    (pull,) = (one for one in desk.github.pulls if one["head"]["ref"] == "heal/UTIL-401")
    assert (desk.case.state, pull["state"]) == (State.PUBLISHED, "open")
    assert f"on `{base[:12]}`, judged by the guard and proved by the gate again" in pull["body"]
    desk.push(RUBY, source(desk).replace("table#bills", "table#elsewhere"))
    desk.work()
    assert ("rebase_failed" in desk.kinds(), desk.case.state) == (True, State.DIAGNOSING)
    gives_way_to_the_base(desk, pull["number"])


def gives_way_to_the_base(desk: Desk, number: int) -> None:
    """Have the base found green: the pull request says so, points to the run, and is closed; so is the ticket."""
    desk.report(**GREEN)
    desk.work()
    desk.look()
    case = desk.case
    assert (case.state, case.reason, case.pull_request.state) == (State.NOT_FIXED, Reason.ALREADY_HEALED, "closed")
    assert (desk.github.pulls[number - 1]["state"], desk.github.head("heal/UTIL-401")) == ("closed", None)
    said = [
        one["body"] for one in desk.github.comments if one["number"] == number and "Not needed any more" in one["body"]
    ]
    assert len(said) == 1
    assert case.diagnosis.run.url in said[0]
    (comment,) = desk.comments()
    assert f"{case.pull_request.url}], closed: the importer works without it" in comment
    assert (desk.jira.ticket("UTIL-401")["status"], desk.kinds().count("withdrawn")) == ("Done", 1)
