"""Words and shapes of short texts: what survives when a portal is redesigned and another month's bill is shown.

Values are never compared. Of a text with digits only its shape counts (money, a date, a quantity); of a name or label its words.
"""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import Final


class TextShape(StrEnum):
    """What a short text looks like."""

    EMPTY = "empty"
    WORDS = "words"
    PROSE = "prose"
    MONEY = "money"
    DATE = "date"
    PERIOD = "period"
    QUANTITY = "quantity"
    CODE = "code"
    EMAIL = "email"
    PERCENT = "percent"
    NUMBER = "number"


VALUES: Final = frozenset(TextShape) - {TextShape.EMPTY, TextShape.WORDS, TextShape.PROSE}

# Words that mean the same in portals; the first of a row stands for all.
_SAME: Final = (
    "bill invoice statement",
    "amount total sum",
    "account customer contract",
    "login log sign signin logon",
    "logout signout",
    "user username userid email mail identifier",
    "password pass passphrase pwd passwd",
    "number no nr num id code",
    "view open show see details detail",
    "download get save",
    "usage consumption used",
    "reading meter register",
    "start from begin starting",
    "end to until through thru ending",
    "due payable",
    "period cycle range",
    "address location site premise",
    "issued issue dated",
    "uri url href link document",
    "unit uom measure",
    "list history items archive",
    "result data payload response",
)
_CANON: Final = {word: row.split()[0] for row in _SAME for word in row.split()}
_SMALL: Final = frozenset(
    {"the", "of", "your", "my", "a", "an", "and", "for", "is", "this", "our", "you", "we", "please"}
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+")
_CURRENCY = r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|czk|nok|sek|dkk|chf|pln|cad|aud|kč|kr|zł)\b)"
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.] ?\d{1,2}[-/.] ?\d{2,4}"
    r"|\d{1,2}(?:st|nd|rd|th)?\.?[ -][^\W\d_]{3,10}\.?,?[ -]\d{2,4}|[^\W\d_]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})"
)
_SHAPES: Final = (
    (TextShape.EMAIL, re.compile(r"[\w.+-]+@[\w-]+\.\w+")),
    (
        TextShape.PERIOD,
        re.compile(
            rf"{_DATE}\s*(?:[-\u2013\u2014/\u2192]|\bto\b|\bthrough\b|\bbis\b|\baž\b|\bdo\b)\s*{_DATE}", re.IGNORECASE
        ),
    ),
    (TextShape.DATE, re.compile(_DATE)),
    (
        TextShape.MONEY,
        re.compile(
            rf"{_CURRENCY}\s?-?\d|\d\s?{_CURRENCY}|(?<![\d.,])-?\d{{1,3}}(?:[ ,.'\u00a0]?\d{{3}})*[.,]\d\d(?!\d|\s?%)",
            re.IGNORECASE,
        ),
    ),
    (TextShape.PERCENT, re.compile(r"\d\s?%")),
    (
        TextShape.QUANTITY,
        re.compile(
            r"^[^\d]{0,24}\d[\d ,.']*\s?(?:[kMG]?Wh|m³|m3|gal|gallons|therms?|ccf|hcf|cf|l|litres?|MJ|GJ|°C|[A-Za-z³]{1,7})$"
        ),
    ),
    (TextShape.CODE, re.compile(r"\d[\d -]{3,}\d|[A-Z]{1,4}[-/]?\d{3,}|\d{3,}[-/][\dA-Z]", re.IGNORECASE)),
    (TextShape.NUMBER, re.compile(r"\d")),
)
_UNITS: Final = re.compile(rf"(?:{_CURRENCY}\s?)?-?\d[\d ,.']*\s?[^\W\d]{{0,7}}", re.IGNORECASE)
_LONGEST_VALUE: Final = 90


def squish(text: str) -> str:
    """Give a text with each run of white space as one blank."""
    return " ".join(text.split())


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """Give the words of a text or an identifier: lower case, no accents, `camelCase` and `snake_case` apart, no digits.

    Small words are left out where others remain.
    """
    found = frozenset(word.lower() for word in _WORD.findall(_CAMEL.sub(" ", _plain(text))))
    return (found - _SMALL) or found


@lru_cache(maxsize=4096)
def shape_of(text: str) -> TextShape:
    """Give the shape of a text, as it stands on a page or with its digits replaced."""
    text = squish(text)
    if not text:
        return TextShape.EMPTY
    if len(text) > _LONGEST_VALUE:
        return TextShape.PROSE
    return next((shape for shape, pattern in _SHAPES if pattern.search(text)), TextShape.WORDS)


@lru_cache(maxsize=4096)
def own_words(text: str) -> frozenset[str]:
    """Give the words of a text without those that belong to a value in it: months of dates, currencies, units."""
    shape = shape_of(text)
    if shape in {TextShape.DATE, TextShape.PERIOD}:
        text = re.sub(_DATE, " ", text)
    elif shape in VALUES:
        text = _UNITS.sub(" ", text)
    return words(text) if _WORD.search(text) else frozenset()


@lru_cache(maxsize=16384)
def _stem(word: str) -> str:
    canonical = _CANON.get(word)
    if canonical:
        return canonical
    if word.endswith("s") and len(word) > 3:  # noqa: PLR2004 - "is" and "gas" are no plurals
        return _CANON.get(word[:-1], word[:-1])
    return word


@lru_cache(maxsize=16384)
def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Say how far two sets of words mean the same, 0 to 1; words of one meaning count as one."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    left, right = {_stem(word) for word in one}, {_stem(word) for word in other}
    exact = len(one & other)
    shared = len(left & right)
    return (0.8 * shared + 0.2 * exact) / (0.5 * (len(left | right) + min(len(left), len(right))))


def overlap(one: Collection[str], other: Collection[str]) -> float:
    """Give the share of common members, 0 to 1 (Jaccard)."""
    left, right = set(one), set(other)
    return len(left & right) / len(left | right) if left and right else 0.0
