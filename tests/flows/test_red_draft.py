"""A case that ended red, where a team wants to see its best candidate as a draft."""

import pytest

from flow_desk import Desk
from healer.contracts import Reason, State

TICKETS = range(407, 409)
SETTINGS = {"HEALER_DRAFT_ON_RED": "true"}


@pytest.mark.parametrize("desk", ["UTIL-407"], indirect=True)
def test_a_red_end_shows_its_best_candidate_as_a_draft_and_nothing_more(desk: Desk):
    """There is one draft that says that it is red, on the candidate's commit; the ticket points to it, and nobody is asked for a review."""
    desk.deliver()
    desk.work()
    for _ in range(2):
        desk.report()
        desk.work()
        desk.work()
    case = desk.case
    assert (case.state, case.reason) == (State.NEEDS_ENGINEER, Reason.SAME_FAILURE)
    (pull,) = desk.github.pulls
    assert (pull["draft"], pull["title"]) == (True, "UTIL-407: RED, brightwater is not healed")
    assert "importer-healer:red" in {label["name"] for label in pull["labels"]}
    assert "asked" not in pull
    assert pull["body"].startswith("### Not healed (SAME_FAILURE)")
    assert desk.github.head("heal/UTIL-407") == case.head_sha == case.attempts[0].head_sha
    assert "A draft pull request shows the best candidate" in desk.comments()[0]
    assert "Best candidate: attempt 1" in desk.comments()[0]
    desk.look()
    assert (len(desk.github.pulls), desk.kinds().count("red_draft_opened")) == (1, 1)
