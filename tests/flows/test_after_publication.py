"""After publication, told from outside: people's comments, a merge, and what production makes of it."""

import pytest

from flow_desk import GREEN, Desk
from healer.contracts import State

SETTINGS = {"HEALER_GITHUB_COMMAND_TEAM": "acme/keepers"}


@pytest.fixture(scope="module")
def healed(world, prefect, hand) -> Desk:
    """Give a desk whose case is published; each rule leaves it so, or is the last."""
    desk = Desk(world["redis_url"], prefect, world["github"], world["jira"], hand, "UTIL-114")
    desk.deliver()
    desk.heal()
    assert desk.case.state is State.PUBLISHED
    return desk


def answers(desk: Desk, comment: dict) -> list[str]:
    """Give what the healer wrote below a comment."""
    marker = f"<!-- importer-healer:answer:pull:{comment['id']} -->"
    return [c["body"] for c in desk.github.comments if c["body"].startswith(marker)]


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


def test_merge_is_followed_until_production_has_proved_it(healed):
    """A merge deletes the branch; old code proves nothing; a good fetch with the merge closes the ticket, with what was missed."""
    old = healed.github.head("main")
    merge = healed.merge()
    healed.work()
    assert (healed.case.state, healed.github.head("heal/UTIL-114")) == (State.MERGED, None)
    assert healed.jira.ticket("UTIL-114")["status"] == "In Review"
    healed.fetched("failed", old)
    healed.work()
    assert healed.case.state is State.MERGED
    healed.fetched("fetched", merge)
    healed.work()
    assert (healed.case.state, healed.jira.ticket("UTIL-114")["status"]) == (State.CONFIRMED, "Done")
    assert "production has fetched with it" in healed.comments()[0]
    assert "1 period of 1 account to fetch again" in healed.comments()[0]
    names = sorted(
        one["name"].partition("UTIL-114")[0] + one["name"][-4:] for one in healed.jira.ticket("UTIL-114")["attachments"]
    )
    assert names == ["backfill-.csv", "backfill-json", "receipt-json"]
    assert healed.kinds().count("backfill_listed") == 1
    assert healed.kinds()[-1] == "receipt_written"
