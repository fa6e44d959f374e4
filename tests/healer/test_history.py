"""What is remembered of good fetches."""

from datetime import date
from decimal import Decimal

from factories import make_bill
from healer.history import MOST_BILLS, Hasher, remembered, usable

KEY = b"k" * 32


def test_nothing_of_a_bill_can_be_read():
    """A history holds none of a bill's values, and none that a reader without the key could compute."""
    bill = make_bill()
    text = remembered([bill], None, Hasher(KEY)).model_dump_json()
    for value in ("4711", "123.45", "USD", "2026", bill.pdf.sha256):
        assert value not in text
    other = remembered([bill], None, Hasher(b"x" * 32)).bills[0].model_dump()
    mine = remembered([bill], None, Hasher(KEY)).bills[0].model_dump()
    assert [name for name in mine if mine[name] == other[name]] == ["pdf_has_text"]


def test_equal_values_of_different_kinds_differ():
    """A hash says which kind of value it is of."""
    hasher = Hasher(KEY)
    assert hasher.of("amount", "1") != hasher.of("size", "1")


def test_the_newest_bill_comes_last_and_old_ones_stay():
    """A portal that shows fewer bills takes none from memory; one that is shown again is remembered as it is now."""
    hasher, october = Hasher(KEY), make_bill()
    september = make_bill(start=date(2026, 9, 1), end=date(2026, 9, 30))
    before = remembered([october, september], None, hasher)
    assert before.bills[-1] == hasher.known(october)
    corrected = make_bill(amount=Decimal("1.00"))
    after = remembered([corrected], before, hasher)
    assert after.bills == (hasher.known(september), hasher.known(corrected))


def test_memory_has_an_end():
    """The oldest bills are forgotten first."""
    many = [make_bill(end=date.fromordinal(730_000 + day)) for day in range(MOST_BILLS + 5)]
    kept = remembered(many, None, Hasher(KEY))
    assert len(kept.bills) == MOST_BILLS
    assert kept.bills[-1] == Hasher(KEY).known(many[-1])


def test_a_history_under_another_key_is_none():
    """After a change of keys nothing is remembered, rather than everything wrong."""
    made = remembered([make_bill()], None, Hasher(KEY))
    assert usable(made, Hasher(KEY)) == made
    assert usable(made, Hasher(b"x" * 32)) is None
    assert usable(None, Hasher(KEY)) is None


def test_an_account_is_known_however_it_is_spaced():
    """Blanks, hyphens and case do not make another account."""
    hasher = Hasher(KEY)
    assert hasher.account(make_bill(account="AB 4711-0815")) == hasher.account(make_bill(account="ab47110815"))
