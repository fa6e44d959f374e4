"""Relocation, on pairs of pages of one made-up utility before and after a redesign; the new pages show another month's bills."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.portrait import page_of
from healer.relocate import relocate
from healer.selector import parts_of, select

PAGES = Path(__file__).with_name("pages")


def page(name):
    return (PAGES / name).read_text(encoding="utf-8")


def texts(html, selector):
    whole = page_of(html)
    return [whole.text(element) for element in select(whole.root, selector)]


def with_digits(html, digit):
    """Give a page with other digits in its texts; names and addresses stay."""
    return re.sub(r">[^<]+<", lambda text: re.sub(r"\d", digit, text.group()), html)


def moved(old, selector, new, **how):
    """Give the texts that the relocated selector finds on the new page."""
    answer = relocate(page(old), selector, page(new), **how)
    return texts(page(new), answer.selector) if answer else None


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ("#custno", "51-90932-8"),
        ("#balance", "$61.45"),
        ("#inv td.c2", "05/01/2026 - 05/31/2026"),
        ("td.c1", "06/15/2026"),
        ("td.c3", "3,310 gal"),
        ("#inv .c4", "$61.45"),
        ("td.c5", "07/02/2026"),
        ("table#pay tr.row td:nth-child(3)", "$79.60"),
    ],
)
def test_an_element_is_found_by_its_label_and_the_shape_of_its_value(selector, text):
    """A value is found again when table, ids and classes are gone and another bill is shown."""
    assert moved("bills_old.html", selector, "bills_new.html")[0] == text


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        ("#v1", "51-90932-8"),
        ("#v2", "05/01/2026 - 05/31/2026"),
        ("#v3", "139,001 gal"),
        ("#v4", "135,691 gal"),
        ("#v5", "$61.45"),
        ("tr:nth-child(7) td.v", "07/02/2026"),
        ("tr:nth-child(2) td.v", "05/01/2026 - 05/31/2026"),
    ],
)
def test_facts_are_told_apart_by_their_labels(cell, label):
    """Two values of one shape in one list of facts are told apart by what stands before them."""
    assert moved("bill_old.html", cell, "bill_new.html") == [label]


def test_what_is_gone_is_not_found():
    """An element without a counterpart gives None, though its neighbours are still there."""
    assert relocate(page("bill_old.html"), "#v6", page("bill_new.html")) is None


@pytest.mark.parametrize("selector", ["#inv tr.row", "table#inv .row", "//table[@id='inv']//tr[@class='row']"])
def test_rows_of_a_table_are_found_as_cards(selector):
    """All rows of a list are found when they are no rows of a table any more."""
    found = moved("bills_old.html", selector, "bills_new.html", many=True)
    assert [text[:23] for text in found] == ["Invoice date 06/15/2026", "Invoice date 05/14/2026"]


def test_of_two_lists_the_right_one_is_found():
    """Payments are not taken for invoices, though their table stayed a table."""
    assert moved("bills_old.html", "#pay tr.row", "bills_new.html", many=True) == [
        "06/02/2026 Bank transfer $79.60",
        "05/02/2026 Bank transfer $84.10",
    ]
    assert moved("bills_old.html", "#inv td.c4", "bills_new.html", many=True) == ["$61.45", "$79.60"]


def test_only_the_rows_that_the_old_selector_took_are_taken():
    """Where a selector took some rows of a list, the new one leaves out what resembles the others."""
    rows = {
        "bill": "<li class='doc {0}'><b>Invoice</b> <i>01/02/2026 - 02/02/2026</i> <a href='/d/1.pdf'>Open PDF</a></li>",
        "letter": "<li class='doc {1}'><b>Letter</b> <i>New price model</i> <a href='#'>Read letter</a></li>",
    }
    order = ["bill", "letter", "bill", "bill"]
    old = "<ul id='docs'>" + "".join(rows[kind] for kind in order).format("inv", "let") + "</ul>"
    new = (
        "<ol class='papers'>"
        + "".join(rows[kind] for kind in order).format("paper--invoice", "paper--letter")
        + "</ol>"
    )
    answer = relocate(old, "ul#docs li.inv", new, many=True)
    assert [text[:7] for text in texts(new, answer.selector)] == ["Invoice"] * 3


@pytest.mark.parametrize(("field", "name"), [("usr", "credentials[login]"), ("pwd", "credentials[secret]")])
def test_a_field_is_found_by_type_and_label(field, name):
    """A form's field is told by its new name."""
    assert relocate(page("login_old.html"), field, page("login_new.html"), kind="field").selector == name


