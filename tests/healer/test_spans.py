"""Rules of a case's trace: ids that follow from the case, and facts that are ours."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case, make_failure, make_report
from healer import spans
from healer.contracts import Conclusion, FailureClass, GateMode


@given(st.text(min_size=1), st.text(min_size=1))
def test_ids_follow_from_case_and_key_alone(case, key):
    """Whoever tells something of a case has the same trace; ids have the sizes of W3C's trace context and are never zero."""
    assert spans.trace_id(case) == spans.trace_id(case)
    assert 0 < spans.trace_id(case) < 2**128
    assert 0 < spans.span_id(case, key) < 2**64
    assert spans.span_id(case, key) != spans.span_id(case, key + "x")
    assert spans.trace_id(case) != spans.trace_id(case + "x")


def test_ids_are_those_that_were_told_before():
    """An upgrade leaves a case's trace where it is."""
    assert f"{spans.trace_id('UTIL-101'):032x}" == "438e06463b843a2e4e950b563fc22046"
    assert f"{spans.span_id('UTIL-101', spans.ROOT):016x}" == "8b97a626a5abdfc7"


@pytest.mark.parametrize(("outcome", "first"), [("opened", True), ("queued", True), ("attached", False)])
def test_the_delivery_that_opens_the_case_is_the_first_span(outcome, first):
    """All else stands under it, also another delivery of the ticket."""
    span = spans.delivery(make_case(), "wk-1", outcome, NOW, NOW + timedelta(milliseconds=5))
    assert (span.key == spans.ROOT, span.parent is None) == (first, first)


def test_a_gate_run_says_how_it_ended_and_where_its_time_went():
    """Conclusion, failure's kind, counts and milliseconds by part; nothing that a page, a log or a bill says."""
    failure = make_failure(kind=FailureClass.SOURCE_CHANGED, message="Mrs Hart owes 17.40")
    report = make_report(
        mode=GateMode.VERIFY, failure=failure, summary="Mrs Hart", log_tail="Mrs Hart", timings_ms={"container": 1200}
    )
    span = spans.gate(report)
    assert (span.name, span.well, span.parent) == ("gate verify", False, spans.ROOT)
    assert (span.facts["healer.failure"], span.facts["healer.ms.container"]) == ("source_changed", 1200)
    assert "Hart" not in str(span)
    green = make_report(conclusion=Conclusion.SUCCESS, failure=None)
    assert spans.gate(green).well
    assert spans.gate(green).key == span.key
