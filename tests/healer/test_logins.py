"""Rules of the login ledger's arithmetic."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.contracts import LoginOutcome, LoginPolicy
from healer.logins import Closing, Record, is_released, standing, words

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp()
SIX = LoginPolicy(ceiling=6, window_s=7200, cooloff_s=900)


def closing(at: float, *, opened: bool, why: LoginOutcome = LoginOutcome.REFUSED) -> Closing:
    return Closing(at, why, "UTIL-101", at + 60 if opened else None)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Record(), "0 of 6 used"),
        (Record((NOON - 7200, NOON - 60, NOON - 30)), "2 of 6 used"),
        (Record((NOON - 600,) * 6), "6 of 6 used, next at 2026-11-24 13:50 UTC"),
        (Record((NOON - 60, NOON), closing(NOON - 300, opened=True)), "2 of 6 used, next at 2026-11-24 12:10 UTC"),
        (Record((NOON,), closing(NOON - 900, opened=True)), "1 of 6 used"),
        (
            Record((NOON,), closing(NOON - 90000, opened=False)),
            "1 of 6 used, closed since 2026-11-23 11:00 UTC: the portal refused this login",
        ),
        (
            Record((), closing(NOON, opened=False, why=LoginOutcome.LOCKED)),
            "0 of 6 used, closed since 2026-11-24 12:00 UTC: the portal locked this account",
        ),
    ],
)
def test_standing_is_said_in_words(record: Record, said: str) -> None:
    """People read how many logins are used, when the next one may be made, or why none will be."""
    assert words(standing("brightwater-main", record, SIX, NOON)) == said


@given(times=st.lists(st.floats(0, 10_000)), ceiling=st.integers(1, 8), window=st.integers(60, 5000))
def test_next_login_fits_and_no_earlier_one_does(times: list[float], ceiling: int, window: int) -> None:
    """At `next_at` the window has room for one more; a moment before it has none."""
    allowed = LoginPolicy(ceiling=ceiling, window_s=window, cooloff_s=0)
    record, now = Record(tuple(sorted(times))), max(times, default=0.0)
    stands = standing("r", record, allowed, now)
    assert (stands.next_at is None) is (stands.used < ceiling)
    if stands.next_at:
        then = stands.next_at.timestamp()
        assert standing("r", record, allowed, then + 0.001).used < ceiling
        assert standing("r", record, allowed, max(now, then - 0.001)).used >= ceiling


@pytest.mark.parametrize(
    ("records", "released"),
    [
        ([Record((NOON,))], False),
        ([Record((), closing(NOON, opened=False))], False),
        ([Record((), closing(NOON, opened=True))], True),
        ([Record((), closing(NOON - 61, opened=True))], False),
        ([Record((), closing(NOON, opened=True)), Record((NOON,))], True),
        ([Record((), closing(NOON, opened=True)), Record((), closing(NOON, opened=False))], False),
    ],
)
def test_a_login_is_released_by_a_person_since_it_was_tried(records: list[Record], *, released: bool) -> None:
    """One of the refs was opened since, and none is closed; what was opened before has been tried already."""
    assert is_released(records, datetime.fromtimestamp(NOON, UTC)) is released
