"""Rules of reading when accounts are billed from what is remembered of their bills."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from factories import make_bill
from healer.billing import Billed, billed, by_account, cadence, look_again
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


def at(day):
    return datetime.combine(day, time(10), tzinfo=UTC)


def morning_after(day):
    return datetime.combine(day + timedelta(days=1), time(6), tzinfo=UTC)


BILLS = [Billed("a", end) for end in MONTHS]
NEXT = MONTHS[-1] + timedelta(days=31)


def test_next_look_is_when_the_first_account_should_have_a_bill():
    """Each account goes on by its own cadence, one of which a single bill is known by the usual one."""
    when, words = look_again(BILLS, at(date(2026, 11, 5)), 7)
    assert (when, str(NEXT) in words) == (morning_after(NEXT), True)
    other = Billed("b", date(2026, 10, 15))
    assert look_again([*BILLS, other], at(date(2026, 11, 5)), 7)[0] == morning_after(date(2026, 11, 15))


def test_late_or_unknown_bill_is_looked_for_after_the_usual_days():
    """What is overdue is no date to wait for: it is the setting's days, or another account's date before that."""
    late = at(date(2026, 12, 3))
    assert look_again(BILLS, late, 7) == (
        late + timedelta(days=7),
        f"By the cadence of its bills a period was over on {NEXT}, so its bill is late.",
    )
    soon = [Billed("b", date(2026, 10, 5)), Billed("b", date(2026, 11, 5))]
    assert look_again([*BILLS, *soon], late, 7)[0] == morning_after(date(2026, 12, 6))
    assert look_again([*BILLS, *soon], late, 1)[0] == late + timedelta(days=1)
    for known in ([], [Billed("a", MONTHS[0])]):
        assert look_again(known, late, 3) == (late + timedelta(days=3), "When its bills come is not known.")


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.dates(date(2024, 10, 1), date(2026, 12, 20))), max_size=20),
    st.integers(1, 92),
)
def test_next_look_is_never_in_the_past(known, days):
    """Whatever is known, it is looked at again, and later than in some hours, so that no login is spent in vain."""
    now = at(TODAY)
    when, _ = look_again([Billed(*one) for one in known], now, days)
    assert when - now > timedelta(hours=12)
