"""The total that a PDF says."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.totals import says_total

amounts = st.decimals(min_value=0, max_value=9_999_999, places=2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Amount due USD 1,234.56", "1234.56"),
        ("Částka k úhradě CZK 8 679,37", "8679.37"),
        ("Castka k uhrade\nCZK 8\u00a0679,37", "8679.37"),
        ("Zahlbetrag 12'345.60", "12345.6"),
        ("AMOUNT  DUE: $98.50\nUsage charge $85.00", "98.50"),
        ("Amount due -12.30", "-12.30"),
        ("Total payable: 45", "45.00"),
        ("nothing that names it, 77.10 somewhere", "77.10"),
    ],
)
def test_a_total_is_found_as_bills_write_it(text, amount):
    """Grouping, decimal sign, accents, case, the next line, and a credit's sign do not matter."""
    assert says_total(text, Decimal(amount))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Amount due USD 98.50\nUsage charge USD 85.00", "85.00"),
        ("Amount due USD 1,234.56", "234.56"),
        ("Amount due USD 1,234.56", "1234.5"),
        ("Amount due USD 123.45", "12345"),
        ("Amount due USD 123.45", "0"),
        ("Paid with thanks", "12.30"),
        ("Bill 12.30.45", "12.30"),
    ],
)
def test_another_figure_is_not_the_total(text, amount):
    """A charge beside the named total, a part of a number, and a number without its decimal point do not agree."""
    assert not says_total(text, Decimal(amount))


@given(amounts)
def test_every_amount_is_found_in_its_own_writing(amount):
    """An amount is found where it is written in groups of thousands."""
    assert says_total(f"Amount due USD {amount:,} by card", amount)


@given(amounts, amounts)
def test_no_amount_passes_for_another(one, other):
    """A named total agrees with its own amount only."""
    assert says_total(f"Amount due {one:,}", other) is (one == other)


@given(st.text(), amounts)
def test_any_text_is_judged(text, amount):
    """No text raises."""
    assert says_total(text, amount) in {True, False}
