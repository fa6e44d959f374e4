"""Names of a case's work in git and at the gate."""

import subprocess
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from factories import NOW, make_case, make_failure, make_run
from healer.contracts import Attempt, Conclusion, Correlation, Diagnosis, GateMode, Verdict
from healer.guard import POLICY_VERSION
from healer.push import branch_name, commit_message, correlation, inputs

FILES = ("lib/gatherers/brightwater.rb",)


def a_diagnosed_case(**failure):
    verdict = Verdict(conclusion=Conclusion.FAILURE, why="red")
    return make_case(diagnosis=Diagnosis(run=make_run(), verdict=verdict, failure=make_failure(**failure)))


def test_case_has_one_branch():
    """The branch is named by the ticket alone."""
    assert branch_name("UTIL-101") == "heal/UTIL-101"


@given(st.integers(0, 999), st.integers(0, 999))
def test_correlation_is_a_function_of_case_and_attempt(one, other):
    """The same attempt gives the same word, another attempt another one, and GitHub takes it."""
    words = correlation(make_case(), one), correlation(make_case(), other)
    assert (words[0] == words[1]) == (one == other)
    assert TypeAdapter(Correlation).validate_python(words[0]).startswith(f"UTIL-101-{one}-")


def test_reopened_case_finds_no_old_run():
    """A case opened anew has other correlations."""
    assert correlation(make_case(), 1) != correlation(make_case(opened_at=NOW + timedelta(seconds=1)), 1)


def test_inputs_are_texts():
    """All inputs of the dispatch are texts, as GitHub demands; that of the base is there where it is wanted alone."""
    sent = inputs(make_case(), 2, GateMode.VERIFY, "a" * 40)
    assert set(sent) == {"case", "attempt", "mode", "importer", "base_sha", "correlation"}
    assert all(isinstance(value, str) for value in sent.values())
    assert (sent["attempt"], sent["mode"]) == ("2", "verify")
    assert inputs(make_case(), 2, GateMode.VERIFY, "a" * 40, with_base=True) == {**sent, "with_base": "true"}


def test_git_reads_the_trailers():
    """Git itself finds the trailers by which a lost case is recovered."""
    message = commit_message(a_diagnosed_case(), Attempt(number=2), FILES, "3")
    found = subprocess.run(
        ["/usr/bin/git", "interpret-trailers", "--parse"], input=message, capture_output=True, text=True, check=True
    ).stdout
    expected = ["Healer-Case: UTIL-101", "Healer-Attempt: 2", "Healer-Prompt-Version: 3"]
    expected += [f"Healer-Policy-Version: {POLICY_VERSION}", "Healer-Gate-Run: 7001"]
    assert found.splitlines() == expected


@given(st.text(), st.text())
def test_message_holds_no_foreign_text(selector, diagnosis):
    """Neither the portal's nor the agent's words reach the message, so no command of JIRA or GitHub can be smuggled in."""
    plain = commit_message(a_diagnosed_case(), Attempt(number=2), FILES, "3")
    foreign = commit_message(
        a_diagnosed_case(selector=selector, message=selector),
        Attempt(number=2, diagnosis=diagnosis, changes=(diagnosis,)),
        FILES,
        "3",
    )
    assert foreign == plain
