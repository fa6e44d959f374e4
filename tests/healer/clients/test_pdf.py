"""PDFs as text, read apart."""

from factories import make_pdf, pdf_texts


def test_texts_come_in_order():
    """Each file gives its text; one of pictures an empty one; what does not open gives none."""
    files = [make_pdf("Amount due 12.30"), make_pdf(""), b"<html>", b"%PDF-1.4 and nothing else", b""]
    assert [said and said.text for said in pdf_texts(files)] == ["Amount due 12.30", "", None, None, None]
    assert pdf_texts([]) == []


def test_a_file_that_chokes_its_reader_is_no_pdf():
    """A page tree that contains itself does not open, and harms neither its neighbours nor the caller."""
    ring = make_pdf("x").replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")
    assert [said and said.text for said in pdf_texts([ring, make_pdf("12.30")])] == [None, "12.30"]
