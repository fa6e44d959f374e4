"""Does what a fetch left behind have the form of bills? The gate's named checks, without any bill's data in their words."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from operator import le, lt
from typing import Any, Final

from jsonschema import Draft202012Validator

from healer.bills import Pdf
from healer.contracts import Check, Importer

Bill = Mapping[str, Any]
Rule = Callable[[Bill], bool]

_DECIMAL: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# ISO 4217:2015, active codes of national currencies (list one, without funds, metals and test codes).
_CODES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP "
    "CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU "
    "MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG "
    "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV "
    "WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES: Final = frozenset(_CODES.split())


@cache
def _schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads(files("healer").joinpath("bills.schema.json").read_bytes()))


def pdf_names(result: object) -> tuple[str, ...]:
    """Give the names of the PDF files that a result points to, each once; nothing where the result breaks the schema."""
    if not _schema().is_valid(result):
        return ()
    return tuple(dict.fromkeys(bill["pdf"] for bill in _bills(result) if bill["pdf"] is not None))


def check_exit(exit_code: int | None) -> Check:
    """Judge how the fetch ended; None is a fetch that outlived its wall clock."""
    detail = "outlived its wall clock" if exit_code is None else f"exit {exit_code}"
    return Check(name="exit_code", passed=exit_code == 0, detail=detail)


def check_result(result: object | None, pdfs: Mapping[str, Pdf], importer: Importer) -> tuple[Check, ...]:
    """Judge a fetch's result (parsed JSON, None where there is none that can be read) and the PDFs that were found.

    Later checks need the schema, so that a broken one ends the list.
    """
    present = Check(name="result_present", passed=result is not None)
    if result is None:
        return (present,)
    schema = _check_schema(result)
    if not schema.passed:
        return present, schema
    bills = _bills(result)
    return present, schema, *_check_whole(result, bills, importer), *_check_bills(bills, pdfs)


def _bills(result: Any) -> tuple[Bill, ...]:
    return tuple(result["bills"])


def _check_schema(result: object) -> Check:
    # The path holds names that the schema knows and indexes, never a value.
    worst = next(iter(sorted(_schema().iter_errors(result), key=lambda error: error.json_path)), None)
    detail = f"{worst.json_path}: {worst.validator}" if worst else ""
    return Check(name="result_schema", passed=worst is None, detail=detail)


def _check_whole(result: Any, bills: tuple[Bill, ...], importer: Importer) -> Iterator[Check]:
    yield Check(name="importer_named", passed=result["importer"] == importer.name)
    yield Check(name="count_is_true", passed=result["count"] == len(bills), detail=f"{len(bills)} bills")
    enough = len(bills) >= importer.min_bills
    yield Check(name="enough_bills", passed=enough, detail=f"{len(bills)} of at least {importer.min_bills}")


def _check_bills(bills: tuple[Bill, ...], pdfs: Mapping[str, Pdf]) -> Iterator[Check]:
    rules: tuple[tuple[str, Rule], ...] = (
        ("account_present", lambda bill: bool(bill["account"].strip())),
        ("pdf_present", lambda bill: _pdf_holds(bill, pdfs, lambda _: True)),
        ("pdf_is_pdf", lambda bill: _pdf_holds(bill, pdfs, lambda pdf: pdf.text is not None)),
        ("pdf_sha256", lambda bill: _pdf_holds(bill, pdfs, lambda pdf: pdf.sha256 == bill["pdf_sha256"])),
        ("periods_ordered", lambda bill: _days_hold(bill["period_start"], le, bill["period_end"])),
        ("due_after_period", lambda bill: _days_hold(bill["period_end"], lt, bill["due_date"])),
        ("amount_parses", lambda bill: _DECIMAL.fullmatch(bill["amount"]) is not None),
        ("reading_parses", _reading_parses),
        ("currency_iso", lambda bill: bill["currency"] in CURRENCIES),
    )
    for name, rule in rules:
        yield _for_each(name, map(rule, bills))


def _for_each(name: str, outcomes: Iterable[bool]) -> Check:
    broken = [number for number, holds in enumerate(outcomes, 1) if not holds]
    detail = f"broken in {len(broken)} bills, first in number {broken[0]}" if broken else ""
    return Check(name=name, passed=not broken, detail=detail)


def _pdf_holds(bill: Bill, pdfs: Mapping[str, Pdf], rule: Callable[[Pdf], bool]) -> bool:
    """Say whether the bill's file is there and fits; a bill without a file says so in both members."""
    if bill["pdf"] is None:
        return bill["pdf_sha256"] is None
    found = pdfs.get(bill["pdf"])
    return found is not None and rule(found)


def _days_hold(earlier: str, order: Callable[[date, date], bool], later: str) -> bool:
    start, end = _day(earlier), _day(later)
    return start is not None and end is not None and order(start, end)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _reading_parses(bill: Bill) -> bool:
    reading = bill["meter_reading"]
    return reading is None or _DECIMAL.fullmatch(reading["value"]) is not None
