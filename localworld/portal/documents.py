"""Bills as PDF, byte for byte the same for the same bill."""

import unicodedata
from datetime import UTC, datetime, time

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from localworld.portal.bills import Bill
from localworld.portal.reading import Locale, locale_of
from localworld.portal.utilities import Utility

_ENGLISH = {
    "bill": "Bill",
    "customer": "Customer number",
    "number": "Bill number",
    "issued": "Bill date",
    "period": "Service period",
    "due": "Due date",
    "amount": "Amount due",
    "meter": "Meter number",
    "previous": "Previous reading",
    "reading": "Meter reading",
    "usage": "Usage",
    "fixed": "Standing charge",
    "energy": "Usage charge",
    "tax": "Taxes and fees",
    "site": "Service address",
    "foot": "Questions about this bill? Call",
}
_CZECH = {
    "bill": "Faktura",
    "customer": "Cislo odberu",
    "number": "Cislo faktury",
    "issued": "Datum vystaveni",
    "period": "Zuctovaci obdobi",
    "due": "Splatnost",
    "amount": "Castka k uhrade",
    "meter": "Cislo vodomeru",
    "previous": "Pocatecni stav",
    "reading": "Konecny stav",
    "usage": "Spotreba",
    "fixed": "Pevna slozka",
    "energy": "Vodne a stocne",
    "tax": "DPH 12 %",
    "site": "Adresa odberneho mista",
    "foot": "Dotazy k fakture:",
}


def pdf_of(utility: Utility, bill: Bill) -> bytes:
    """Give one bill as a PDF of one page."""
    words, locale = (_CZECH if utility.language == "cs" else _ENGLISH), locale_of(utility)
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(bill.issued, time(6), UTC))
    pdf.set_title(f"{words['bill']} {bill.number}")
    pdf.add_page()
    _head(pdf, utility, words)
    _lines(pdf, _summary(utility, bill, words, locale), bold=words["amount"])
    _rule(pdf, utility)
    _lines(pdf, _details(utility, bill, words, locale))
    _rule(pdf, utility)
    _lines(pdf, _charges(bill, words, locale), bold=words["amount"])
    _foot(pdf, f"{words['foot']} {utility.phone}")
    return bytes(pdf.output())


def _summary(utility: Utility, bill: Bill, words: dict[str, str], locale: Locale) -> list[tuple[str, str]]:
    return [
        (words["customer"], utility.account),
        (words["number"], bill.number),
        (words["issued"], locale.day(bill.issued)),
        (words["period"], f"{locale.day(bill.start)} - {locale.day(bill.end)}"),
        (words["due"], locale.day(bill.due)),
        (words["amount"], locale.coded_money(bill.amount)),
    ]


def _details(utility: Utility, bill: Bill, words: dict[str, str], locale: Locale) -> list[tuple[str, str]]:
    return [
        (words["site"], utility.site_address),
        (words["meter"], utility.meter),
        (words["previous"], f"{locale.number(bill.previous_reading)} {utility.unit}"),
        (words["reading"], f"{locale.number(bill.reading)} {utility.unit}"),
        (words["usage"], f"{locale.number(bill.usage)} {utility.unit}"),
    ]


def _charges(bill: Bill, words: dict[str, str], locale: Locale) -> list[tuple[str, str]]:
    names = ("fixed", "energy", "tax")
    return [(words[name], locale.coded_money(getattr(bill, name))) for name in names]


def _head(pdf: FPDF, utility: Utility, words: dict[str, str]) -> None:
    pdf.set_fill_color(utility.colour)
    pdf.rect(0, 0, 210, 34, style="F")
    pdf.set_text_color(255, 255, 255)
    pdf.set_y(10)
    _write(pdf, utility.title, size=20, style="B")
    _write(pdf, f"{utility.service} | {utility.address}", size=9)
    pdf.set_text_color(30, 34, 40)
    pdf.set_y(44)
    _write(pdf, words["bill"], size=16, style="B")
    _write(pdf, f"{utility.customer}, {utility.contact}", size=11)
    pdf.ln(6)


def _lines(pdf: FPDF, lines: list[tuple[str, str]], bold: str = "") -> None:
    for label, value in lines:
        pdf.set_font("helvetica", "B" if label == bold else "", 12 if label == bold else 10.5)
        pdf.cell(85, 7.5, _latin(label))
        pdf.cell(95, 7.5, _latin(value), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _rule(pdf: FPDF, utility: Utility) -> None:
    pdf.ln(4)
    pdf.set_draw_color(utility.colour)
    pdf.line(10, pdf.get_y(), 200, pdf.get_y())
    pdf.ln(4)


def _foot(pdf: FPDF, text: str) -> None:
    pdf.set_y(262)
    pdf.set_text_color(110, 116, 124)
    _write(pdf, text, size=9)


def _write(pdf: FPDF, text: str, *, size: float, style: str = "") -> None:
    pdf.set_font("helvetica", style, size)
    pdf.cell(0, size * 0.55, _latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _latin(text: str) -> str:
    """Write what the PDF's built-in fonts lack without its accents, as utilities' billing systems do."""
    if text.isascii():
        return text
    plain = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return plain.encode("latin-1", "replace").decode("latin-1")
