"""Rules of lining two pages up: what both show is the page's own, and a list is not mixed with another."""

import pytest

from healer.relocate import relocate


def table(rows: list[str], *, name: str = "bills", caption: str = "") -> str:
    body = "".join(f'<tr class="row"><td class="no">{row}</td><td><a href="/b/{row}">PDF</a></td></tr>' for row in rows)
    return f'<h2>{caption}</h2><table id="{name}"><tr><th>Number</th><th>Bill</th></tr>{body}</table>'


def page(*parts: str) -> str:
    return f"<html><body><h1>Your account</h1>{''.join(parts)}<p>Questions? Call us.</p></body></html>"


OLD = page(table(["101", "102", "103"], caption="Bills"))


@pytest.mark.parametrize("selector", ["#bills td.no", "table tr.row td:nth-child(1)", "table#bills"])
def test_a_list_is_found_by_what_stands_around_it(selector):
    """The name of the table is gone and another table has come: the heading above says which one is meant, and that one alone."""
    other = table(["7", "8"], name="x1", caption="Meter readings").replace("Number", "Reading")
    new = page(other, table(["201", "202"], name="x2", caption="Bills"))
    found = relocate(OLD, selector, new, many=True)
    assert found is not None
    assert found.selector.startswith(("#x2", "table#x2"))


def test_all_of_two_lists_are_no_answer_for_all_of_one():
    """A selector that meets a second list of the same form is not left as it is, and no other is made up; one that names its list is."""
    new = page(table(["201", "202"], caption="Bills"), table(["1", "2"], name="old", caption="Archive"))
    assert relocate(OLD, "tr.row td.no", new, many=True) is None
    kept = relocate(OLD, "#bills td.no", new, many=True)
    assert kept is not None
    assert kept.kept


def test_what_is_new_in_each_row_does_not_join_the_old():
    """Where each row held one link and holds two now, the new one is told apart by what it says."""
    new = OLD.replace('">PDF</a>', '">PDF</a> <a href="/b/x">CSV</a>')
    found = relocate(OLD, "td a", new, many=True)
    assert found is not None
    assert (found.kept, found.selector) == (False, 'a:contains("PDF")')


def test_the_answer_quotes_nothing_of_this_month():
    """A value that only the new page shows is not what a selector may name."""
    old = page('<div class="total"><span>Amount due</span> <b>$ 120.50</b></div>')
    new = page("<section><p>Amount due</p><div>$ 98.10</div></section><section><p>Paid</p><div>$ 98.10</div></section>")
    found = relocate(old, "div.total b", new)
    assert found is not None
    assert found.selector == 'p:contains("Amount due") + div'


LINKS = '<ul class="menu"><li><a class="item" href="/bills/open/{0}">{1}</a></li>{2}</ul>'


def test_a_link_that_leads_where_another_led_is_not_taken_for_the_lost_one():
    """Of two links one is gone: the other, which the old page had too, is no answer for it, though the selector finds it."""
    usage = '<li><a class="item" href="/usage/month/7">Usage</a></li>'
    old = page(LINKS.format(1, "Bills", usage))
    new = page(f'<ul class="menu">{usage}</ul>')
    assert relocate(old, "ul.menu li:nth-child(1) a", new) is None
    assert relocate(old, "ul.menu li:nth-child(2) a", new) is not None
