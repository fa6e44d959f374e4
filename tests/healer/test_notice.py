"""What the ticket is told."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case, make_failure, make_importer, make_run
from healer.called_off import GATE_CALLED_OFF
from healer.chain import link
from healer.contracts import Attempt, Conclusion, Diagnosis, PullRequest, Reason, State, Verdict
from healer.notice import REASONS, STATES, Statuses, comment, is_told, target_status
from healer.publish import Addresses

ADDRESSES = Addresses(
    case="https://healer.example/v1/cases/UTIL-101",
    ticket="https://jira.example/x",
    prefect="https://prefect.example/runs",
)
STATUSES = Statuses(review="In Review", waiting="Blocked", done="Done")
NOT_FIXED = (
    Reason.SITE_DOWN, Reason.CREDENTIAL, Reason.MFA, Reason.CAPTCHA, Reason.ANTI_BOT, Reason.NO_NEW_BILL, Reason.AMBIGUOUS,
)  # fmt: skip


def a_failed_case(**fields):
    red = Verdict(conclusion=Conclusion.FAILURE, why="red")
    run = make_run(run_id=7002, url="https://github.example/runs/7002")
    attempts = (Attempt(number=1, refusals=("path: no",)), Attempt(number=2, run=run, verdict=red))
    diagnosis = Diagnosis(run=make_run(), verdict=red, failure=make_failure())
    return make_case(
        **{
            "state": State.NEEDS_ENGINEER,
            "reason": Reason.ATTEMPTS_SPENT,
            "branch": "heal/UTIL-101",
            "attempts": attempts,
            "diagnosis": diagnosis,
            **fields,
        }
    )


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_an_owner_and_a_next_step(reason):
    """No outcome leaves a reader to ask what it means, who acts and what comes next."""
    text = comment(make_case(state=State.NEEDS_ENGINEER, reason=reason), make_importer(), ADDRESSES)
    assert REASONS[reason].what in text
    assert re.search(r"^\*Who acts:\* \S", text, re.MULTILINE)
    assert re.search(r"^\*What next:\* \S", text, re.MULTILINE)
    assert "{owner}" not in text


@pytest.mark.parametrize("state", list(STATES))
def test_every_good_end_has_its_own_words(state):
    """A pull request, a branch, an observation and a queue are told apart."""
    assert STATES[state].what in comment(make_case(state=state), make_importer(), ADDRESSES)


def test_the_two_queues_are_told_apart():
    """A case that is over a limit waits in the line; one that is queued without a reason waits for its importer."""
    waiting = {"state": State.QUEUED, "reason": Reason.OVER_LIMIT, "reason_text": "As many cases are open as may be."}
    in_line, behind = (
        comment(make_case(**fields), make_importer(), ADDRESSES) for fields in (waiting, {"state": State.QUEUED})
    )
    assert "waits in the line" in in_line
    assert "Another case is healing the same importer" in behind


def test_unhealed_case_names_branch_and_evidence():
    """An engineer finds the branch, the red run of each attempt, and why one was refused."""
    text = comment(a_failed_case(), make_importer(), ADDRESSES)
    assert "* Branch: {{heal/UTIL-101}}" in text
    assert "* Gate on the base branch: [run 7001|" in text
    assert "* Attempt 1: path: no" in text
    assert "* Attempt 2: [run 7002|https://github.example/runs/7002], failure" in text


def test_unhealed_case_names_its_best_candidate():
    """Of several attempts an engineer is told which one to begin with, and where it lies."""
    tried = [Attempt(number=n, diff="-a\n+b", head_sha=str(n) * 40, checks_passed=3 - n) for n in (1, 2)]
    pushed, refused = (
        comment(a_failed_case(attempts=attempts), make_importer(), ADDRESSES)
        for attempts in (tried, [Attempt(number=1, diff="-a\n+b", refusals=("mode: a.rb no",))])
    )
    assert (
        "* Best candidate: attempt 1, commit {{111111111111}} of the branch (2 checks held, 2 lines changed)" in pushed
    )
    assert "* Best candidate: attempt 1, refused; the case keeps its diff (2 lines changed)" in refused
    assert "Best candidate" not in comment(a_failed_case(), make_importer(), ADDRESSES)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("cancelled", "was cancelled"),
        ("ended", "had ended already"),
        ("forbidden", "could not be cancelled (forbidden)"),
    ],
)
def test_stopped_case_says_what_became_of_its_gate_run(outcome, words):
    """Whoever stops a case reads whether the run that was under way goes on; an event about another run says nothing."""
    run = make_run()
    called = link(None, NOW, GATE_CALLED_OFF, {"run_id": run.run_id, "run_attempt": 1, "outcome": outcome})
    text = comment(make_case(state=State.STOPPED, awaiting=run), make_importer(), ADDRESSES, [called])
    assert f"*Gate:* [run {run.run_id}|{run.url}] {words}" in text
    other = make_run(run_id=run.run_id + 1)
    assert "*Gate:*" not in comment(
        make_case(state=State.STOPPED, awaiting=other), make_importer(), ADDRESSES, [called]
    )


def test_published_case_links_its_pull_request():
    """The comment leads to the pull request."""
    pull = PullRequest(number=5, url="https://github.example/pull/5", state="open", head_sha="b" * 40)
    text = comment(make_case(state=State.PUBLISHED, pull_request=pull), make_importer(), ADDRESSES)
    assert "[#5|https://github.example/pull/5]" in text


@pytest.mark.parametrize(
    ("fields", "stands", "there"),
    [
        ({"state": State.PUBLISHED}, "open", True),
        ({"state": State.CLOSED_UNMERGED}, "closed", True),
        ({"state": State.MERGED}, "merged", False),
        ({"state": State.SUPERSEDED, "reason": Reason.NEWER_CASE}, "closed", False),
        ({"state": State.NOT_FIXED, "reason": Reason.ALREADY_HEALED}, "closed", False),
    ],
)
def test_a_branch_is_named_while_it_is_there(fields, stands, there):
    """A merged change's branch is gone, and so is that of a pull request which the healer closed itself."""
    pull = PullRequest(number=5, url="https://github.example/pull/5", state=stands, head_sha="b" * 40)
    text = comment(make_case(branch="heal/UTIL-101", pull_request=pull, **fields), make_importer(), ADDRESSES)
    assert ("* Branch: {{heal/UTIL-101}}" in text) is there
    assert ("closed: the importer works without it" in text) is (fields.get("reason") is Reason.ALREADY_HEALED)


