"""Values of bills in the code that fetched them."""

import base64
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_bill
from healer.leak import check_diff

BILL = make_bill(amount=Decimal("1284.07"), reading="48213.5")


def leaks(line, *bills, removed=""):
    diff = f"--- a/x.rb\n+++ b/x.rb\n@@ -1 +1 @@\n-{removed}\n+{line}"
    return not check_diff(diff, bills or (BILL,)).passed


@pytest.mark.parametrize(
    "line",
    [
        'amount: "1284.07"',
        'amount: "1,284.07"',
        'amount: "1" + "284" + ".07"',
        "amount = 128407 / 100.0",
        "amount = 1_284.07",
        "total = 1284.07",
        "%w[1284.07 99.10]",
        'account: "4711 0815"',
        "account = 47110815",
        ':"4711-0815"',
        "Date.new(2026, 10, 31)",
        'Date.parse("31 Oct 2026")',
        'Date.parse("October 31, 2026")',
        '"31.10.26"',
        '"11/20/2026"',
        'reading: "48,213.5"',
        '"70.4821".reverse',
        f'Base64.decode64("{base64.b64encode(b"4711-0815").decode()}")',
        f'["{b"1284.07".hex()}"].pack("H*")',
        f'sha: "{BILL.pdf.sha256}"',
    ],
)
def test_a_written_value_is_found(line):
    """Amount, dates, account, reading and hash are found in the forms in which code would write them."""
    assert leaks(line)


@pytest.mark.parametrize(
    "line",
    [
        'all!(page, "table.bills-2026 tbody tr:nth-child(3) td:nth-child(12)")',
        'period(at!(row, "td.period"), "%d.%m.%Y")',
        'money(at!(row, ".amount-v2"), decimal: ",")',
        'get("account/billing/history?page=1&size=100")',
        "rows.first(12).map { |row| bill(row, account) }",
        'form!(page, "form#login-10312")',
        'at!(page, "#acct-4711")',
    ],
)
def test_an_honest_line_is_not_accused(line):
    """Selectors, formats, paths and counts are no values of bills."""
    assert not leaks(line)


def test_what_the_base_writes_already_is_not_new():
    """A value that moves from a removed line to an added one is not the change's doing."""
    assert not leaks('x = "1284.07"', removed='y = "1284.07"')
    assert leaks('x = "1284.07"', removed='y = "99.00"')


def test_the_detail_names_bills_by_number():
    """The report says in how many bills and in which first, and repeats no value."""
    check = check_diff('+a = "1284.07"', [make_bill(), BILL])
    assert check.detail == "values of 1 bills are written in the change, first of number 2"


def test_small_amounts_are_places_and_counts():
    """An amount under ten is not sought: every program holds such numbers."""
    assert not leaks("x[5] + 7.50", make_bill(amount=Decimal("7.50"), reading="5"))


@given(st.text(max_size=200))
def test_any_diff_is_judged(text):
    """No diff raises."""
    assert check_diff(text, [BILL]).name == "not_in_diff"
