"""Recorded pages with other values, and what a gatherer must read from them."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_bill, pdf_texts
from healer.bills import Bill, Pdf
from healer.mutation import judge, mutate
from healer.replay import Exchange
from localworld.portal import bills as portal
from localworld.portal.utilities import UTILITIES

FIXTURES = Path(__file__).resolve().parents[2] / "localworld/importers/spec/fixtures"
URL = "https://my.brightwater.example/bills"
SEEDS = st.binary(min_size=1, max_size=8)


def page(text, url=URL, kind="text/html"):
    return Exchange("GET", url, 200, kind, text.encode())


def said(text, bill, seed=b"s"):
    """Give a page as it is after mutation, and the bill that must be read from it."""
    mutated = mutate([page(text)], [bill], {}, seed)
    return mutated.recording[0].body.decode(), mutated.bills[0]


def recorded(name):
    steps = json.loads((FIXTURES / name / "trace.json").read_text())["steps"]
    return [
        Exchange(s["method"], s["url"], s["status"], s["content_type"], (FIXTURES / name / s["body"]).read_bytes())
        for s in steps
    ]


def fetched(utility, recording):
    """Give the bills that stand in the recording, with its PDFs."""
    files = [e.body for e in recording if e.body.startswith(b"%PDF-")]
    pdfs = [Pdf(hashlib.sha256(file).hexdigest(), *told) for file, told in zip(files, pdf_texts(files), strict=True)]
    history = portal.history(utility.name, utility.tariff, date(2026, 11, 1), utility.bills)
    return [
        Bill(utility.account, b.start, b.end, b.due, b.amount, utility.currency, str(b.reading), pdf)
        for b, pdf in zip(history, pdfs, strict=True)
    ]


@pytest.mark.parametrize("utility", UTILITIES, ids=lambda utility: utility.name)
def test_every_value_of_every_portal_is_found_and_gone(utility):
    """However a portal writes accounts, money, dates and readings: each is found, and none of the old ones is left in page, JSON or PDF."""
    recording = recorded(utility.name)
    bills = fetched(utility, recording)
    mutated = mutate(recording, bills, {b.pdf.sha256: b.pdf.layout for b in bills}, b"seed")
    assert mutated.unseen == ()
    for bill, expected in zip(bills, mutated.bills, strict=True):
        assert None not in expected
        assert (expected.amount, expected.reading) != (bill.amount, Decimal(bill.reading))
        assert expected.end.replace(year=bill.end.year) == bill.end != expected.end
    again = [
        Bill(e.account, e.start, e.end, e.due, e.amount, utility.currency, str(e.reading), Pdf(e.pdf, ""))
        for e in mutated.bills
    ]
    assert judge(mutated, again[::-1]).passed
    assert not judge(mutated, bills).passed
    # A second mutation that looks for the old values finds none of them.
    layouts = {
        hashlib.sha256(e.body).hexdigest(): pdf_texts([e.body])[0].layout
        for e in mutated.recording
        if b"%PDF" in e.body
    }
    left = mutate(mutated.recording, bills, layouts, b"seed").bills
    assert {(bill.account, bill.amount, bill.end) for bill in left} == {(None, None, None)}


@pytest.mark.parametrize(
    "written",
    [
        "$1,234.50",
        "1 234,50 Kč",
        "1\u00a0234,5",
        "1&nbsp;234,50",
        "1.234,50 €",
        "1'234.50",
        '{"cents": 123450}',
        "-1234.5",
    ],
)
def test_an_amount_is_known_however_it_is_written(written):
    """Grouping, point, entity, smallest unit, trailing zeros: the digits change and everything between them stays."""
    text, expected = said(f"<td>{written}</td>", make_bill(amount=Decimal("1234.50")))
    digits = "".join(filter(str.isdigit, f"{expected.amount:f}")).rstrip("0")
    assert digits in "".join(filter(str.isdigit, text.replace("&nbsp;", "")))
    assert [c for c in text if not c.isdigit()] == [c for c in f"<td>{written}</td>" if not c.isdigit()]
    assert text != f"<td>{written}</td>"


@pytest.mark.parametrize(
    "written", ["Oct 31, 2026", "31. října 2026", "2026-10-31", "20261031", "10/31/26", "31.10.26"]
)
def test_a_date_is_known_by_its_year(written):
    """In any language and order the year moves, and day and month stay."""
    text, expected = said(written, make_bill())
    year = expected.end.year
    assert text in {written.replace("2026", str(year)), written[:-2] + f"{year % 100:02}"}
    assert text != written


def test_structure_stays():
    """Classes, ids and names are what a gatherer looks for; they keep their digits, also where those are a value's."""
    markup = '<tr id="bill-2026" class="y2026 a1234.50"><input name="n2026" type="hidden"/>'
    text, _ = said(f"{markup}2026 1,234.50", make_bill(amount=Decimal("1234.50")))
    assert text.startswith(markup)
    assert "2026 1,234.50" not in text


@given(SEEDS, st.decimals(min_value="0.01", max_value="999999.99", places=2))
def test_one_value_is_one_value(seed, amount):
    """Each writing of an amount becomes a writing of the same other amount, whatever the key."""
    text, expected = said(f"a {amount:,.2f} b {amount:.2f} c", make_bill(amount=amount), seed)
    if expected.amount is not None:
        assert expected.amount != amount
        assert text == f"a {expected.amount:,.2f} b {expected.amount:.2f} c"


@given(SEEDS, st.text(max_size=60))
def test_what_is_no_value_stays(seed, text):
    """A page that holds nothing of the bills is served as it was."""
    plain = "".join(c for c in text if not c.isdigit() and c != "\r")
    assert said(plain, make_bill(), seed)[0] == plain


def test_addresses_move_with_their_pages():
    """A link that holds a value leads to the page that is recorded under it, under the other value."""
    pages = [
        page('<a href="/bills/2026-10-31.pdf">$123.45</a>'),
        page("x", "https://my.brightwater.example/bills/2026-10-31.pdf"),
    ]
    first, second = mutate(pages, [make_bill()], {}, b"s").recording
    assert second.url.partition("example")[2].encode() in first.body


def test_bills_that_no_page_says_are_not_verified():
    """An amount that stands on no recorded page came from somewhere else: the gate says no, without a replay."""
    mutated = mutate([page("<p>Nothing here</p>")], [make_bill()], {}, b"s")
    check = judge(mutated, None)
    assert (check.passed, check.detail) == (False, "no page says the amount of bill number 1")


def test_each_way_of_not_following_is_named():
    """A failed fetch, another count, and each member that stayed as it was; never a value."""
    bill = make_bill(text=None)
    mutated = mutate([page("4711-0815 2026-10-31 123.45 48213.5")], [bill], {}, b"s")
    assert judge(mutated, None).detail == "the same pages with other values could not be read"
    assert judge(mutated, [bill, bill]).detail == "2 bills in place of 1"
    stayed = judge(mutated, [replace(bill, amount=Decimal("123.45"))])
    assert stayed.detail == "did not change with the pages: account, amount, due, end, reading, start"
