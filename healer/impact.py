"""What healing is worth: time, money and mistakes of all cases of a window, computed from their event chains alone.

Receipts hold the same chains, so that anybody can compute every figure again (`disagreements`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from pydantic import Field

from healer.contracts import Contract
from healer.healing import Healing, Outcome, Phase

BASELINE_S: Final = 91 * 24 * 3600.0
"""Before: about three months from a broken importer to a fix in production."""
TARGET_S: Final = 4 * 24 * 3600.0
_HEALED: Final = frozenset({Outcome.CONFIRMED, Outcome.MERGED})


class Assumption(Contract):
    """What the report assumes and cannot measure: an engineer's hours for one fix by hand, and for the review of one pull request."""

    hours_per_fix: float = Field(default=12.0, ge=0)
    hours_per_review: float = Field(default=0.5, ge=0)


class Week(Contract):
    """One week by its Monday: cases opened, cases that production confirmed or people merged, US dollars."""

    monday: str
    opened: int
    healed: int
    usd: float


class Report(Contract):
    """The figures of a window. Times are medians in seconds over the cases that have them, with how many those are."""

    since: datetime
    until: datetime
    cases: int
    outcomes: dict[Outcome, int]
    reasons: dict[str, int]
    phases: dict[Phase, float]
    measured: dict[Phase, int]
    to_pull_request_s: float | None
    to_production_s: float | None
    proved: int
    usd: float
    bills: int
    usd_per_bill: float | None
    delayed_bill_hours: float
    delayed_of: int
    false_repairs: int
    published: int
    refused: dict[str, int]
    hours_saved: float
    assumption: Assumption
    baseline_s: float = BASELINE_S
    target_s: float = TARGET_S
    weeks: tuple[Week, ...] = ()


def report(
    healings: Iterable[Healing], since: datetime, until: datetime, assumption: Assumption | None = None
) -> Report:
    """Give the report of the cases that were opened from `since` on and before `until` (UTC)."""
    ours, assumed = [one for one in healings if since <= one.opened_at < until], assumption or Assumption()
    outcomes, healed = Counter(one.outcome for one in ours), [one for one in ours if one.outcome in _HEALED]
    published = sum(one.was_published for one in ours)
    usd, bills = sum(one.usd for one in ours), sum(one.bills for one in ours)
    delayed = [one.delayed_bill_hours for one in ours if one.delayed_bill_hours is not None]
    proved = [one for one in ours if one.outcome is Outcome.CONFIRMED and one.ended_at]
    in_phase = {phase: [one.phases[phase] for one in ours if phase in one.phases] for phase in Phase}
    return Report(
        since=since,
        until=until,
        cases=len(ours),
        outcomes={outcome: outcomes[outcome] for outcome in Outcome if outcomes[outcome]},
        reasons=dict(sorted(Counter(one.reason for one in ours if one.reason).items())),
        phases={phase: median(times) for phase, times in in_phase.items() if times},
        measured={phase: len(times) for phase, times in in_phase.items() if times},
        to_pull_request_s=_median(_automatic(one) for one in ours if one.was_published),
        to_production_s=_median((one.ended_at - one.opened_at).total_seconds() for one in proved if one.ended_at),
        proved=len(proved),
        usd=round(usd, 6),
        bills=bills,
        usd_per_bill=round(usd / bills, 6) if bills else None,
        delayed_bill_hours=round(sum(delayed), 3),
        delayed_of=len(delayed),
        false_repairs=sum(one.was_wrong for one in ours),
        published=published,
        refused=dict(sorted(sum((Counter(one.refused) for one in ours), Counter[str]()).items())),
        hours_saved=round(len(healed) * assumed.hours_per_fix - published * assumed.hours_per_review, 3),
        assumption=assumed,
        weeks=tuple(_weeks(ours, since, until)),
    )


def _automatic(one: Healing) -> float:
    """Sum the seconds that the healer itself took, up to the pull request."""
    return sum(one.phases.get(phase, 0.0) for phase in (Phase.TRIAGE, Phase.PATCH, Phase.GATE))


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def _weeks(ours: Sequence[Healing], since: datetime, until: datetime) -> Iterator[Week]:
    monday = (since - timedelta(days=since.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    while monday < until:
        following = monday + timedelta(days=7)
        opened = [one for one in ours if monday <= one.opened_at < following]
        healed = sum(one.outcome in _HEALED for one in opened)
        yield Week(
            monday=f"{monday:%Y-%m-%d}", opened=len(opened), healed=healed, usd=round(sum(one.usd for one in opened), 6)
        )
        monday = following


def disagreements(ledger: Sequence[Healing], receipts: Sequence[Healing]) -> tuple[str, ...]:
    """Name the cases whose receipt does not give the figures that the ledger gives, both read until the receipt's end."""
    by_case = {one.case: one for one in ledger}
    return tuple(one.case for one in receipts if by_case.get(one.case) != one)
