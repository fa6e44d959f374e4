"""Waiting for a service that says "later"."""

import time

import pytest

from healer.clients.patience import LEAST_S, RATE_LIMITED, asked_wait, patiently
from healer.errors import UpstreamError


def limited(wait):
    error = UpstreamError("later", service="x", reason=RATE_LIMITED)
    error.retry_after = wait
    return error


def steps(*outcomes):
    """Give a step that fails with each error in turn, then answers; and the count of its passes."""
    left, passes = list(outcomes), []

    def step():
        passes.append(1)
        if left:
            raise left.pop(0)
        return "done"

    return step, passes


def test_the_step_runs_again_after_the_wait_that_was_asked_for():
    """A wait is kept, then the whole step runs again."""
    step, passes = steps(limited(0.3))
    began = time.monotonic()
    assert patiently(step, 5) == "done"
    assert (len(passes), time.monotonic() - began >= 0.3) == (2, True)


@pytest.mark.parametrize(("wait", "limit"), [(3600, 60), (None, 1)])
def test_a_wait_beyond_the_limit_is_not_begun(wait, limit):
    """Where the wait is longer than what is left, the error is raised at once."""
    step, passes = steps(limited(wait))
    began = time.monotonic()
    with pytest.raises(UpstreamError):
        patiently(step, limit)
    assert (len(passes), time.monotonic() - began < 1) == (1, True)


def test_a_service_that_says_now_for_ever_is_given_up():
    """`Retry-After: 0` without end neither loops busily nor for ever."""
    step, passes = steps(*[limited(0.0) for _ in range(1000)])
    with pytest.raises(UpstreamError):
        patiently(step, LEAST_S * 3)
    assert len(passes) == 3


def test_every_other_error_is_raised_at_once():
    """Only a rate limit is waited for."""
    step, passes = steps(UpstreamError("down", service="x", reason="unavailable"))
    with pytest.raises(UpstreamError):
        patiently(step, 60)
    assert len(passes) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), (None, None), ("", None), ("Tue, 24 Nov 2026 10:00:00 GMT", None), ("-1", None)],
)
def test_only_seconds_are_read(header, seconds):
    """A `Retry-After` in seconds is read; a date or nonsense counts as none."""
    assert asked_wait(header) == seconds
