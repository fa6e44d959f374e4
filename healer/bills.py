"""Bills as values: what a fetch left behind, once its form has been judged (`healer.checks`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Pdf:
    """What matters of a file that a bill names: its SHA-256 in hex, and its text; None where it does not open as a PDF.

    A PDF of pictures has an empty text. `layout` is the text as it stands on the page, its columns kept by spaces.
    """

    sha256: str
    text: str | None
    layout: str = ""


@dataclass(frozen=True)
class Bill:
    """One bill. `reading` is the meter's, a decimal string; `pdf` is None where the portal offers none."""

    account: str
    start: date
    end: date
    due: date
    amount: Decimal
    currency: str
    reading: str | None
    pdf: Pdf | None


def read_bills(result: Mapping[str, Any], pdfs: Mapping[str, Pdf]) -> tuple[Bill, ...]:
    """Read the bills of a result that passed every check of its form."""
    return tuple(_read(bill, pdfs) for bill in result["bills"])


def _read(bill: Mapping[str, Any], pdfs: Mapping[str, Pdf]) -> Bill:
    reading = bill["meter_reading"]
    return Bill(
        account=bill["account"],
        start=date.fromisoformat(bill["period_start"]),
        end=date.fromisoformat(bill["period_end"]),
        due=date.fromisoformat(bill["due_date"]),
        amount=Decimal(bill["amount"]),
        currency=bill["currency"],
        reading=reading["value"] if reading else None,
        pdf=pdfs[bill["pdf"]] if bill["pdf"] else None,
    )
