"""Recorded pages with other values: what a portal would show to somebody else, and the bills that a gatherer must read from it.

A gatherer that reads pages gives other bills when the pages say others; a written or cached answer stays as it is. Every digit of a fetched
account, amount and reading becomes another one by one key, so that a value stays itself wherever and however it is written; years move by a
multiple of four, so that a date is known by its year in every language, and days and their order stay.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from healer import pdf_text
from healer.bills import Bill
from healer.contracts import Check
from healer.replay import Exchange

NAME: Final = "follows_the_pages"
_SEPARATOR: Final = r"(?:[ .,'’\u00a0\u202f]|&nbsp;|&#160;|&#[xX][aA]0;|\\u00a0)"  # noqa: RUF001 - how people group digits
_GAP: Final = rf"(?:{_SEPARATOR}|[-/]){{0,2}}"
# Structure is not mutated: a class or an id is what a gatherer looks for.
_STRUCTURE: Final = r"""\b(?:class|id|name|for|type|style)\s*=\s*(?:"[^"]*"|'[^']*')"""
_DIGIT: Final = re.compile(r"(&#?\w+;|\\u[0-9a-fA-F]{4})|(\d)")
_SHORTEST: Final = 3
"""Digits from which on a whole number is a value and not a count or a place."""
_MINOR: Final = 5
"""Digits from which on an amount is also known in the currency's smallest unit."""
_LEAP: Final = 4


class Expected(NamedTuple):
    """A bill as the mutated pages show it. None is not judged: no page says it, or its PDF was not made anew."""

    account: str | None
    start: date | None
    end: date | None
    due: date | None
    amount: Decimal | None
    reading: Decimal | None
    pdf: str | None


@dataclass(frozen=True)
class Mutated:
    """A recording with other values, and the bills that stand in it. `unseen` numbers bills whose amount no page says."""

    recording: tuple[Exchange, ...]
    bills: tuple[Expected, ...]
    unseen: tuple[int, ...]


def mutate(recording: Sequence[Exchange], bills: Sequence[Bill], layouts: Mapping[str, str], seed: bytes) -> Mutated:
    """Mutate what a fetch of these bills saw. `layouts` gives the text of each PDF, in its columns, by its SHA-256; `seed` is random."""
    change = _Change(bills, seed)
    pages = [_read(exchange, layouts) for exchange in recording]
    made = tuple(_mutated(exchange, text, change) for exchange, text in zip(recording, pages, strict=True))
    files = {
        hashlib.sha256(old.body).hexdigest(): hashlib.sha256(new.body).hexdigest()
        for old, new in zip(recording, made, strict=True)
        if old.body and new.body and old.body != new.body
    }
    seen = "\n".join(filter(None, pages))
    expected = tuple(change.bill(bill, seen, files) for bill in bills)
    unseen = tuple(number for number, bill in enumerate(expected, 1) if bill.amount is None)
    return Mutated(made, expected, unseen)


def judge(mutated: Mutated, given: Sequence[Bill] | None) -> Check:
    """Compare the bills that the gatherer gave for the mutated pages; None is a fetch that failed on them."""
    if mutated.unseen:
        detail = f"no page says the amount of bill number {mutated.unseen[0]}"
    elif given is None:
        detail = "the same pages with other values could not be read"
    elif len(given) != len(mutated.bills):
        detail = f"{len(given)} bills in place of {len(mutated.bills)}"
    else:
        wrong = sorted({part for pair in _pairs(mutated.bills, given) for part in _differing(*pair)})
        detail = f"did not change with the pages: {', '.join(wrong)}" if wrong else ""
    told = detail or f"{len(mutated.bills)} bills changed with their pages"
    return Check(name=NAME, passed=not detail, detail=told)


def _pairs(expected: Sequence[Expected], given: Sequence[Bill]) -> Iterator[tuple[Expected, Bill]]:
    """Set the bills beside those that are most like them: a gatherer may give them in another order."""
    left = list(given)
    for bill in expected:
        nearest = min(left, key=lambda one, bill=bill: len(_differing(bill, one)))  # type: ignore[misc]
        left.remove(nearest)
        yield bill, nearest


def _differing(expected: Expected, given: Bill) -> list[str]:
    reading = Decimal(given.reading) if given.reading else None
    pdf = given.pdf.sha256 if given.pdf else None
    found = (_plain(given.account), given.start, given.end, given.due, given.amount, reading, pdf)
    wanted = expected._replace(account=_plain(expected.account) if expected.account else None)
    pairs = zip(Expected._fields, wanted, found, strict=True)
    return [name for name, should, is_ in pairs if should is not None and should != is_]


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _read(exchange: Exchange, layouts: Mapping[str, str]) -> str | None:
    """Give the text of a page, or of a PDF in its columns; None where there is none to change."""
    body = exchange.body
    if not body:
        return None
    if body.startswith(b"%PDF-"):
        return layouts.get(hashlib.sha256(body).hexdigest()) or None
    # Latin-1 keeps every byte where UTF-8 does not fit.
    return body.decode() if _is_utf8(body) else body.decode("latin-1")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _mutated(exchange: Exchange, text: str | None, change: "_Change") -> Exchange:
    moved = exchange._replace(url=change.text(exchange.url))
    body = exchange.body
    if text is None or body is None:
        return moved
    if body.startswith(b"%PDF-"):
        return moved._replace(body=pdf_text.made(change.text(text)))
    return moved._replace(body=change.text(text).encode("utf-8" if _is_utf8(body) else "latin-1"))


