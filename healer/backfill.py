"""What was missed while an importer was broken: accounts by billing periods, for whoever fetches in production to run again.

Accounts are the keyed hashes under which their bills are remembered, or, where none are, the credentialRefs. Of a bill there is no more.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from healer import billing
from healer.billing import Billed
from healer.contracts import Case, CaseId, Contract, Event, File, Importer, ImporterName, Reason, State

LISTED: Final = "backfill_listed"
"""Kind of the event that says how much was missed; `ends` is the end of the case that the list belongs to."""
_LAG: Final = timedelta(days=21)
"""A bill may be shown so long after its period is over, so what ended shortly before the last good fetch may be missing too."""
_STILL_ACTIVE: Final = 2
"""An account without a bill for so many of its periods has none any more."""
_MOST: Final = 5000
_SHOWN: Final = 10
_MARK: Final = 12
_DAY: Final = timedelta(days=1)


class Missed(Contract):
    """One account and period.

    `basis`: the portal shows this bill (`shown`), the account's cadence promises it (`expected`), or nothing is known of bills
    and it is a calendar month of a login (`month`).
    """

    account: str
    period_start: date | None
    period_end: date
    basis: Literal["shown", "expected", "month"]


class Backfill(Contract):
    """All that was missed between the last good fetch (or the case's opening) and its end."""

    version: Literal[1] = 1
    case: CaseId
    importer: ImporterName
    since: datetime
    until: datetime
    rows: tuple[Missed, ...] = ()

    @property
    def accounts(self) -> int:
        """Count the accounts."""
        return len({row.account for row in self.rows})


def is_owed(case: Case) -> bool:
    """Say whether the case has ended with an importer that fetches again, so that what was missed can be fetched."""
    return case.state is State.CONFIRMED or (case.state is State.NOT_FIXED and case.reason is Reason.ALREADY_HEALED)


def span(case: Case, events: Sequence[Event]) -> tuple[datetime, datetime]:
    """Give since when bills are missing, and until when: from the last good fetch before the case began to the end it has now."""
    good = billing.last_good(events)
    ended = next((event.at for event in reversed(events) if event.kind == case.state.value), case.updated_at)
    return min(good.at if good else case.opened_at, case.opened_at), ended


def missed(case: Case, importer: Importer, events: Sequence[Event], bills: Iterable[Billed]) -> Backfill:
    """List what was missed. `bills` are all that are known, those of the last green gate run among them."""
    since, until = span(case, events)
    first, last = since.date() - _LAG, until.date()
    accounts = billing.by_account(bill for bill in bills if bill.end <= last)
    rows = [row for days in _of_accounts(accounts, first, last) for row in days] if accounts else []
    if not accounts:
        rows = [row for ref in importer.credentials for row in _months(ref, since.date(), last)]
    return Backfill(case=case.id, importer=case.importer, since=since, until=until, rows=tuple(rows[:_MOST]))


def _of_accounts(accounts: Mapping[str, Sequence[date]], first: date, last: date) -> Iterator[list[Missed]]:
    usual = billing.usual_cadence(accounts)
    for account, days in accounts.items():
        step = billing.cadence(days) or usual
        yield [*_shown(account, days, step, first), *_expected(account, days[-1], step, (first, last))]


def _shown(account: str, days: Sequence[date], step: int | None, first: date) -> list[Missed]:
    before = [None, *days]
    return [
        Missed(account=account, period_start=_start(end, previous, step), period_end=end, basis="shown")
        for end, previous in zip(days, before, strict=False)
        if end > first
    ]


def _start(end: date, previous: date | None, step: int | None) -> date | None:
    """Give the day after the period before; where that bill is unknown or too far away, one that fits the cadence."""
    if previous and (step is None or (end - previous).days < 1.5 * step):  # half a period more: a bill was left out
        return previous + _DAY
    return end - timedelta(days=step) + _DAY if step else None


def _expected(account: str, newest: date, step: int | None, window: tuple[date, date]) -> list[Missed]:
    """Go on by the cadence behind the newest bill that is known, up to the end of the window."""
    first, last = window
    if step is None or newest < first - timedelta(days=_STILL_ACTIVE * step):
        return []
    found = []
    while (end := newest + timedelta(days=step)) <= last:
        if end > first:
            found.append(Missed(account=account, period_start=newest + _DAY, period_end=end, basis="expected"))
        newest = end
    return found


def _months(ref: str, since: date, last: date) -> Iterator[Missed]:
    """Give the calendar months that the time touches."""
    start = since.replace(day=1)
    while start <= last:
        end = (start + timedelta(days=32)).replace(day=1) - _DAY
        yield Missed(account=ref, period_start=start, period_end=end, basis="month")
        start = end + _DAY


# ---------------------------------------------------------------- shown


def as_csv(backfill: Backfill) -> str:
    """Give the rows as CSV (RFC 4180), with a head."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["importer", "account", "period_start", "period_end", "basis"])
    writer.writerows([backfill.importer, r.account, r.period_start or "", r.period_end, r.basis] for r in backfill.rows)
    return out.getvalue()


def prefix(case: CaseId) -> str:
    """Give how the names of a ticket's files begin."""
    return f"backfill-{case}-"


def files(backfill: Backfill) -> tuple[File, ...]:
    """Give both forms as files, named by what is in them; none where nothing was missed."""
    if not backfill.rows:
        return ()
    text = backfill.model_dump_json(indent=1) + "\n"
    name = prefix(backfill.case) + hashlib.sha256(text.encode()).hexdigest()[:_MARK]
    return (
        File(name=f"{name}.json", mime="application/json", content=text),
        File(name=f"{name}.csv", mime="text/csv", content=as_csv(backfill)),
    )


def words(backfill: Backfill, address: str) -> str:
    """Say it on the ticket, in JIRA's wiki markup: how much, the first rows, and where all of it is (`address`)."""
    span_ = f"between {backfill.since:%Y-%m-%d} and {backfill.until:%Y-%m-%d}"
    if not backfill.rows:
        return f"*Backfill:* no billing period ended {span_}.\n"
    much = f"{_counted(len(backfill.rows), 'period')} of {_counted(backfill.accounts, 'account')}"
    where = f"attached, and as [JSON|{address}] and [CSV|{address}.csv]"
    lines = [
        f"*Backfill:* {much} to fetch again, missed {span_}; all of them {where}.",
        "||account||period||known from||",
        *(
            f"|{row.account[:_MARK]}|{row.period_start or '?'} to {row.period_end}|{_BASES[row.basis]}|"
            for row in backfill.rows[:_SHOWN]
        ),
    ]
    left = len(backfill.rows) - _SHOWN
    return "\n".join([*lines, *([f"and {left} more."] if left > 0 else [])]) + "\n"


_BASES: Final = {"shown": "the portal", "expected": "its cadence", "month": "the calendar"}


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
