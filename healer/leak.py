"""Is a value that the gate fetched written into the code? The answer to `puts` instead of reading the page.

The added lines and the fetched values are compared in several normal forms, where both are known: on the runner. A value that the base
already writes is not new.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from healer.bills import Bill
from healer.contracts import Check

_SHORTEST_RUN: Final = 6
"""From this length on a value is found within other text; a shorter one only as a literal of its own."""
_SHORTEST_WORD: Final = 4
_NUMBER: Final = re.compile(r"\d[\d_.,]*")
_WORD: Final = re.compile(r"[^\s\"'`,;()\[\]{}]+")
_CENTS_MIN: Final = 1000


def check_diff(diff: str, bills: Sequence[Bill]) -> Check:
    """Judge a unified diff against the bills that its code fetched; the detail gives bills by number, never a value."""
    added, removed = _Code(_lines(diff, "+")), _Code(_lines(diff, "-"))
    held = [number for number, bill in enumerate(bills, 1) if added.holds(bill) and not removed.holds(bill)]
    detail = f"values of {len(held)} bills are written in the change, first of number {held[0]}" if held else ""
    return Check(name="not_in_diff", passed=not held, detail=detail)


def _lines(diff: str, sign: str) -> str:
    return "\n".join(line[1:] for line in diff.split("\n") if line.startswith(sign))


class _Code:
    """A piece of code as one run of letters and digits, and its numbers and words."""

    def __init__(self, text: str) -> None:
        self._run = _plain(text)
        self._words = {_plain(word) for word in _WORD.findall(text)}
        self._numbers = frozenset(_numbers(text))

    def holds(self, bill: Bill) -> bool:
        """Say whether a value of the bill stands here in any form."""
        return any(map(self._says, _texts(bill))) or not self._numbers.isdisjoint(_amounts(bill))

    def _says(self, form: str) -> bool:
        return form in self._run if len(form) >= _SHORTEST_RUN else form in self._words


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _numbers(text: str) -> Iterator[Decimal]:
    """Give each number that could be money or a reading: short whole numbers are places and counts."""
    for found in _NUMBER.findall(text):
        digits = found.replace("_", "").rstrip(".,")
        whole, _, rest = digits.replace(",", ".").rpartition(".")
        if rest.isdigit() and (whole or len(rest) >= _SHORTEST_WORD):
            yield Decimal(f"{whole.replace('.', '')}.{rest}" if whole else rest).normalize()


def _amounts(bill: Bill) -> set[Decimal]:
    values = [abs(bill.amount), *([abs(Decimal(bill.reading))] if bill.reading else [])]
    large = [value for value in values if value * 100 >= _CENTS_MIN]
    return {form.normalize() for value in large for form in (value, value * 100)}


def _texts(bill: Bill) -> Iterator[str]:
    amount = f"{abs(bill.amount):f}"
    plain = [bill.account, amount, *([bill.reading] if bill.reading else []), *([bill.pdf.sha256] if bill.pdf else [])]
    forms = {*map(_plain, plain), *_encoded([*plain, bill.end.isoformat()]), *_days(bill.start, bill.end, bill.due)}
    return (form for form in forms if len(form) >= _SHORTEST_WORD)


def _encoded(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        raw = value.encode()
        coded = base64.b64encode(raw).decode().rstrip("=")
        yield from (_plain(value[::-1]), _plain(coded[: len(raw) * 8 // 6]), raw.hex())


def _days(*days: date) -> Iterator[str]:
    for day in days:
        for year in (f"{day:%Y}", f"{day:%y}"):
            for month in (f"{day:%m}", f"{day.month}", f"{day:%b}".casefold(), f"{day:%B}".casefold()):
                for number in (f"{day:%d}", f"{day.day}"):
                    forms = (f"{year}{month}{number}", f"{number}{month}{year}", f"{month}{number}{year}")
                    yield from (form for form in forms if len(form) >= _SHORTEST_RUN)
