"""PDFs that are made of a text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from factories import pdf_texts
from healer.pdf_text import made


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text("abc ()\\\\ 0123,.€ä", max_size=40), min_size=1, max_size=12))
def test_a_made_pdf_says_its_text(lines):
    """What goes in comes out, line by line, whatever would be syntax in a PDF."""
    [said] = pdf_texts([made("\n".join(lines))])
    wanted = [line.split() for line in lines if line.strip()]
    assert [line.split() for line in said.text.splitlines() if line.strip()] == wanted


def test_columns_stay_columns():
    """Blanks between a label and its value are there again, for gatherers that look for them."""
    [said] = pdf_texts([made("Customer number          310 447 902\nDue date                 19.11.2026")])
    assert said.layout.splitlines()[0].split("          ") == ["Customer number", "310 447 902"]
