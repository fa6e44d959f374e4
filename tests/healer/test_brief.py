"""What an agent is told."""

import pytest

from factories import make_case, make_failure, make_importer, make_report
from healer.brief import write_brief
from healer.contracts import Attempt, Trace
from healer.errors import Rejected


def test_a_brief_tells_the_failure_and_what_both_fetches_saw():
    """Failure, trace and last good trace of the report are in the brief."""
    report, good = make_report(), Trace(importer="brightwater")
    told = write_brief(make_case(), make_importer(), report, good, 1, "7")
    assert (told.failure, told.now, told.last_good, told.attempt, told.prompt_version) == (
        report.failure,
        report.trace,
        good,
        1,
        "7",
    )


def test_earlier_attempts_are_evidence_where_they_taught_something():
    """Refused and red attempts are told with their diff; one without an end is not."""
    refused = Attempt(number=1, diff="a", refusals=("protected: Gemfile",))
    red = Attempt(number=2, diff="b", failure=make_failure())
    told = write_brief(
        make_case(attempts=(refused, red, Attempt(number=3))), make_importer(), make_report(), None, 4, "1"
    )
    assert [(one.attempt, one.diff, bool(one.refusals), bool(one.failure)) for one in told.evidence] == [
        (1, "a", True, False),
        (2, "b", False, True),
    ]


def test_without_a_trace_the_agent_sees_none():
    """A report without a trace gives a brief with an empty one."""
    assert write_brief(make_case(), make_importer(), make_report(trace=None), None, 1, "1").now.pages == {}


def test_a_report_without_a_failure_is_no_reason_for_a_brief():
    """Where nothing failed there is nothing to mend."""
    with pytest.raises(Rejected, match="no_failure"):
        write_brief(make_case(), make_importer(), make_report(failure=None), None, 1, "1")


def test_a_persons_hint_is_told():
    """What a person said when the case was begun again reaches the agent."""
    assert write_brief(make_case(hint="the footer"), make_importer(), make_report(), None, 1, "1").hint == "the footer"
