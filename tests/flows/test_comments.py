"""People's comments on a pull request, told from outside: what a case does, and what GitHub shows below the comment."""

import pytest

from flow_desk import GREEN, Desk
from healer.contracts import State

SETTINGS = {"HEALER_GITHUB_COMMAND_TEAM": "acme/keepers"}


@pytest.fixture
def healed(desk: Desk) -> Desk:
    """Give a desk whose case is published."""
    desk.deliver()
    desk.work()
    desk.report()
    desk.work()
    desk.report(**GREEN)
    desk.work()
    assert desk.case.state is State.PUBLISHED
    return desk


def answers(desk: Desk, comment: dict) -> list[str]:
    """Give what the healer wrote below a comment."""
    marker = f"<!-- importer-healer:answer:{comment['id']} -->"
    return [c["body"] for c in desk.github.comments if c["body"].startswith(marker)]


@pytest.mark.parametrize("desk", ["UTIL-114"], indirect=True)
def test_members_comments_are_obeyed_and_nobody_elses(healed):
    """Strangers get a thumb down; a member is answered, told why not, or obeyed; each comment once."""
    stranger, unclear, refused, asked = (
        healed.say("mallory", "/healer retry"),
        healed.say("alice", "/healer make tea"),
        healed.say("alice", "/healer stop"),
        healed.say("bob", "/healer explain\n\nsince I was away"),
    )
    assert {run["state_type"] for run in healed.work()} == {"COMPLETED"}
    assert [comment["reactions"] for comment in (stranger, unclear, refused, asked)] == [
        ["-1"],
        ["confused"],
        ["confused"],
        ["+1"],
    ]
    assert (answers(healed, stranger), healed.case.state) == ([], State.PUBLISHED)
    assert "budget +N" in answers(healed, unclear)[0]
    assert "the case has ended (published)" in answers(healed, refused)[0]
    assert "UTIL-114: brightwater is published" in answers(healed, asked)[0]
    retried = healed.say("alice", "/healer retry the amount is the old balance")
    ended = healed.work()
    assert (retried["reactions"], healed.case.state, healed.case.hint) == (
        ["+1"],
        State.RECEIVED,
        "the amount is the old balance",
    )
    command = next(run for run in ended if run["name"].startswith("command-"))
    healed.again(command["id"])
    assert healed.kinds().count("retried") == 1
    healed.work()
    assert healed.case.state is State.DIAGNOSING
    healed.report()
    healed.work()
    healed.report(**GREEN)
    healed.work()
    assert (healed.case.state, len([p for p in healed.github.pulls if p["head"]["ref"] == "heal/UTIL-114"])) == (
        State.PUBLISHED,
        1,
    )
