"""What is remembered of good fetches: keyed hashes of their bills' values, which say nothing to whoever lacks the importer's key.

Fetch and memory meet on the runner alone: the key comes with the lease, the summary goes with the report, and no value leaves in clear.
"""

import hashlib
import hmac
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from healer.bills import Bill
from healer.contracts import History, KnownBill

MOST_BILLS: Final = 120
"""Bills that are remembered of an importer, the newest."""
_DIGITS: Final = 32


def key_label(importer: str) -> str:
    """Give the label under which an importer's key is derived from the vault's."""
    return f"trace:{importer}"


class Hasher:
    """Keyed hashes (HMAC-SHA-256, 128 bits of it) of values by kind. `key` is the importer's; that of hashes is derived from it."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"importer-healer history", "sha256")

    def of(self, kind: str, value: object) -> str:
        """Give the hash of one value; equal values of different kinds differ."""
        return hmac.new(self._key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]

    @property
    def mark(self) -> str:
        """Give the hash by which a summary made under another key is recognised."""
        return self.of("key", "")

    def account(self, bill: Bill) -> str:
        """Give the hash of a bill's account, however the portal spaces it."""
        return self.account_number(bill.account)

    def account_number(self, number: str) -> str:
        """Give the hash of an account by its number."""
        return self.of("account", "".join(filter(str.isalnum, number)).casefold())

    def currency(self, bill: Bill) -> str:
        """Give the hash of a bill's currency."""
        return self.of("currency", bill.currency)

    def period(self, bill: Bill) -> str:
        """Give the hash by which a bill is known again: account and last day."""
        return self.of("period", f"{self.account(bill)} {bill.end}")

    def known(self, bill: Bill) -> KnownBill:
        """Give what is remembered of a bill."""
        return KnownBill(
            period=self.period(bill),
            account=self.account(bill),
            end=self.of("end", bill.end),
            amount=self.of("amount", f"{bill.amount.normalize():f} {bill.currency}"),
            currency=self.currency(bill),
            size=self.of("size", size(bill.amount)),
            pdf=self.of("pdf", bill.pdf.sha256) if bill.pdf else None,
            pdf_has_text=bool(bill.pdf and bill.pdf.text),
        )


def size(amount: Decimal) -> int:
    """Give the order of magnitude of an amount, in doublings; what is not positive has the least."""
    return math.floor(math.log2(amount)) if amount > 0 else -99


def usable(history: History | None, hasher: Hasher) -> History | None:
    """Give the history, or None where there is none under this key."""
    return history if history and history.bills and history.key == hasher.mark else None


def of_accounts(history: History | None, bills: Sequence[Bill], hasher: Hasher) -> History | None:
    """Give what is remembered of the accounts of these bills; None where nothing is."""
    accounts = {hasher.account(bill) for bill in bills}
    known = tuple(bill for bill in history.bills if bill.account in accounts) if history else ()
    return history.model_copy(update={"bills": known}) if history and known else None


def remembered(bills: Sequence[Bill], before: History | None, hasher: Hasher) -> History:
    """Give the history after a good fetch: its bills, and those from before that the portal no longer shows."""
    fresh = [hasher.known(bill) for bill in sorted(bills, key=lambda bill: bill.end)]
    periods = {known.period for known in fresh}
    kept = [known for known in before.bills if known.period not in periods] if before else []
    return History(key=hasher.mark, bills=tuple([*kept, *fresh][-MOST_BILLS:]))


def periods(known: Iterable[KnownBill]) -> dict[str, KnownBill]:
    """Give remembered bills by what they are known again by."""
    return {bill.period: bill for bill in known}
