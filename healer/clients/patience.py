"""Waiting for a service that says "later": as long as it asks for, within a limit, and the whole step again."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from healer.errors import UpstreamError

RATE_LIMITED: Final = "rate_limited"
UNASKED_S: Final = 2.0
"""Wait where the service names none."""
LEAST_S: Final = 0.25
"""Shortest first wait, whatever the service names; it doubles each time, so that "now" never becomes a busy loop."""

T = TypeVar("T")


def patiently(step: Callable[[], T], limit_s: float) -> T:
    """Run a step; where it is rate-limited, wait and run it again from its beginning, at most `limit_s` of waiting in all.

    A step that writes must look first, because an earlier pass may have written.

    Raises: UpstreamError of the last pass.
    """
    left, least = limit_s, LEAST_S
    while True:
        try:
            return step()
        except UpstreamError as error:
            wait = max(UNASKED_S if error.retry_after is None else error.retry_after, least)
            if error.reason != RATE_LIMITED or wait > left:
                raise
        left, least = left - wait, least * 2
        time.sleep(wait)


def asked_wait(header: str | None) -> float | None:
    """Read a `Retry-After` header in seconds; a date (RFC 9110 §10.2.3 allows one) counts as none."""
    return float(header) if header and header.isdecimal() else None
