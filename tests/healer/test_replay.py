"""Recorded pages, given again."""

import time
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from healer.contracts import Trace, TraceStep
from healer.replay import PDF, Exchange, Replay, of_trace

HOST = "https://my.brightwater.example"


def page(path, body=b"x", status=200, method="GET", kind="text/html"):
    return Exchange(method, f"{HOST}{path}", status, kind, body)


NOW = (page("/login", b"new login"), page("/account", b"new account"))
GOOD = (
    page("/login", b"old login"),
    page("/account", b"old account"),
    page("/bills", b"bills"),
    page("/bills/77.pdf", None, kind="application/pdf"),
)


def test_a_fetch_is_answered_as_it_was():
    """Pages come by their addresses; a form leads to the next page, as portals do; what is missing comes from the older recording."""
    replay = Replay([NOW, GOOD])
    assert replay.answer("GET", "/login").body == b"new login"
    sent_on = replay.answer("POST", "/session")
    assert (sent_on.status, sent_on.location) == (303, "/account")
    assert replay.answer("GET", "/account").body == b"new account"
    assert replay.answer("GET", "/bills").body == b"bills"
    assert replay.answer("GET", "/bills/12.pdf").body == PDF
    assert replay.answer("GET", "/elsewhere").status == 404
    assert [(a.tape, a.step, a.alike) for a in replay.asked] == [
        (0, 1, False),
        (None, None, False),
        (0, 2, False),
        (1, 3, False),
        (1, 4, True),
        (None, None, False),
    ]


def test_a_form_behind_the_last_new_page_leads_on_in_the_old_recording():
    """Where the fetch failed at the login page, what comes after it is known from the last good one."""
    replay = Replay([NOW[:1], GOOD])
    replay.answer("GET", "/login")
    assert replay.answer("POST", "/session").location == "/account"


def test_exact_takes_no_other_digits():
    """A judge does not take one bill's page for another's."""
    assert Replay([NOW, GOOD], exact=True).answer("GET", "/bills/77.pdf").body == PDF
    strict = Replay([GOOD], exact=True)
    strict.answer("GET", "/login")
    assert strict.answer("GET", "/bills/12.pdf").status == 404


def test_pages_of_one_address_come_in_their_order():
    """Values of queries are not recorded, so pages of a list have one address; the last one stays."""
    replay = Replay([[page("/list?page=", b"1"), page("/list?page=", b"2")]])
    assert [replay.answer("GET", f"/list?page={n}").body for n in (1, 2, 3)] == [b"1", b"2", b"2"]


def test_another_beginning_leads_to_the_first_page():
    """A portal sends on from its front door; a recording has no redirects. Later an unknown address is unknown."""
    replay = Replay([NOW])
    assert replay.answer("GET", "/").location == "/login"
    replay.answer("GET", "/login")
    assert replay.answer("GET", "/").status == 404


def test_addresses_lead_back_here():
    """A page's links to the recorded hosts, with and without a scheme, become paths; those to others stay."""
    links = f'<a href="{HOST}/a"><a href="//my.brightwater.example"><a href="{HOST}.evil/b">'.encode()
    answer = Replay([[page("/login", links)]]).answer("GET", "/login")
    assert answer.body == f'<a href="/a"><a href="/"><a href="{HOST}.evil/b">'.encode()


def trace(text):
    step = TraceStep(
        number=1, method="GET", url=f"{HOST}/b/9271-84-57", status=200, content_type="text/html", page="001.html"
    )
    return Trace(importer="brightwater", steps=(step,), pages={"001.html": text})


@given(st.text("0123456789", min_size=8, max_size=8))
def test_redacted_dates_can_be_read(digits):
    """Whatever digits redaction left of a date, the gatherer reads a date there; addresses in pages and steps stay equal."""
    d, m, y = digits[:2], digits[2:4], digits[4:]
    text = f"{y}-{m}-{d}|{m}/{d}/{y}|{d}.{m}.{y}|Oct {d}, {y}|{d} October {y}|{d}. {m}. {y}|"
    (exchange,) = of_trace(trace(text))
    forms = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%b %d, %Y", "%d %B %Y", "%d. %m. %Y")
    for form, said in zip(forms, exchange.body.decode().split("|"), strict=False):
        time.strptime(said, form)


@pytest.mark.parametrize("kept", ["2026-10-28", "Oct 28, 2026", "$1,234.56", "48,213 kWh", "22-0171-88", "12:30"])
def test_what_is_no_broken_date_stays(kept):
    """Dates that there are, money, readings and account numbers are served as they were recorded."""
    (exchange,) = of_trace(trace(f"<td>{kept}</td>"))
    assert exchange.body == f"<td>{kept}</td>".encode()


def test_an_address_with_a_date_is_found_from_its_page():
    """What a page links to is what the step is called by."""
    first, second = of_trace(trace(f'<a href="{HOST}/b/9271-84-57">'))[0], Replay([of_trace(trace("x"))])
    link = first.body.decode().split(HOST)[1].rstrip('">')
    assert second.answer("GET", link).status == 200


def test_the_stand_in_for_a_pdf_is_one():
    """What reads PDFs reads it, and finds no text."""
    reader = PdfReader(BytesIO(PDF), strict=True)
    assert [page.extract_text() for page in reader.pages] == [""]
