"""When an importer's accounts are billed, from what is remembered of their bills.

A `History` holds hashes. Whoever has the importer's key finds the days again by trying each one, and learns no amount and no account.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from healer.contracts import Event, History
from healer.history import Hasher, usable

LOOKED_BACK: Final = timedelta(days=800)
"""Two years of bills and the gaps between them."""
_GAPS: Final = range(5, 401)
"""Days between two bills of an account; what lies closer or farther apart tells nothing."""
_A_DAY: Final = timedelta(days=1)
_MORNING: Final = time(6, tzinfo=UTC)


class LastFetch(NamedTuple):
    """The last good fetch before a case was opened: when, and how many bills it brought."""

    at: datetime
    bills: int


class Billed(NamedTuple):
    """One bill that somebody has seen: its account, as a keyed hash, and the last day of its period."""

    account: str
    end: date


def last_good(events: Iterable[Event]) -> LastFetch | None:
    """Give when bills had been fetched last before the case was opened, where its first admission says so."""
    data = next((event.data for event in events if event.kind == "ticket_admitted"), {})
    at, bills = data.get("last_good"), data.get("last_good_bills")
    if not isinstance(at, int | float):
        return None
    return LastFetch(datetime.fromtimestamp(at, UTC), int(bills) if isinstance(bills, int | float) else 0)


def billed(history: History | None, hasher: Hasher, today: date) -> tuple[Billed, ...]:
    """Give which account was billed up to which day, in the order of days; none where nothing is known under this key."""
    known = usable(history, hasher)
    if known is None:
        return ()
    tried = (today - _A_DAY * n for n in range(-31, LOOKED_BACK.days))
    days = {hasher.of("end", day): day for day in tried}
    found = {Billed(bill.account, days[bill.end]) for bill in known.bills if bill.end in days}
    return tuple(sorted(found, key=lambda one: (one.end, one.account)))


def by_account(bills: Iterable[Billed]) -> Mapping[str, Sequence[date]]:
    """Give the days of each account, in order."""
    found: dict[str, set[date]] = defaultdict(set)
    for bill in bills:
        found[bill.account].add(bill.end)
    return {account: sorted(days) for account, days in sorted(found.items())}


def cadence(days: Sequence[date]) -> int | None:
    """Give how many days lie between two bills, usually; None where there are no two."""
    gaps = [gap for one, next_ in pairwise(days) if (gap := (next_ - one).days) in _GAPS]
    return round(median(gaps)) if gaps else None


def usual_cadence(accounts: Mapping[str, Sequence[date]]) -> int | None:
    """Give the cadence of most accounts, for one of which a single bill is known."""
    found = [each for days in accounts.values() if (each := cadence(days))]
    return round(median(found)) if found else None


def look_again(bills: Iterable[Billed], now: datetime, wait_days: int) -> tuple[datetime, str]:
    """Say when to look for a bill again, and why then: the morning after the first day on which a period should be over.

    Where a bill is late, or nobody knows when one comes, it is in so many days (UTC), if none is promised before.
    """
    due = sorted(_due(by_account(bills)))
    late, coming = [day for day in due if day <= now.date()], [day for day in due if day > now.date()]
    in_days = now + timedelta(days=wait_days)
    if coming and (not late or _morning_after(coming[0]) <= in_days):
        return _morning_after(coming[0]), f"By the cadence of its bills the next period is over on {coming[0]}."
    if late:
        return in_days, f"By the cadence of its bills a period was over on {late[-1]}, so its bill is late."
    return in_days, "When its bills come is not known."


def _due(accounts: Mapping[str, Sequence[date]]) -> Iterator[date]:
    """Give the day on which each account's next period is over."""
    usual = usual_cadence(accounts)
    for days in accounts.values():
        if step := cadence(days) or usual:
            yield days[-1] + timedelta(days=step)


def _morning_after(day: date) -> datetime:
    return datetime.combine(day + _A_DAY, _MORNING)
