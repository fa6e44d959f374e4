"""Whether the bills of a fetch are true."""

from datetime import date
from decimal import Decimal

import pytest

from factories import make_bill
from healer.history import Hasher, remembered
from healer.truth import NAMES, check_truth

HASHER = Hasher(b"k" * 32)
TODAY = date(2026, 11, 24)
OCTOBER = make_bill()
SEPTEMBER = make_bill(start=date(2026, 9, 1), end=date(2026, 9, 30), due=date(2026, 10, 20))
NOVEMBER = make_bill(start=date(2026, 11, 1), end=date(2026, 11, 30), due=date(2026, 12, 20))
BEFORE = remembered([SEPTEMBER, OCTOBER], None, HASHER)


def broken(*bills, before=BEFORE):
    checks = tuple(check_truth(bills, before, HASHER, TODAY))
    assert {check.name for check in checks} <= NAMES | {"last_good"}
    return [check.name for check in checks if not check.passed]


def test_the_same_bills_again_are_true():
    """What was fetched before and is fetched again passes every check."""
    assert broken(OCTOBER, SEPTEMBER) == []


def test_a_new_bill_after_the_last_good_one_is_true():
    """A bill that begins where the last one ended passes, also alone."""
    assert broken(NOVEMBER, OCTOBER) == []
    assert broken(NOVEMBER) == []


def test_without_history_bills_are_judged_by_themselves():
    """The first fetch is compared with its PDFs and says that nothing is known yet."""
    assert broken(OCTOBER, before=None) == []
    checks = tuple(check_truth([OCTOBER], None, HASHER, TODAY))
    assert next(c for c in checks if c.name == "last_good").detail.startswith("none is known yet")
    assert not {"account_known", "known_bills_unchanged"} & {check.name for check in checks}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"start": date(2024, 1, 1)}, "period_sane"),
        ({"start": date(2027, 2, 1), "end": date(2027, 2, 28), "due": date(2027, 3, 20)}, "period_sane"),
        ({"due": date(2026, 11, 30)}, "due_date_sane"),
        ({"due": date(2027, 11, 30)}, "due_date_sane"),
        ({"text": "Amount due USD 99.00"}, "amount_in_pdf"),
        ({"text": ""}, "amount_in_pdf"),
        ({"account": "4711-0816"}, "account_known"),
        ({"currency": "EUR"}, "currency_known"),
        ({"amount": Decimal(12345), "text": "Amount due USD 12,345"}, "amount_plausible"),
        ({"amount": Decimal("1.23"), "text": "Amount due USD 1.23"}, "amount_plausible"),
        ({"pdf": OCTOBER.pdf}, "pdf_is_new"),
        ({"start": date(2026, 11, 15)}, "follows_last_good"),
    ],
)
def test_each_untruth_fails_its_own_check(fields, name):
    """A new bill that is wrong in one way fails the check of that name."""
    bill = make_bill(**{"start": NOVEMBER.start, "end": NOVEMBER.end, "due": NOVEMBER.due, **fields})
    assert name in broken(bill)


def test_two_periods_with_one_file_are_not_two_bills():
    """The same PDF under two periods is last month's file under a new name, also where nothing is remembered."""
    assert broken(OCTOBER, make_bill(end=date(2026, 9, 30), pdf=OCTOBER.pdf), before=None) == ["pdfs_differ"]


def test_two_currencies_are_a_mistake():
    """One portal bills in one currency."""
    assert broken(OCTOBER, make_bill(end=date(2026, 9, 30), currency="EUR"), before=None) == ["one_currency"]


def test_known_bills_say_what_they_said():
    """A corrected bill among several passes; amounts that all differ are read from the wrong place."""
    wrong = [
        make_bill(start=b.start, end=b.end, due=b.due, amount=Decimal("99.00"), text="Amount due 99.00")
        for b in (SEPTEMBER, OCTOBER)
    ]
    assert broken(*wrong) == ["known_bills_unchanged"]
    three = remembered([make_bill(end=date(2026, 8, 31)), SEPTEMBER, OCTOBER], None, HASHER)
    assert broken(wrong[0], make_bill(end=date(2026, 8, 31)), OCTOBER, before=three) == []


def test_pdfs_of_pictures_are_believed_where_they_always_were():
    """A utility whose PDFs never had a text is not refused for it, and the report says that they were not compared."""
    picture = make_bill(text="")
    before = remembered([picture], None, HASHER)
    assert broken(picture, before=before) == []
    assert broken(make_bill(text=None), before=before) == []
    [check] = [c for c in check_truth([picture], before, HASHER, TODAY) if c.name == "amount_in_pdf"]
    assert check.detail == "1 of 1 bills have no text to compare with"


def test_a_credit_is_plausible():
    """A bill over nothing or less is as possible after ordinary ones as any."""
    bill = make_bill(
        start=NOVEMBER.start, end=NOVEMBER.end, due=NOVEMBER.due, amount=Decimal("-5.10"), text="Amount due -5.10"
    )
    assert broken(bill) == []


def test_no_detail_holds_a_value():
    """Details count and number; they never repeat what a bill says."""
    bills = [make_bill(account="0000-9999", amount=Decimal("777.77"), currency="EUR", due=date(2029, 1, 1))]
    told = " ".join(check.detail for check in check_truth(bills, BEFORE, HASHER, TODAY))
    for value in ("9999", "777", "EUR", "2029"):
        assert value not in told
