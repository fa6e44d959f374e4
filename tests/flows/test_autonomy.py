"""Autonomy, told from outside: an importer whose level holds a healing back, a person who asks for it all the same, and a reviewer's no."""

from dataclasses import replace

import pytest

from flow_desk import Desk
from git_site import git
from healer.contracts import Autonomy, Reason, State

TICKETS = range(341, 345)


def pulls(desk: Desk) -> list[dict]:
    """Give the pull requests of the case's branch."""
    return [pull for pull in desk.github.pulls if pull["head"]["ref"] == f"heal/{desk.case_id}"]


@pytest.mark.parametrize("desk", ["UTIL-342"], indirect=True)
def test_observed_change_is_not_pushed_until_it_is_asked_for(desk: Desk):
    """On `observe` nothing is pushed; asked for, the case begins again and comes to a draft."""
    desk.trust("observe", "only look")
    desk.deliver()
    desk.work()
    desk.report()
    desk.work()
    assert (desk.case.state, desk.github.head("heal/UTIL-342")) == (State.OBSERVED, None)
    desk.tell("publish")
    desk.heal()
    assert desk.case.state is State.PUBLISHED
    assert [pull["draft"] for pull in desk.github.pulls if pull["head"]["ref"] == "heal/UTIL-342"] == [True]
    assert desk.case.attempts[-1].number > desk.case.attempts[0].number


@pytest.mark.parametrize("desk", ["UTIL-341"], indirect=True)
def test_level_holds_back_and_a_persons_word_and_a_reviewers_no_are_heard(desk: Desk):
    """On `branch` a proved change gets no pull request; asked for, it is a draft with no further fetch; turned down, trust falls."""
    desk.trust("branch", "the portal is new to us")
    desk.deliver()
    desk.heal()
    assert (desk.case.state, pulls(desk)) == (State.BRANCH_ONLY, [])
    assert "Set by alice" in desk.comments()[0]
    assert "the portal is new to us" in desk.comments()[0]
    gates = len(desk.github.runs)
    assert desk.tell("publish")["status"] == 200
    desk.work()
    assert (desk.case.state, pulls(desk)[0]["draft"], len(desk.github.runs)) == (State.PUBLISHED, True, gates)
    labels = [label["name"] for label in pulls(desk)[0]["labels"]]
    assert labels == ["class:source_changed", "importer-healer", "importer:brightwater"]
    assert pulls(desk)[0]["asked"] == ["alice", "keepers"]
    assert "Healer-Policy-Version: " in git("log", "-1", "--format=%B", "heal/UTIL-341", cwd=desk.github.bare)
    told = next(event for event in desk.events if event.kind == "pull_request_opened")
    assert (told.data["autonomy"], told.data["autonomy_start"]) == ("draft", "pull_request")
    desk.close_pull()
    desk.work()
    assert (desk.case.state, desk.trusted().level) == (State.CLOSED_UNMERGED, Autonomy.OBSERVE)
    assert "UTIL-341 was closed without a merge" in desk.trusted().why
    desk.trust("pull_request", "it was a misunderstanding")
    assert desk.tell("publish")["reason"] == "case_ended"
    again = replace(desk, case_id="UTIL-343")
    again.deliver()
    again.work()
    again.report()
    again.work()
    assert (again.case.state, again.case.reason) == (State.NEEDS_ENGINEER, Reason.TURNED_DOWN)
    assert (again.case.reason_text, again.case.attempts) == (
        "The pull request of UTIL-341 was closed without a merge.",
        (),
    )
    again.tell("retry")
    again.heal()
    assert again.case.state is State.PUBLISHED
