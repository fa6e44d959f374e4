"""People's commands, told from outside: what stands in git, at GitHub, in JIRA and in the ledger after a person steps in."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flow_desk import GREEN, Desk, held_answers
from flow_github import GitHubWire
from flow_site import wait_for
from git_site import git
from healer.contracts import Reason, RunRequest, State

# Tickets from 121 on: Prefect knows the runs of the other stories' tickets by their keys.
SETTINGS = {"HEALER_MAX_ATTEMPTS": "1"}


def ticket(number: int):
    return pytest.mark.parametrize("desk", [f"UTIL-{number}"], indirect=True)


def writes_of(desk: Desk) -> list[str]:
    """Give what was written at GitHub for the case."""
    return [write for write in desk.github.writes if desk.case_id in write]


def other(desk: Desk, number: int) -> Desk:
    """Give a desk of the same world with another ticket."""
    return replace(desk, case_id=f"UTIL-{number}")


@ticket(121)
def test_stop_between_two_runs_has_no_later_effect_and_calls_who_waits(desk):
    """No push and no dispatch follow; the ticket says who and why, the importer is free, and the next case goes on."""
    waiting = other(desk, 122)
    desk.deliver()
    desk.work()
    waiting.deliver()
    waiting.work()
    assert waiting.case.state is State.QUEUED
    desk.report()
    assert desk.tell("stop", reason="the portal is rebuilt")["state"] == "stopped"
    before = writes_of(desk)
    assert {run["state_type"] for run in desk.work()} == {"COMPLETED"}
    assert (desk.case.state, desk.github.head("heal/UTIL-121"), writes_of(desk)) == (State.STOPPED, None, before)
    assert "Stopped by alice: the portal is rebuilt" in desk.comments()[0]
    assert (len(desk.comments()), desk.kinds().count("ticket_told")) == (1, 1)
    assert desk.jira.ticket("UTIL-121")["status"] == "To Do"
    assert "called" in waiting.kinds()
    waiting.work()
    assert waiting.case.state is State.DIAGNOSING
    waiting.tell("stop")
    waiting.work()
    assert desk.ask(lambda redis: redis.exists("healer:hold:brightwater")) == 0


@ticket(123)
def test_stop_during_a_dispatch_leaves_a_run_that_nobody_awaits(desk):
    """The dispatch that was on its way is not recorded, so it gets no login; a retry diagnoses with a number of its own."""
    desk.deliver()
    event = threading.Event()
    with held_answers(desk.github, event):
        (run,) = desk.owed()
        wait_for(lambda: writes_of(desk))
        desk.tell("stop")
    assert desk.prefect.ended(run)["state_type"] == "COMPLETED"
    desk.work()
    assert (desk.case.state, desk.case.awaiting) == (State.STOPPED, None)
    assert len(writes_of(desk)) == 1
    assert desk.tell("retry", hint="look at the table")["state"] == "received"
    desk.work()
    assert (desk.case.state, desk.case.hint) == (State.DIAGNOSING, "look at the table")
    correlations = [write.split()[1] for write in writes_of(desk)]
    assert [correlation[:11] for correlation in correlations] == ["UTIL-123-0-", "UTIL-123-1-"]
    assert "let the healer begin again" in desk.comments()[0]
    desk.report(**GREEN)
    desk.work()
    assert (desk.case.reason, len(desk.comments())) == (Reason.ALREADY_HEALED, 1)
    assert desk.kinds().count("ticket_told") == 2


@ticket(113)
def test_two_runs_of_a_case_dispatch_once(desk):
    """While GitHub does not show yet what one has dispatched, the other waits; then it finds the dispatch on record."""
    desk.deliver()
    with held_answers(desk.github, threading.Event()):
        (first,) = desk.owed()
        wait_for(lambda: writes_of(desk))
        second = desk.prefect.start(RunRequest(flow="heal", case=desk.case_id, again=1))
        desk.due(second)
        wait_for(lambda: desk.prefect.run(second)["state_type"] == "RUNNING")
        time.sleep(1)
    assert {desk.prefect.ended(run)["state_type"] for run in (first, second)} == {"COMPLETED"}
    assert (len(writes_of(desk)), desk.kinds().count("gate_dispatched")) == (1, 1)
    desk.tell("stop")
    desk.work()


@contextlib.contextmanager
def held_push(github: GitHubWire) -> Iterator[Path]:
    """Hold back pushes on the server's side; gives the file that appears when one has come."""
    hook, come, go = (github.bare / name for name in ("hooks/pre-receive", "come", "go"))
    hook.write_text(f'#!/bin/sh\ntouch "{come}"\nwhile [ ! -e "{go}" ]; do sleep 0.05; done\n')
    hook.chmod(0o755)
    try:
        yield come
    finally:
        go.touch()


