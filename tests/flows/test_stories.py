"""The two flows, told from outside: what stands in git, at GitHub, in JIRA and in the ledger when they have ended."""

import base64
import hashlib
import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from factories import make_failure
from flow_desk import GREEN, PASTED, Desk, held_answers
from flow_site import PLANTED, wait_for
from git_site import git
from healer import dsse, receipt
from healer.clients.cases import Cases
from healer.clients.logins import Logins
from healer.contracts import BaseResult, Check, Conclusion, FailureClass, GateMode, LoginOutcome, Reason, State
from localworld.crash.tripwire import Side, Tripwire, Wire
from loopback import NO_TLS

TICKETS = range(101, 140)


def ticket(number: int):
    return pytest.mark.parametrize("desk", [f"UTIL-{number}"], indirect=True)


def diagnosed(desk: Desk, **report: Any) -> dict[str, Any]:
    """Bring a case to its diagnosis; give the flow run that read it."""
    desk.deliver()
    desk.work()
    desk.report(**report)
    return desk.work()[0]


class Healed(NamedTuple):
    """A healing that is over, and the flow runs that read its two reports."""

    desk: Desk
    diagnosed: dict[str, Any]
    published: dict[str, Any]


@pytest.fixture(scope="module")
def healed(world, prefect, hand) -> Healed:
    """Heal a case once for all that is told of a healing: its delivery comes by the front door, into its ticket secrets are pasted."""
    desk = Desk(world["redis_url"], prefect, world["github"], world["jira"], hand, "UTIL-101")
    desk.paste(f"sorry, it is {' or '.join(PASTED)}")
    assert desk.send(summary=PASTED[0], description=PASTED[1])["outcome"] == "opened"
    desk.work()
    desk.report()
    (first,) = desk.work()
    desk.report(**GREEN)
    (second,) = desk.work()
    return Healed(desk, first, second)


def test_broken_importer_is_healed(healed):
    """A red diagnosis becomes a branch, a green gate a pull request and a ticket in review; each exactly once."""
    desk, ended, published = healed
    assert ended["state"]["message"].startswith("UTIL-101: verifying"), ended["state"]["message"]
    assert desk.case.branch == "heal/UTIL-101"
    assert (
        git("log", "-1", "--format=%(trailers:key=Healer-Case,valueonly)", "heal/UTIL-101", cwd=desk.github.bare)
        == "UTIL-101"
    )
    assert git("diff", "--name-only", "main", "heal/UTIL-101", cwd=desk.github.bare) == "lib/gatherers/brightwater.rb"
    assert published["state_type"] == "COMPLETED"
    case = desk.case
    assert (case.state, case.ticket_status, case.awaiting) == (State.PUBLISHED, "In Review", None)
    assert [pull["head"]["ref"] for pull in desk.github.pulls] == ["heal/UTIL-101"]
    assert "table#statements" in desk.github.pulls[0]["body"]
    assert sorted(label["name"] for label in desk.github.pulls[0]["labels"]) == [
        "class:source_changed",
        "importer-healer",
        "importer:brightwater",
    ]
    assert desk.jira.ticket("UTIL-101")["status"] == "In Review"
    (comment,) = (comment for comment in desk.comments() if "Importer Healer" in comment)
    assert f"[#1|{desk.github.pulls[0]['html_url']}]" in comment
    told = [
        "received",
        "ticket_admitted",
        "gate_dispatched",
        "report_received",
        "triaged",
        "patching",
        "patched",
        "pushed",
    ]
    told += [
        "gate_dispatched",
        "report_received",
        "judged",
        "pull_request_opened",
        "published",
        "ticket_moved",
        "ticket_told",
        "receipt_written",
    ]
    assert desk.kinds() == told
    assert desk.ask(lambda redis: redis.exists("healer:hold:brightwater")) == 0


def test_what_is_pasted_in_a_ticket_is_nowhere(healed):
    """Secrets pasted in a ticket's summary, description and comments, and beside its key in the delivery, are in nothing that we write."""
    assert healed.desk.case.state is State.PUBLISHED
    written = healed.desk.everything()
    assert "table#statements" in written
    assert [secret for secret in PASTED if secret in written] == []