def test_wake_up_is_announced():
    """Where we look again by ourselves, the ticket says when."""
    assert "2026-11-24 10:00 UTC" in comment(a_failed_case(next_check=NOW), make_importer(), ADDRESSES)


def test_ticket_goes_where_its_next_reader_looks():
    """Review for a pull request, waiting for what is not ours, done for what healed itself; engineers sort their own queue."""
    assert target_status(make_case(state=State.PUBLISHED), STATUSES) == "In Review"
    assert {target_status(make_case(state=State.NOT_FIXED, reason=r), STATUSES) for r in NOT_FIXED} == {"Blocked"}
    assert target_status(make_case(state=State.NOT_FIXED, reason=Reason.ALREADY_HEALED), STATUSES) == "Done"
    assert target_status(a_failed_case(), STATUSES) is None
    assert target_status(a_failed_case(reason=Reason.NOT_CONFIRMED), STATUSES) == "Blocked"


def test_a_superseded_ticket_is_in_review_whether_or_not_its_case_was_told_before():
    """A case that another one supersedes before its ticket was told of its pull request ends as all such do; people's moves are left."""
    untold = make_case(state=State.SUPERSEDED, reason=Reason.NEWER_CASE)
    assert target_status(untold, STATUSES) == "In Review"
    assert target_status(untold.model_copy(update={"ticket_status": "In Review"}), STATUSES) is None


def test_importer_without_an_owner_is_somebodys():
    """A ticket about an unknown importer has an owner as well."""
    text = comment(make_case(state=State.NEEDS_ENGINEER, reason=Reason.UNKNOWN_IMPORTER), None, ADDRESSES)
    assert "whoever wrote the ticket" in text


@given(st.text(max_size=400))
def test_evidence_cannot_act(words):
    """Whatever the evidence says, no macro, mention, image or foreign link appears in the comment."""
    hostile = words + " {html} [~admin] !https://evil.example/i.png! [x|https://evil.example]"
    text = comment(a_failed_case(reason_text=hostile), make_importer(), ADDRESSES)
    assert not re.search(r"(?<!\\)\{html|(?<!\\)\[~|(?<!\\)!|://evil", text)


@pytest.mark.parametrize("state", [State.STOPPED, State.TAKEN])
def test_ticket_says_who_took_the_healer_off(state):
    """Who stopped or took a case, and why, stands on the ticket as a note."""
    text = comment(make_case(state=state, reason_text="Stopped by alice: rebuilt"), make_importer(), ADDRESSES)
    assert "*Note:* Stopped by alice: rebuilt" in text
    assert "*Evidence:*" not in text
    assert target_status(make_case(state=state), STATUSES) is None


def test_ticket_of_a_case_that_was_begun_again_does_not_speak_of_its_old_end():
    """While the healer works again the ticket says so; a case at work for the first time tells nothing."""
    again = make_case(state=State.DIAGNOSING, first=3)
    assert is_told(again)
    assert "let the healer begin again" in comment(again, make_importer(), ADDRESSES)
    assert not is_told(make_case(state=State.DIAGNOSING))
