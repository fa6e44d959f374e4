"""The gate's named checks of what a fetch left behind."""

import copy
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_importer
from healer.bills import Pdf
from healer.checks import CURRENCIES, check_exit, check_result, pdf_names

PDF = b"%PDF-1.4 a bill"
PDFS = {"brightwater/1.pdf": Pdf(hashlib.sha256(PDF).hexdigest(), text="Amount due 123.45")}
EXAMPLE_SCHEMA = Path(__file__).resolve().parents[2] / "localworld/importers/schema/bills.schema.json"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def make_bill(**fields):
    return {
        "account": "4711-0815",
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "due_date": "2026-11-20",
        "amount": "123.45",
        "currency": "USD",
        "meter_reading": {"value": "1234.5", "unit": "kWh"},
        "pdf": "brightwater/1.pdf",
        "pdf_sha256": PDFS["brightwater/1.pdf"].sha256,
        **fields,
    }


def make_result(*bills, **fields):
    bills = bills or (make_bill(),)
    return {
        "importer": "brightwater",
        "fetched_at": "2026-11-24T10:00:00Z",
        "count": len(bills),
        "bills": list(bills),
        **fields,
    }


def broken(result, pdfs=None, **importer):
    checks = check_result(result, PDFS if pdfs is None else pdfs, make_importer(**importer))
    return [check.name for check in checks if not check.passed]


def test_a_true_result_passes_every_check():
    """A result that keeps the contract passes all checks."""
    assert broken(make_result()) == []


@pytest.mark.parametrize(("code", "passed"), [(0, True), (1, False), (3, False), (137, False), (None, False)])
def test_only_exit_0_is_an_exit_in_order(code, passed):
    """A fetch ends in order with exit 0 only; one without an exit code outlived its wall clock."""
    assert check_exit(code).passed is passed


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"account": "  "}, "account_present"),
        ({"period_start": "2026-11-01"}, "periods_ordered"),
        ({"period_end": "2026-02-30"}, "periods_ordered"),
        ({"period_end": "20261031"}, "periods_ordered"),
        ({"due_date": "2026-10-31"}, "due_after_period"),
        ({"amount": "1,234.56"}, "amount_parses"),
        ({"amount": ""}, "amount_parses"),
        ({"amount": "NaN"}, "amount_parses"),
        ({"meter_reading": {"value": "12 kWh", "unit": "kWh"}}, "reading_parses"),
        ({"currency": "usd"}, "currency_iso"),
        ({"currency": "XXX"}, "currency_iso"),
        ({"pdf": "brightwater/2.pdf"}, "pdf_present"),
        ({"pdf_sha256": "0" * 64}, "pdf_sha256"),
        ({"pdf": None}, "pdf_present"),
        ({"pdf_sha256": None}, "pdf_sha256"),
    ],
)
def test_each_untruth_of_a_bill_fails_its_own_check(fields, name):
    """What is wrong with one bill fails the check of that name and says in which bill, not what."""
    result = make_result(make_bill(), make_bill(**fields))
    assert name in broken(result)
    check = next(c for c in check_result(result, PDFS, make_importer()) if c.name == name)
    assert check.detail == "broken in 1 bills, first in number 2"


def test_a_file_that_is_no_pdf_is_found():
    """A file with the right hash that does not open as a PDF fails `pdf_is_pdf` alone."""
    pdfs = {name: Pdf(pdf.sha256, text=None) for name, pdf in PDFS.items()}
    assert broken(make_result(), pdfs) == ["pdf_is_pdf"]


def test_bills_without_pdf_or_reading_are_fine():
    """A bill may have neither PDF nor meter reading."""
    assert broken(make_result(make_bill(pdf=None, pdf_sha256=None, meter_reading=None)), {}) == []


def test_the_result_as_a_whole_is_judged():
    """Another importer's name, a false count, and too few bills each fail."""
    assert broken(make_result(importer="other")) == ["importer_named"]
    assert broken(make_result(count=7)) == ["count_is_true"]
    assert broken(make_result(), min_bills=2) == ["enough_bills"]
    assert broken(None) == ["result_present"]


def test_a_currency_is_three_letters():
    """The list of currencies holds codes of ISO 4217 only."""
    assert {"USD", "EUR", "GBP", "JPY"} <= CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


@given(json_values)
def test_any_json_is_judged_without_an_error(value):
    """JSON of any form ends in checks of which one fails."""
    assert broken(value) != []
    assert pdf_names(value) == ()


@given(st.data())
def test_a_foreign_value_in_a_member_never_breaks_the_judge(data):
    """Whatever stands in one member of a bill, the result is judged, and no detail repeats it."""
    name = data.draw(st.sampled_from(sorted(make_bill())))
    value = data.draw(json_values | st.text(min_size=9))
    checks = check_result(make_result(make_bill(**{name: value})), PDFS, make_importer())
    if isinstance(value, str) and len(value) > 8:
        assert all(value not in check.detail for check in checks)


def test_each_pdf_is_named_once():
    """The names of PDFs come without repetition and without the bills that have none."""
    assert pdf_names(make_result(make_bill(), make_bill(), make_bill(pdf=None, pdf_sha256=None))) == (
        "brightwater/1.pdf",
    )


@pytest.mark.parametrize("member", ["importer", "fetched_at", "count", "bills"])
def test_an_absent_member_breaks_the_schema(member):
    """A result without one of its members fails the schema and is not judged further."""
    result = copy.deepcopy(make_result())
    del result[member]
    assert broken(result) == ["result_schema"]


def test_the_example_repository_promises_the_same_members():
    """The schema that the example repository ships and the gate's have the same members and demand the same ones."""
    own = json.loads((Path(__file__).resolve().parents[2] / "healer/bills.schema.json").read_text())
    example = json.loads(EXAMPLE_SCHEMA.read_text())

    def members(schema):
        bill = schema["$defs"]["bill"]
        return [(sorted(level["properties"]), sorted(level["required"])) for level in (schema, bill)]

    assert members(own) == members(example)
