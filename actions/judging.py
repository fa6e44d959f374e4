"""The judgement of a fetch: every named check of what it left, made after its container is gone and nothing of it can still write."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from actions import results
from healer import history, truth
from healer.bills import Bill, read_bills
from healer.checks import check_exit, check_result, pdf_names
from healer.clients import pdf
from healer.clients.container import RunResult
from healer.clients.gateway import Lease
from healer.contracts import Check, Failure, FailureClass, GateMode, History, LeaseGrant
from healer.egress import HOSTS_ALLOWED, Contacts, check_hosts
from healer.history import Hasher
from healer.leak import check_diff
from healer.redact import Redactor
from healer.trace import failure_of_check

RESULT: Final = "result"
"""Name of `OUT_DIR` in the writable directory."""
_USER_NAME: Final = "PORTAL_USERNAME"
"""Whose login it was may be said."""


class Fetched(NamedTuple):
    """A fetch as it was seen from outside its container. `reader` waits for its PDFs."""

    ended: RunResult
    contacts: Contacts
    reader: pdf.Reader


@dataclass(frozen=True)
class Judged:
    """The checks in their order, and the bills where all hold. They stay on this machine."""

    checks: tuple[Check, ...]
    bills: tuple[Bill, ...] = ()

    @property
    def broken(self) -> tuple[str, ...]:
        """Give the names of the checks that do not hold."""
        return tuple(check.name for check in self.checks if not check.passed)


def judge(fetched: Fetched, out: Path, lease: Lease, today: date, *, login: int) -> Judged:
    """Judge a fetch with one of the lease's logins, by its number from 0.

    One that failed is judged by its end alone: what it left besides is from before the failure.
    """
    outside = (check_exit(fetched.ended.exit_code), *check_hosts(fetched.contacts))
    if not all(check.passed for check in outside):
        return Judged(outside)
    importer, folder = lease.grant.importer, out / RESULT
    result = results.read_json(folder, f"{importer.name}.json", results.RESULT_MAX)
    pdfs = results.read_pdfs(folder, pdf_names(result), fetched.reader)
    formal = (*outside, *check_result(result, pdfs, importer))
    if result is None or not all(check.passed for check in formal):
        return Judged(formal)
    bills = read_bills(result, pdfs)
    return _true((*formal, *_shown(fetched.ended, lease)), bills, lease, today, login)


def _true(formal: tuple[Check, ...], bills: tuple[Bill, ...], lease: Lease, today: date, login: int) -> Judged:
    grant, hasher = lease.grant, Hasher(lease.trace_key.get_secret_value())
    whole = history.usable(grant.history, hasher)
    # What nobody has seen is strange to the importer's main login; another login may be new.
    before = history.of_accounts(whole, bills, hasher) or (whole if login == 0 else None)
    checks = (*formal, *truth.check_truth(bills, before, hasher, today), *_written(grant, bills))
    good = all(check.passed for check in checks)
    return Judged(checks, bills if good else ())


def _shown(ended: RunResult, lease: Lease) -> tuple[Check, ...]:
    """Judge a changed importer by what it printed: a login that is masked here is printed in clear where production runs the same code."""
    if lease.grant.mode is not GateMode.VERIFY:
        return ()
    held = [value.get_secret_value() for login in lease.logins for name, value in login.items() if name != _USER_NAME]
    printed, known, forms = ended.output.decode(errors="replace"), Redactor(), Redactor()
    known.add(held)
    shown = known.text(printed) != forms.text(printed)
    return (Check(name="login_not_shown", passed=not shown, detail="the fetch printed its login" if shown else ""),)


def to_remember(bills: tuple[Bill, ...], lease: Lease) -> History:
    """Give what to remember of the bills of all logins."""
    hasher = Hasher(lease.trace_key.get_secret_value())
    return history.remembered(bills, history.usable(lease.grant.history, hasher), hasher)


def _written(grant: LeaseGrant, bills: tuple[Bill, ...]) -> tuple[Check, ...]:
    """Only a change can write a value down. One that nobody told us cannot be judged, and does not pass."""
    if grant.mode is not GateMode.VERIFY:
        return ()
    if not grant.diff:
        return (Check(name="not_in_diff", passed=False, detail="the lease does not say what was changed"),)
    return (check_diff(grant.diff, bills),)


def failed_check(judged: Judged, importer: str) -> Failure:
    """Give the failure of a fetch that the gate refuses, also where it ended with exit 0.

    A host that is not allowed goes before all: what follows from its refusal is not the portal's doing.
    """
    first = min((check for check in judged.checks if not check.passed), key=lambda check: check.name != HOSTS_ALLOWED)
    if first.name == HOSTS_ALLOWED:
        message = f"The fetch {first.detail}, which importers.toml does not allow."
        return failure_of_check(FailureClass.CONTRACT_BROKEN, first.name, message, importer)
    silent = truth.NAMES.issuperset(judged.broken)
    kind = FailureClass.SILENT_WRONG if silent else FailureClass.CONTRACT_BROKEN
    return failure_of_check(kind, first.name, f"The result is not true: {', '.join(judged.broken)}.", importer)
