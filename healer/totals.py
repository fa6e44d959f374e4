"""Does a bill's PDF say the same total? Number in any grouping, beside the words by which bills name what is to be paid."""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

_TOTALS: Final = re.compile(
    r"amount (?:due|payable)|total (?:amount )?(?:due|payable)|total to pay|balance due|castka k uhrade|celkem k uhrade"
    r"|zahlbetrag|rechnungsbetrag|zu zahlen|montant a payer|total a payer|a betale|att betala|importe a pagar|totale da pagare"
)
_MONEY: Final = re.compile(r"\d[.,]\d\d(?!\d)")
_GROUP: Final = "[ .,'\u2019\u00a0\u202f]?"


def says_total(text: str, amount: Decimal) -> bool:
    """Say whether a PDF's text holds the amount: where it names a total there, else anywhere. The sign is not compared."""
    pattern = _written(abs(amount))
    named = [line for line in _totals(text) if _MONEY.search(line)]
    return any(pattern.search(line) for line in named or [text])


def _totals(text: str) -> Iterator[str]:
    """Give each line that names a total, with the next one where it holds no money itself: columns are often lines of their own."""
    for line, following in pairwise([*text.splitlines(), ""]):
        if _TOTALS.search(_plain(line)):
            yield line if _MONEY.search(line) else f"{line} {following}"


def _plain(line: str) -> str:
    marked = unicodedata.normalize("NFD", line.casefold())
    return " ".join("".join(char for char in marked if not unicodedata.combining(char)).split())


def _written(amount: Decimal) -> re.Pattern[str]:
    whole, _, rest = f"{amount:f}".partition(".")
    groups = re.findall(r"\d{1,3}(?=(?:\d{3})*$)", whole.lstrip("0") or "0")
    part = rest.rstrip("0")
    cents = rf"[.,]{part}0*" if part else r"(?:[.,]0+)?"
    return re.compile(rf"(?<!\d)(?<!\d[.,]){_GROUP.join(groups)}{cents}(?!\d|[.,]\d)")
