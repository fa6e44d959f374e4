"""Rules of reading when accounts are billed from what is remembered of their bills."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from factories import make_bill
from healer.billing import Billed, billed, by_account, cadence, next_bill
from healer.history import Hasher, remembered

HASHER = Hasher(b"k" * 32)
TODAY = date(2026, 11, 28)
MONTHS = [date(2026, month, day) for month, day in ((7, 31), (8, 31), (9, 30), (10, 31))]


def known(*bills):
    return remembered(bills, None, HASHER)


def test_days_are_found_again_by_who_has_the_key_and_by_nobody_else():
    """The last days of remembered periods come back under the importer's key; under another one nothing is known."""
    history = known(*(make_bill(end=end) for end in MONTHS), make_bill(account="other", end=date(2026, 10, 15)))
    found = billed(history, HASHER, TODAY)
    assert sorted(days for days in by_account(found).values()) == sorted([MONTHS, [date(2026, 10, 15)]])
    assert {one.account for one in found} == {bill.account for bill in history.bills}
    assert billed(history, Hasher(b"x" * 32), TODAY) == ()
    assert billed(None, HASHER, TODAY) == ()


def test_bill_of_long_ago_tells_nothing():
    """What ended more than 800 days ago, or lies far ahead, is left out."""
    far = [make_bill(end=TODAY - timedelta(days=900)), make_bill(end=TODAY + timedelta(days=60))]
    assert billed(known(*far), HASHER, TODAY) == ()


@given(st.integers(6, 399), st.integers(2, 8))
def test_cadence_is_the_usual_gap(step, count):
    """Bills that come every so many days have that cadence, and one that is late by a few days does not change it."""
    days = [TODAY + timedelta(days=step * n) for n in range(count)]
    assert cadence(days) == step
    late = [*days, days[-1] + timedelta(days=step), days[-1] + timedelta(days=2 * step + 5)]
    assert cadence(late) in range(step, step + 6)


def test_next_bill_is_the_first_that_any_account_should_have():
    """Each account goes on by its cadence, one with a single bill by the usual one; what is overdue is no date to wait for."""
    bills = [Billed("a", end) for end in MONTHS]
    assert next_bill(bills, date(2026, 11, 5)) == MONTHS[-1] + timedelta(days=31)
    assert next_bill([*bills, Billed("b", date(2026, 10, 15))], date(2026, 11, 5)) == date(2026, 11, 15)
    assert next_bill(bills, date(2026, 12, 24)) is None
    assert next_bill([Billed("a", MONTHS[0])], TODAY) is None
    assert next_bill([], TODAY) is None