class _Change:
    """One way in which the values of these bills become others."""

    def __init__(self, bills: Sequence[Bill], seed: bytes) -> None:
        digest = hashlib.sha256(seed).digest()
        self._digits, self._years = _permutation(digest), -_LEAP * (1 + digest[0] % 3)
        accounts = {_account(bill.account) for bill in bills}
        numbers = {_number(value) for bill in bills for value in _values(bill)}
        days = {day for bill in bills for day in (bill.start, bill.end, bill.due)}
        groups = {
            "keep": [_STRUCTURE],
            "value": [*filter(None, (*sorted(accounts), *sorted(numbers)))],
            "compact": [rf"(?<!\d){day:%Y%m%d}(?!\d)" for day in days],
            "short": [_short(day) for day in days],
            "year": [rf"(?<!\d){year}(?!\d)" for year in {day.year for day in days}],
        }
        held = (f"(?P<{name}>{'|'.join(forms)})" for name, forms in groups.items() if any(forms))
        self._pattern = re.compile("|".join(held))

    def text(self, text: str) -> str:
        """Give the text with the values of all bills changed."""
        return self._pattern.sub(self._one, text)

    def bill(self, bill: Bill, seen: str, files: Mapping[str, str]) -> Expected:
        """Give what a gatherer must read of a bill, as far as `seen` says it."""
        start, end, due = (self._day(day) if _says_day(day, seen) else None for day in (bill.start, bill.end, bill.due))
        reading = Decimal(bill.reading) if bill.reading else None
        return Expected(
            self._moved(bill.account) if re.search(_account(bill.account) or "(?!)", seen) else None,
            start,
            end,
            due,
            self._value(bill.amount, seen),
            self._value(reading, seen) if reading is not None else None,
            files.get(bill.pdf.sha256) if bill.pdf else None,
        )

    def _value(self, value: Decimal, seen: str) -> Decimal | None:
        pattern = _number(value)
        return Decimal(self._moved(f"{value:f}")) if pattern and re.search(pattern, seen) else None

    def _day(self, day: date) -> date:
        return day.replace(year=day.year + self._years)

    def _moved(self, text: str) -> str:
        return _DIGIT.sub(lambda m: m[1] or self._digits[m[2]], text)

    def _one(self, found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "value":
                return self._moved(text)
            case "compact" | "year":
                return f"{int(text[:4]) + self._years}{text[4:]}"
            case "short":
                return f"{text[:-2]}{(int(text[-2:]) + self._years) % 100:02}"
            case _:
                return text


def _permutation(digest: bytes) -> dict[str, str]:
    """Give another digit for each of 1 to 9; 0 stays, so that a number keeps its length."""
    order = sorted("123456789", key=lambda digit: hashlib.sha256(digest + digit.encode()).digest())
    return {"0": "0", **dict(zip(order, [*order[1:], order[0]], strict=True))}


def _values(bill: Bill) -> Iterator[Decimal]:
    yield bill.amount
    if bill.reading:
        yield Decimal(bill.reading)


def _account(account: str) -> str:
    """Give the pattern of an account however it is spaced; empty where no digit of it could become another."""
    kept = [re.escape(char) for char in account if char.isalnum()]
    return rf"(?<![0-9A-Za-z]){_GAP.join(kept)}(?![0-9A-Za-z])" if re.search(r"[1-9]", account) else ""


def _number(value: Decimal) -> str:
    """Give the pattern of a number however it is grouped; empty where it is too short to be known."""
    whole, _, rest = f"{abs(value):f}".partition(".")
    core = rest.rstrip("0")
    groups = re.findall(r"\d{1,3}(?=(?:\d{3})*$)", whole)
    grouped = rf"{_SEPARATOR}?".join(groups)
    minor = [whole + rest] if len(rest) == 2 and len(whole) + 2 >= _MINOR else []  # noqa: PLR2004 - cents
    if core:
        forms = [rf"{grouped}[.,]{core}0*"]
    elif len(whole) >= _SHORTEST:
        forms = [rf"{grouped}(?:[.,]0+)?"]
    else:
        forms = [rf"{grouped}[.,]0+"] if rest else []
    return rf"(?<!\d)(?:{'|'.join([*forms, *minor])})(?!\d|[.,]\d)" if forms and int(whole + rest) else ""


def _short(day: date) -> str:
    """Give the pattern of a day whose year has two digits, day or month first."""
    number, month = f"0?{day.day}", f"0?{day.month}"
    orders = "|".join(rf"{first}[./-] ?{second}" for first, second in ((number, month), (month, number)))
    return rf"(?<!\d)(?:{orders})[./-] ?{day:%y}(?![\d.,/-])"


def _says_day(day: date, seen: str) -> bool:
    return bool(re.search(rf"(?<!\d){day.year}(?!\d)|(?<!\d){day:%Y%m%d}(?!\d)|{_short(day)}", seen))