def test_a_form_is_found_among_forms():
    """The login form is the one that asks for the password, not the search form."""
    assert moved("login_old.html", "form#loginForm", "login_new.html", kind="form") == ["User name Password Log in"]
    assert moved("login_old.html", "#searchForm", "login_new.html", kind="form") == ["Search"]


@pytest.mark.parametrize(
    ("old", "text", "new", "now"),
    [
        ("bill_old.html", "Print this invoice", "bill_new.html", "Print invoice"),
        ("bills_old.html", "My invoices", "bills_new.html", "Invoices"),
    ],
)
def test_a_link_is_told_by_its_new_text(old, text, new, now):
    """A link that reads otherwise is found by where it leads and what it shares with its old text."""
    assert relocate(page(old), text, page(new), kind="link").selector == now


@pytest.mark.parametrize(
    ("keys", "now"),
    [
        ("customer.customer_no", "payload.account.customerNo"),
        ("invoices", "payload.items"),
        ("from", "period.startDate"),
        ("to", "period.endDate"),
        ("due", "dueDate"),
        ("total", "amounts.total"),
        ("pdf_url", "links.pdfUrl"),
        ("late_fee", None),
        ("status", None),
    ],
)
def test_keys_are_found_by_their_words_and_the_shape_of_the_value(keys, now):
    """JSON keys are told from the root, or from the items of the list in which they were."""
    answer = relocate(page("api_old.json"), keys, page("api_new.json"), kind="json")
    assert (answer.selector if answer else None) == now


def test_an_answer_that_is_an_error_has_no_keys():
    """JSON that names an error where the old one did not gives None."""
    assert relocate(page("api_old.json"), "invoices", '{"error": {"items": [{"total": "1.00"}]}}', kind="json") is None


@pytest.mark.parametrize("detour", ["login_new.html", "maintenance.html", "locked.html", "missing.html"])
@pytest.mark.parametrize("selector", ["#custno", "a.dl", "#inv tr.row", "td.c4", "h2"])
def test_nothing_is_found_on_a_page_that_is_another_page(detour, selector):
    """A login, an error, a lock or maintenance in place of the page gives None, even where the selector finds something there."""
    assert relocate(page("bills_old.html"), selector, page(detour)) is None


@pytest.mark.parametrize(
    "headline",
    ["Sign in", "Enter the verification code", "This page has expired", "Permission denied", "Gateway timeout"],
)
@pytest.mark.parametrize("selector", ["#custno", "a.dl"])
def test_nothing_is_found_under_the_headline_of_another_page(headline, selector):
    """The portal's frame and a look-alike of what is sought do not outweigh a headline that says what the page is."""
    frame, _ = page("bills_old.html").split('<div id="page">')
    shown = '<table><tr><td>Customer no.</td><td>88-20417-3</td></tr></table><a href="/help.pdf">PDF</a>'
    new = f"{frame.replace('Invoices', headline)}<div id='page'><h2>{headline}</h2>{shown}</div></body></html>"
    assert relocate(page("bills_old.html"), selector, new) is None


@pytest.mark.parametrize("selector", ["#custno", "#inv tr.row", "td.c2", "a.dl", "#inv td:nth-child(4)", "h2"])
def test_a_selector_that_works_is_kept(selector):
    """A selector that finds the same elements is left as it is, on the same page and on another month's."""
    other_month = with_digits(page("bills_old.html"), lambda digit: str(9 - int(digit.group())))
    for new in (page("bills_old.html"), other_month):
        answer = relocate(page("bills_old.html"), selector, new)
        assert (answer.selector, answer.kept) == (selector, True)


def test_a_position_that_shifted_is_corrected():
    """A selector that counts cells is corrected when a column was put before, though it still finds a cell."""
    old = page("bills_old.html")
    new = old.replace("<th>Amount</th><th>Due</th>", "<th>Late fee</th><th>Amount</th><th>Due</th>")
    new = re.sub(r'<td class="c4">', '<td class="x">$5.00</td><td class="c9">', new)
    answer = relocate(old, "#inv td:nth-child(4)", new)
    assert not answer.kept
    assert texts(new, answer.selector)[0] == "$84.10"


def test_two_equal_candidates_are_none():
    """Where two elements fit equally well, there is no answer."""
    old = "<div><h2>Bill</h2><span id='sum'>$12.00</span></div>"
    new = "<div><h2>Bill</h2><p><b>$12.00</b></p><p><b>$13.00</b></p></div>"
    assert relocate(old, "#sum", new) is None


