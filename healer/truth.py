"""Are the bills of a fetch true? They are compared with one another, with their PDFs, and with what is remembered of good fetches.

A result that keeps its form and fails here is the dangerous kind: plausible and wrong. Details name bills by number, never a value.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from healer import history
from healer.bills import Bill
from healer.contracts import Check, History
from healer.history import Hasher
from healer.totals import says_total

NAMES: Final = frozenset(
    {
        *("period_sane", "due_date_sane", "one_currency", "pdfs_differ", "amount_in_pdf", "account_known", "currency_known"),
        *("follows_last_good", "known_bills_unchanged", "amount_plausible", "pdf_is_new", "not_in_diff"),
        *("repetitions_agree", "logins_differ", "follows_the_pages"),
    }
)  # fmt: skip
"""The checks whose failure, alone, is a silent wrong (SPEC, "Checks")."""
_LONGEST_PERIOD: Final = timedelta(days=400)
_LATEST_DUE: Final = timedelta(days=180)
_AHEAD: Final = timedelta(days=31)
_GAP_DAYS: Final = 3
_DOUBLINGS: Final = 3
"""A new amount is plausible within a factor of about ten of a known one: seasons are, a decimal point in the wrong place is not."""


def check_truth(bills: Sequence[Bill], before: History | None, hasher: Hasher, today: date) -> Iterator[Check]:
    """Judge bills whose form is right. `before` is the history of good fetches under the hasher's key, None where there is none."""
    yield _each("period_sane", (_period_is_sane(bill, today) for bill in bills))
    yield _each("due_date_sane", (bill.end < bill.due <= bill.end + _LATEST_DUE for bill in bills))
    yield Check(name="one_currency", passed=len({bill.currency for bill in bills}) <= 1)
    yield _each("pdfs_differ", _pdfs_differ(bills))
    yield _amount_in_pdf(bills, before)
    if before is None:
        yield Check(name="last_good", passed=True, detail="none is known yet: bills are compared with their PDFs alone")
    else:
        yield from _against(bills, before, hasher)


def check_repetitions(fetches: Sequence[Sequence[Bill]]) -> Check:
    """Compare what one login saw, fetch by fetch."""
    told = {frozenset((bill.account, bill.end, bill.amount) for bill in bills) for bills in fetches}
    detail = f"{len(fetches)} fetches" if len(told) == 1 else f"{len(told)} results in {len(fetches)} fetches"
    return Check(name="repetitions_agree", passed=len(told) == 1, detail=detail)


def check_logins(first: Sequence[Bill], second: Sequence[Bill]) -> Check:
    """Compare what two logins saw: each has accounts of its own."""
    shared = {bill.account for bill in first} & {bill.account for bill in second}
    detail = "two logins gave bills of one account" if shared else ""
    return Check(name="logins_differ", passed=not shared, detail=detail)


def _each(name: str, outcomes: Iterable[bool]) -> Check:
    broken = [number for number, holds in enumerate(outcomes, 1) if not holds]
    detail = f"broken in {len(broken)} bills, first in number {broken[0]}" if broken else ""
    return Check(name=name, passed=not broken, detail=detail)


def _period_is_sane(bill: Bill, today: date) -> bool:
    return bill.end - bill.start <= _LONGEST_PERIOD and bill.end <= today + _AHEAD


def _pdfs_differ(bills: Sequence[Bill]) -> Iterator[bool]:
    """Say of each bill whether its PDF is that of no other period."""
    ends: dict[str, date] = {}
    for bill in bills:
        yield bill.pdf is None or ends.setdefault(bill.pdf.sha256, bill.end) == bill.end


def _amount_in_pdf(bills: Sequence[Bill], before: History | None) -> Check:
    """Compare with what each PDF says. One of pictures says nothing, which is believed where good fetches had none with text."""
    texts = [bill.pdf.text if bill.pdf else "" for bill in bills]
    had_text = before is not None and any(known.pdf_has_text for known in before.bills)
    judged = (
        says_total(text, bill.amount) if text else not (bill.pdf and had_text)
        for text, bill in zip(texts, bills, strict=True)
    )
    check, silent = _each("amount_in_pdf", judged), texts.count("")
    if check.passed and silent:
        return check.model_copy(update={"detail": f"{silent} of {len(bills)} bills have no text to compare with"})
    return check


def _against(bills: Sequence[Bill], before: History, hasher: Hasher) -> Iterator[Check]:
    known = history.periods(before.bills)
    new = [bill for bill in bills if hasher.period(bill) not in known]
    yield _each("account_known", _seen(map(hasher.account, bills), (bill.account for bill in before.bills)))
    yield _each("currency_known", _seen(map(hasher.currency, bills), (bill.currency for bill in before.bills)))
    yield Check(name="follows_last_good", passed=any(_follows(bill, before, hasher) for bill in bills))
    yield _unchanged([bill for bill in bills if hasher.period(bill) in known], before, hasher)
    yield _each("amount_plausible", (_is_plausible(bill, before, hasher) for bill in new))
    pdfs = {bill.pdf for bill in before.bills}
    yield _each("pdf_is_new", (bill.pdf is None or hasher.known(bill).pdf not in pdfs for bill in new))


def _seen(values: Iterable[str], known: Iterable[str]) -> Iterator[bool]:
    held = frozenset(known)
    return (value in held for value in values)


def _follows(bill: Bill, before: History, hasher: Hasher) -> bool:
    """Say whether a bill is the newest that is remembered, or begins where that one ended."""
    newest = before.bills[-1].end
    ends = [bill.end, *(bill.start - timedelta(days=gap) for gap in range(_GAP_DAYS + 1))]
    return any(hasher.of("end", end) == newest for end in ends)


def _unchanged(again: Sequence[Bill], before: History, hasher: Hasher) -> Check:
    """Utilities correct a bill now and then; most of those that were seen before must say what they said."""
    known = history.periods(before.bills)
    differing = sum(hasher.known(bill).amount != known[hasher.period(bill)].amount for bill in again)
    detail = f"{differing} of {len(again)} bills have another amount than before" if differing else ""
    return Check(name="known_bills_unchanged", passed=differing * 2 < max(len(again), 1), detail=detail)


def _is_plausible(bill: Bill, before: History, hasher: Hasher) -> bool:
    """Compare sizes; a credit, or nothing to pay, is plausible after anything."""
    if bill.amount <= 0:
        return True
    around = (history.size(bill.amount) + step for step in range(-_DOUBLINGS, _DOUBLINGS + 1))
    return not {hasher.of("size", size) for size in around}.isdisjoint(known.size for known in before.bills)