def test_receipt_is_shown_where_people_look(healed):
    """The receipt of a healed case holds by the public key, is one comment of the pull request and one file of the ticket."""
    desk = healed.desk
    told = receipt.read(receipt_of(desk)[1])
    assert dsse.is_signed(*receipt_of(desk), dsse.public_keys([dsse.signer(PLANTED["HEALER_RECEIPT_KEYS"]).public]))
    assert list(receipt.findings(told)) == []
    found = told.predicate
    assert (found.state, found.head_sha, found.logins_used) == (State.PUBLISHED, desk.case.head_sha, 0)
    assert found.red
    assert found.green
    assert found.green.sha == found.head_sha
    desk.again(healed.published["id"])
    number = desk.case.pull_request.number
    (comment,) = (comment["body"] for comment in desk.github.comments if comment["number"] == number)
    shown = comment.partition("```json")[2].partition("```")[0]
    assert dsse.opened(shown) == receipt_of(desk)
    assert (
        desk.jira.ticket("UTIL-101")["properties"]["healer.receipt"]["sha256"] == hashlib.sha256(kept(desk)).hexdigest()
    )
    (file,) = desk.jira.ticket("UTIL-101")["attachments"]
    assert file["name"].startswith("receipt-UTIL-101-")
    assert base64.b64decode(file["content"]) == kept(desk)


def kept(desk: Desk) -> bytes:
    return desk.ask(lambda redis: redis.get(f"healer:receipt:{desk.case_id}")).encode()


def receipt_of(desk: Desk):
    return dsse.opened(kept(desk))


@ticket(102)
def test_run_that_is_repeated_finds_nothing_to_do(desk):
    """Running every flow run again changes nothing anywhere."""
    desk.deliver()
    runs = [desk.work()[0]["id"]]
    desk.report(conclusion=Conclusion.FAILURE, failure=make_failure(kind=FailureClass.SOURCE_DOWN), exit_code=4)
    runs.append(desk.work()[0]["id"])
    before = (desk.kinds(), desk.comments(), list(desk.github.writes), desk.case)
    assert before[3].reason is Reason.SITE_DOWN
    assert before[3].next_check is not None
    assert desk.jira.ticket("UTIL-102")["status"] == "Blocked"
    assert [desk.again(run)["state_type"] for run in runs] == ["COMPLETED", "COMPLETED"]
    assert (desk.kinds(), desk.comments(), list(desk.github.writes), desk.case) == before


@ticket(103)
def test_importer_that_works_closes_its_ticket(desk):
    """A green diagnosis needs no branch; the ticket is done, by way of the status from which the workflow leads there."""
    diagnosed(desk, **GREEN)
    assert (desk.case.state, desk.case.reason) == (State.NOT_FIXED, Reason.ALREADY_HEALED)
    assert desk.jira.ticket("UTIL-103")["status"] == "Done"
    assert desk.github.head("heal/UTIL-103") is None


@ticket(104)
def test_red_branch_comes_to_an_end(desk):
    """A branch that stays red gets no pull request: the ticket has branch, runs and reason, and an engineer takes over."""
    diagnosed(desk)
    desk.report()
    assert desk.work()[0]["state_type"] == "COMPLETED"
    assert desk.case.state is State.PATCHING
    desk.work()
    case = desk.case
    assert (case.state, case.reason) == (State.NEEDS_ENGINEER, Reason.SAME_FAILURE)
    assert "heal/UTIL-104" in desk.comments()[0]
    assert "Best candidate: attempt 1, commit" in desk.comments()[0]
    assert not [pull for pull in desk.github.pulls if pull["head"]["ref"] == "heal/UTIL-104"]


def flow_children(runner: int) -> list[int]:
    """Give the processes that execute flow runs: children of the preloaded process, which is the runner's own child."""
    return [child for middle in _children(runner) for child in _children(middle)]


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in threads for child in children.read_text().split()]


def killed_while_held(desk: Desk, runner: int, held_write: str) -> str:
    """Start what is owed, wait for the write, and kill -9 the process that waits for its answer; give the flow run."""
    event = threading.Event()
    with held_answers(desk.github, event):
        (run,) = desk.owed()
        wait_for(lambda: desk.github.writes[-1:] and desk.github.writes[-1].startswith(held_write))
        for child in flow_children(runner):
            os.kill(child, signal.SIGKILL)
        assert desk.prefect.ended(run)["state_type"] == "CRASHED"
    return run