def test_values_play_no_part():
    """Other digits on either page change nothing in the answer."""
    other = {name: with_digits(page(name), "7") for name in ("bills_old.html", "bills_new.html")}
    for selector in ("td.c2", "td.c4", "td.c1"):
        answers = {
            relocate(old, selector, new).selector
            for old in (page("bills_old.html"), other["bills_old.html"])
            for new in (page("bills_new.html"), other["bills_new.html"])
        }
        assert len(answers) == 1


def test_the_answer_holds_for_another_list_of_bills():
    """A selector that was found on a page with two bills finds each bill of a page with five."""
    item = re.search(r"<article.*?</article>", page("bills_new.html")).group()
    longer = page("bills_new.html").replace(item, item * 4)
    answer = relocate(page("bills_old.html"), "#inv tr.row", page("bills_new.html"), many=True)
    assert len(texts(longer, answer.selector)) == 5


def test_xpath_stays_xpath_and_what_is_read_stays_read():
    """An XPath is answered with an XPath, and `/@href` or `::text` stays at its end."""
    old, new = page("bills_old.html"), page("bills_new.html")
    link = relocate(old, '//a[@class="dl"]/@href', new, kind="xpath", many=True)
    assert link.selector.startswith("//a[")
    assert link.selector.endswith("/@href")
    assert relocate(old, "td.c4::text", new).selector.endswith("::text")
    assert parts_of("normalize-space(//td[1])").before == "normalize-space("


def test_the_selector_is_short_and_without_positions_where_something_has_a_name():
    """Class names that mean something are preferred to positions."""
    answer = relocate(page("bills_old.html"), "#inv td.c4", page("bills_new.html"))
    assert re.fullmatch(r"[\w.-]+", answer.selector)


@pytest.mark.parametrize("selector", ["td:nope(", "//td[", "", "tr >", "#absent"])
def test_what_is_no_selector_or_found_nothing_is_none(selector):
    """A selector that cannot be read, or found nothing on the old page, gives None."""
    assert relocate(page("bills_old.html"), selector, page("bills_new.html")) is None


@pytest.mark.parametrize("kind", ["css", "form", "field", "link", "json"])
@given(old=st.text(max_size=200), selector=st.text(max_size=30), new=st.text(max_size=200))
def test_no_text_raises(kind, old, selector, new):
    """Whatever the texts are, there is an answer or None."""
    relocate(f"<p>{old}", selector, new, kind=kind)


@given(
    digits=st.lists(st.integers(0, 9), min_size=40, max_size=40),
    name=st.sampled_from(["td.c2", "td.c3", "td.c5", "#custno"]),
)
def test_an_answer_is_right_or_none_whatever_the_bill_says(digits, name):
    """For every bill that the page may show, the right element is found or none."""
    stream = iter(digits * 40)
    new = re.sub(r"(?<=[>$ ,./-])\d(?=[\d.,/ -]|<)", lambda _: str(next(stream)), page("bills_new.html"))
    answer = relocate(page("bills_old.html"), name, new)
    place = {
        "td.c2": "invoice-item__span",
        "td.c3": "invoice-item__use",
        "td.c5": "invoice-item__pay",
        "#custno": "fact-value",
    }
    assert answer is None or select(page_of(new).root, answer.selector)[0].get("class") == place[name]


def test_what_moved_on_a_large_page_is_found():
    """Two pages of some hundred kilobytes are compared like small ones: what moved is found among much that did not."""
    filler = "".join(
        f"<div class='teaser'><h4>News {n}</h4><p>Read <a href='/n/{n}'>more</a></p></div>" for n in range(800)
    )
    old, new = (page(name).replace("</body>", f"{filler}</body>") for name in ("bills_old.html", "bills_new.html"))
    assert relocate(old, "#inv td.c4", new) is not None


def test_a_value_alone_is_preferred_to_the_value_with_its_label():
    """Where label and value share a box, the value is found and not the box."""
    old = "<dl><dt>Billing period</dt><dd class='p'>1 May 2026 - 31 May 2026</dd><dt>Due</dt><dd>2 June 2026</dd></dl>"
    new = (
        "<section><div><div>Billing period</div><div>1 June 2026 - 30 June 2026</div></div>"
        "<div><div>Due</div><div>2 July 2026</div></div></section>"
    )
    answer = relocate(old, "dd.p", new)
    assert texts(new, answer.selector)[0] == "1 June 2026 - 30 June 2026"