@ticket(124)
def test_stop_during_a_push_dispatches_nothing_and_knows_its_branch_again(desk):
    """What was pushed meanwhile is on record and nothing follows; a retry builds on it and comes to its pull request."""
    desk.deliver()
    desk.work()
    desk.report()
    with held_push(desk.github) as come:
        (run,) = desk.owed()
        wait_for(come.exists)
        desk.tell("stop")
    desk.prefect.ended(run)
    (desk.github.bare / "hooks/pre-receive").unlink()
    desk.work()
    case, head = desk.case, desk.github.head("heal/UTIL-124")
    assert (case.state, case.head_sha, case.branch) == (State.STOPPED, head, "heal/UTIL-124")
    assert len(writes_of(desk)) == 1
    desk.tell("retry")
    desk.work()
    desk.report()
    desk.work()
    assert desk.case.state is State.VERIFYING, desk.case.reason_text
    desk.report(**GREEN)
    desk.work()
    assert desk.case.state is State.PUBLISHED
    assert git("rev-parse", "heal/UTIL-124~1", cwd=desk.github.bare) == head


@ticket(125)
def test_taken_case_is_left_alone_until_it_is_released(desk):
    """While a person has the case its report starts nothing; released, it is diagnosed anew, and a branch of that person's stays."""
    desk.deliver()
    desk.work()
    desk.tell("take")
    desk.report()
    desk.work()
    before = writes_of(desk)
    assert (desk.case.state, len(before)) == (State.TAKEN, 1)
    assert "Taken by alice." in desk.comments()[0]
    alice = ("-c", "user.name=alice", "-c", "user.email=alice@acme.example")
    hers = git(*alice, "commit-tree", "main^{tree}", "-p", "main", "-m", "By hand", cwd=desk.github.bare)
    git("update-ref", "refs/heads/heal/UTIL-125", hers, cwd=desk.github.bare)
    desk.tell("release")
    desk.work()
    assert (desk.case.state, len(writes_of(desk))) == (State.DIAGNOSING, 2)
    desk.report()
    desk.work()
    assert (desk.case.state, desk.case.reason) == (State.NEEDS_ENGINEER, Reason.PUSH_REFUSED)
    assert desk.github.head("heal/UTIL-125") == hers


@ticket(126)
def test_budget_allows_another_attempt(desk):
    """Where one attempt is the limit a red one ends the case; with one more allowed there is another."""
    desk.deliver()
    desk.work()
    desk.report()
    desk.work()
    assert desk.tell("budget", attempts=1)["extra_attempts"] == 1
    desk.report()
    desk.work()
    assert desk.case.state is State.PATCHING
    desk.work()
    assert desk.case.reason is Reason.SAME_FAILURE
    assert desk.tell("retry")["state"] == "received"
    desk.work()
    desk.report()
    desk.work()
    assert desk.case.state is State.VERIFYING, "what failed before the retry is not counted"
    desk.tell("stop")
    desk.work()


@ticket(127)
def test_one_attempt_is_the_limit_without_a_budget(desk):
    """The settings' number holds where nobody allowed more."""
    desk.deliver()
    desk.work()
    desk.report()
    desk.work()
    desk.report()
    desk.work()
    assert (desk.case.state, desk.case.reason) == (State.NEEDS_ENGINEER, Reason.ATTEMPTS_SPENT)


@ticket(128)
def test_run_of_before_a_retry_changes_nothing(desk):
    """The gate run of a stopped case is cancelled; a flow run of before the retry does not dispatch with its old number."""
    desk.deliver()
    (run,) = desk.work()
    gate = desk.case.awaiting
    desk.tell("stop")
    desk.work()
    assert gate
    assert desk.github.runs[gate.run_id]["conclusion"] == "cancelled"
    assert f"*Gate:* [run {gate.run_id}|{gate.url}] was cancelled." in desk.comments()[0]
    desk.tell("retry")
    before = writes_of(desk)
    assert desk.again(run["id"])["state_type"] == "COMPLETED"
    assert (desk.case.state, writes_of(desk)) == (State.RECEIVED, before)
    desk.work()
    assert desk.case.state is State.DIAGNOSING
