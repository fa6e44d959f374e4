"""Numbers of payment cards: the lengths, beginnings and groupings that the brands use, with the check digit of ISO/IEC 7812-1.

Works on folded bytes (`healer.views.fold`), so that digits of full width count too.
"""

import re
from collections.abc import Iterator
from typing import Final

from healer.views import Span

_LONGEST: Final = 24
"""Nineteen digits in five groups, and the character behind them."""
_PATTERN: Final = re.compile(
    rb"(?<![\w.])(?:"
    rb"(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6[0-9]{3}|35[0-9]{2})([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1?[0-9]{3})?"
    rb"|4[0-9]{12}"
    rb"|3[47][0-9]{2}([ -]?)[0-9]{6}\2[0-9]{5}"
    rb"|3[0689][0-9]{2}([ -]?)[0-9]{6}\3[0-9]{4}"
    rb")(?!\w)"
)
_BEGUN: Final = re.compile(rb"(?<![\w.])[2-6][0-9 -]{0,%d}\Z" % (_LONGEST - 1))
_FORMS: Final = bytes(ord("0") if chr(code).isdigit() else code for code in range(128)) + bytes(range(128, 256))
_SIGNS: Final = (b"0" * 13, b"0000 0000", b"0000-0000")
"""Every card's number begins like one of these, with any digit for 0."""
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _checks(number: bytes) -> bool:
    """Say whether the last digit is the check digit of the others (Luhn)."""
    digits = [digit - ord("0") for digit in reversed(number) if digit not in b" -"]
    return (sum(digits[::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])) % 10 == 0


def _candidates(data: bytes) -> Iterator[int]:
    forms = data.translate(_FORMS)
    for sign in _SIGNS:
        at = forms.find(sign)
        while at >= 0:
            yield at
            at = forms.find(sign, at + 1)


def find(data: bytes) -> Iterator[Span]:
    """Give start and end of each card's number."""
    for at in _candidates(data):
        number = _PATTERN.match(data, at)
        if number and _checks(number[0]):
            yield number.span()


def begun(data: bytes) -> int:
    """Give the index from which on the data may be the beginning of a card's number."""
    found = _BEGUN.search(data, max(0, len(data) - _LONGEST))
    return found.start() if found else len(data)