@ticket(105)
def test_kill_between_write_and_record_changes_no_end(desk, world, tmp_path):
    """Killed after a dispatch and after opening a pull request, and run again: one dispatch each, one pull request, one end."""
    desk.hand = None
    desk.deliver()
    with desk.prefect.runner(world["env"], tmp_path / "runner.log") as runner:
        for held in ("dispatch UTIL-105-0", "dispatch UTIL-105-1"):
            run = killed_while_held(desk, runner.pid, held)
            assert desk.again(run)["state_type"] == "COMPLETED"
            desk.report(**({} if held.endswith("0") else GREEN))
        run = killed_while_held(desk, runner.pid, "pull heal/UTIL-105")
        assert desk.again(run)["state_type"] == "COMPLETED"
    assert desk.case.state is State.PUBLISHED
    assert len([write for write in desk.github.writes if "UTIL-105" in write]) == 3
    assert len(desk.comments()) == 1
    assert git("rev-list", "--count", "main..heal/UTIL-105", cwd=desk.github.bare) == "1"


@ticket(110)
def test_kill_between_two_records_tells_of_no_second_pull_request(desk, world, tmp_path):
    """Killed between the record of its pull request and that of its end, and run again: the chain tells of one pull request."""
    diagnosed(desk)
    desk.report(**GREEN)
    desk.hand, behind = None, httpx.URL(world["redis_url"]).port or 0
    with Tripwire(behind) as wire:
        env = {**world["env"], "HEALER_REDIS_URL": f"redis://127.0.0.1:{wire.port}/0"}
        with desk.prefect.runner(env, tmp_path / "runner.log") as runner:
            wire.arm(Wire(b'"kind":"published"', Side.BEFORE))
            (run,) = desk.owed()
            assert wire.tripped.wait(60)
            for child in flow_children(runner.pid):
                os.kill(child, signal.SIGKILL)
            wire.release(drop=True)
            assert desk.prefect.ended(run)["state_type"] == "CRASHED"
            assert desk.again(run)["state_type"] == "COMPLETED"
    assert desk.case.state is State.PUBLISHED
    assert desk.kinds().count("pull_request_opened") == 1


@ticket(106)
def test_jiras_trouble_loses_no_pull_request(desk):
    """While JIRA is down the pull request is there and the run says what is pending; run again, it tells the ticket."""
    diagnosed(desk)
    desk.report(**GREEN)
    desk.jira.fault(match="POST .*/comment", status=401, times=50)
    (run,) = desk.work()
    assert run["state_type"] == "FAILED"
    assert "JIRA" in run["state"]["message"]
    assert (desk.case.state, desk.case.ticket_status) == (State.PUBLISHED, "")
    assert "pending" in desk.kinds()
    httpx.delete(f"{desk.jira.url}/_control/faults", verify=NO_TLS, trust_env=False)
    assert desk.again(run["id"])["state_type"] == "COMPLETED"
    assert (desk.case.ticket_status, desk.jira.ticket("UTIL-106")["status"]) == ("In Review", "In Review")


def wake(desk: Desk) -> None:
    """Let the case's next look be due, and have `reconcile` and what it starts run."""
    case, past = desk.case, datetime.now(UTC) - timedelta(seconds=1)
    assert (case.state, case.reason) == (State.NOT_FIXED, Reason.SITE_DOWN)
    desk.ask(lambda redis: Cases(redis).record(case, "noted", {}, next_check=past))
    assert desk.reconcile()["state_type"] == "COMPLETED"
    desk.work()


def probed(desk: Desk, *, answers: bool) -> None:
    """Report what the awaited probe found: whether the portal's page came. It runs nothing and has no trace."""
    red = {} if answers else {"failure": make_failure(kind=FailureClass.SOURCE_DOWN)}
    found = {"conclusion": Conclusion.SUCCESS if answers else Conclusion.FAILURE, "failure": None, **red}
    desk.report(**found, checks=(Check(name="portal_answers", passed=answers),), exit_code=None, trace=None)
    desk.work()


@ticket(107)
def test_a_portal_that_comes_back_closes_its_ticket(desk):
    """A due look asks for the page alone until it comes; then a green fetch closes the ticket, with one comment."""
    diagnosed(desk, conclusion=Conclusion.FAILURE, failure=make_failure(kind=FailureClass.SOURCE_DOWN), exit_code=4)
    assert desk.reconcile()["state_type"] == "COMPLETED"
    assert "woken" not in desk.kinds()
    wake(desk)
    probed(desk, answers=False)
    assert desk.case.next_check > datetime.now(UTC)
    wake(desk)
    probed(desk, answers=True)
    assert (desk.case.state, desk.kinds()[-1]) == (State.DIAGNOSING, "gate_dispatched")
    desk.report(**GREEN)
    desk.work()
    assert (desk.case.state, desk.case.reason) == (State.NOT_FIXED, Reason.ALREADY_HEALED)
    assert desk.jira.ticket("UTIL-107")["status"] == "Done"
    assert len(desk.comments()) == 1
    sent = [event.data["mode"] for event in desk.events if event.kind == "gate_dispatched"]
    assert sent == ["diagnose", "probe", "probe", "diagnose"]


