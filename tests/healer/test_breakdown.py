"""What errors mean for their case."""

import pytest

from healer.breakdown import OUTAGE_TRIES, may_pass, reason_of
from healer.contracts import Reason, State
from healer.errors import Conflict, HealerError, Misconfigured, PolicyViolation, UpstreamError


def upstream(service="github", reason="unavailable"):
    return UpstreamError("it does not answer", service=service, reason=reason)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (upstream(), True),
        (upstream(reason="rate_limited"), True),
        (Conflict("changed", reason="case_changed"), True),
        (upstream(reason="unauthorized"), False),
        (upstream("git", "push_refused"), False),
        (Misconfigured("missing", reason="registry"), False),
        (ValueError("a defect"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error, expected):
    """Busy services and lost races pass by themselves; refusals, settings and defects do not."""
    assert may_pass(error) is expected


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (upstream("git", "push_refused"), State.PATCHING, Reason.PUSH_REFUSED),
        (upstream(reason="unauthorized"), State.RECEIVED, Reason.GATE_BROKEN),
        (upstream("git", "unauthorized"), State.PATCHING, Reason.GATE_BROKEN),
        (upstream("git"), State.PATCHING, None),
        (upstream(), State.VERIFIED, None),
        (upstream("jira"), State.RECEIVED, None),
        (upstream("redis", "redis_unavailable"), State.PUSHED, None),
        (PolicyViolation("no", reason="diff_too_large"), State.PATCHING, Reason.PATCH_REFUSED),
        (Misconfigured("missing", reason="registry"), State.TRIAGED, None),
        (HealerError("a defect", reason="defect"), State.PUSHED, None),
    ],
)
def test_case_is_given_up_only_where_nothing_can_go_on(error, state, reason):
    """A refused push and a gate that cannot be run end a case; what can still be done later, a verified case above all, waits."""
    assert reason_of(error, state) is reason


def test_an_outage_of_github_is_waited_out_for_hours_not_for_ever():
    """A case that GitHub keeps waiting is started again, and given up after as many tries as take two hours."""
    assert [reason_of(upstream(), State.PATCHING, tries) for tries in (0, OUTAGE_TRIES - 1, OUTAGE_TRIES)] == [
        None,
        None,
        Reason.GATE_BROKEN,
    ]
