"""The dashboard from outside: an issue that shows the cases, and boxes that command them."""

import pytest

from flow_desk import Desk
from healer.commands import Command
from healer.contracts import State
from healer.dashboard import Box

TICKETS = range(405, 407)
SETTINGS = {"HEALER_GITHUB_COMMAND_TEAM": "acme/keepers", "HEALER_DASHBOARD": "true"}


def board(desk: Desk) -> str:
    """Give the dashboard's text after a round of `reconcile`."""
    assert desk.reconcile()["state_type"] == "COMPLETED"
    (issue,) = desk.github.issues
    return issue["body"]


@pytest.mark.parametrize("desk", ["UTIL-405"], indirect=True)
def test_a_box_commands_for_members_of_the_team_alone(desk):
    """A stranger's tick is answered and cleared and nothing else; a member's is obeyed; one that is ticked no more is not."""
    stop = Box(command=Command.STOP, case="UTIL-405").line(ticked=False)
    desk.deliver()
    desk.work()
    assert stop in board(desk)
    desk.tick("mallory", stop)
    assert {run["state_type"] for run in desk.work()} == {"COMPLETED"}
    assert (desk.case.state, stop in desk.github.issues[0]["body"]) == (State.DIAGNOSING, True)
    assert "last box: stop by `mallory`, not allowed" in board(desk)
    desk.tick("alice", stop)
    desk.github.issues[0]["body"] = desk.github.issues[0]["body"].replace("[x]", "[ ]")
    desk.work()
    assert (desk.case.state, desk.events[-1].data.get("outcome")) == (State.DIAGNOSING, "gone")
    desk.tick("alice", stop)
    desk.work()
    assert desk.case.state is State.STOPPED
    retry = Box(command=Command.RETRY, case="UTIL-405").line(ticked=False)
    assert "### With people (1)" in board(desk)
    desk.tick("bob", retry)
    desk.work()
    desk.work()
    assert desk.case.state is State.DIAGNOSING