@ticket(139)
def test_a_stale_diagnosis_is_proved_in_the_heads_own_job(desk):
    """Where the diagnosis is older than an hour, one run fetches with base and head; a base that is green there ends the case healed."""
    desk.deliver()
    desk.work()
    case = desk.case
    long_ago = case.awaiting.model_copy(update={"dispatched_at": datetime.now(UTC) - timedelta(hours=2)})
    desk.ask(lambda redis: Cases(redis).record(case, "aged", {}, awaiting=long_ago))
    desk.report()
    desk.work()
    awaited, base = desk.case.awaiting, desk.github.head("main")
    assert (awaited.mode, awaited.base_sha) == (GateMode.VERIFY, base)
    sent = desk.github.runs[awaited.run_id]["inputs"]
    assert (sent["with_base"], sent["base_sha"]) == ("true", base)
    green = BaseResult(
        sha=base, conclusion=Conclusion.SUCCESS, summary="fetched", checks=GREEN["checks"], exit_code=0, bills=6
    )
    desk.report(**{**GREEN, "conclusion": Conclusion.NEUTRAL, "base": green})
    desk.work()
    assert (desk.case.state, desk.case.reason) == (State.NOT_FIXED, Reason.ALREADY_HEALED)
    assert desk.jira.ticket("UTIL-139")["status"] == "Done"
    assert not [pull for pull in desk.github.pulls if pull["head"]["ref"] == "heal/UTIL-139"]


def no_login(desk: Desk, reason: str, next_at: datetime | None) -> None:
    """Refuse the awaited run its lease as the gateway does, and let it report that it could not judge."""
    refused = {
        "run_id": desk.case.awaiting.run_id,
        "reason": reason,
        "detail": "no login of brightwater-main is released now: 6 of 6 used.",
        "next_at": next_at.isoformat() if next_at else None,
    }
    desk.ask(lambda redis: Cases(redis).note(desk.case_id, "lease_refused", refused))
    desk.report(conclusion=Conclusion.ERROR, failure=None, trace=None)


@ticket(108)
def test_a_branch_that_gets_no_login_waits_for_one(desk):
    """Where the logins are used up the gate is not sent again: the ticket says how they stand, and the case wakes when one is free."""
    diagnosed(desk)
    free = datetime.now(UTC) + timedelta(hours=2)
    no_login(desk, "login_ceiling", free)
    desk.work()
    case = desk.case
    assert (case.state, case.reason) == (State.NOT_FIXED, Reason.LOGINS_SPENT)
    assert abs((case.next_check - free).total_seconds()) < 30
    assert "6 of 6 used" in desk.comments()[0]
    assert len([write for write in desk.github.writes if write.startswith("dispatch UTIL-108")]) == 2


@ticket(109)
def test_a_closed_login_is_for_its_owner(desk):
    """A diagnosis that gets no login because the ref is closed ends as CREDENTIAL, and is made again once its owner has opened the ref."""
    desk.deliver()
    desk.work()
    no_login(desk, "login_closed", None)
    desk.work()
    assert (desk.case.state, desk.case.reason, desk.case.next_check) == (State.NOT_FIXED, Reason.CREDENTIAL, None)
    assert "renew the credential" in desk.comments()[0]
    desk.ask(lambda redis: Logins(redis).close("brightwater-main", LoginOutcome.REFUSED, "UTIL-109"))
    assert desk.reconcile()["state_type"] == "COMPLETED"
    assert "woken" not in desk.kinds()
    desk.ask(lambda redis: Logins(redis).open("brightwater-main"))
    assert desk.reconcile()["state_type"] == "COMPLETED"
    desk.work()
    assert (desk.case.state, desk.kinds().count("woken")) == (State.DIAGNOSING, 1)
    assert desk.reconcile()["state_type"] == "COMPLETED"
    assert desk.kinds().count("woken") == 1


def test_reconcile_runs_by_its_schedule(hand, prefect):
    """Prefect plans the runs of `reconcile`, one every two minutes, without anybody asking."""
    planned = {"flows": {"name": {"any_": ["reconcile"]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    runs = wait_for(lambda: prefect.call("POST", "/flow_runs/filter", {**planned, "sort": "EXPECTED_START_TIME_ASC"}))
    first, second = (datetime.fromisoformat(run["expected_start_time"]) for run in runs[:2])
    assert (second - first, runs[0]["auto_scheduled"]) == (timedelta(minutes=2), True)
