"""The fleet: how each importer stands, for whoever is responsible for all of them. Pure: registry, cases and ledgers in, a board out.

Debt is what an importer costs by breaking again and again: healing hides it, and this shows it. Money and debt count the last 90 days.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from healer import autonomy, logins
from healer.autonomy import WINDOW, Earned
from healer.contracts import (
    ENDED,
    Case,
    CaseId,
    Contract,
    Fetch,
    Importer,
    ImporterName,
    LastGood,
    LoginStanding,
    Reason,
    State,
)

_WATCHED: Final = 2
_REWRITE: Final = 4
"""So many breakages in the window, and mending costs more than writing the importer anew."""
_HEALED: Final = frozenset({State.PUBLISHED, State.MERGED, State.CONFIRMED})
_NOT_ITS_FAULT: Final = frozenset({Reason.UNKNOWN_IMPORTER, Reason.TICKET_MISMATCH})


COLUMNS: Final = (
    "importer",
    "standing",
    "case",
    "last good bill",
    "debt, 90 days",
    "autonomy",
    "logins",
    "spent, 90 days",
)


class Standing(StrEnum):
    """How an importer stands; in this order a person should look."""

    MISCONFIGURED = "misconfigured"
    NEEDS_PERSON = "needs a person"
    FAILING = "failing"
    IN_REVIEW = "in review"
    HEALING = "healing"
    QUEUED = "queued"
    WAITING = "waiting"
    MERGED = "merged"
    WORKING = "working"
    UNKNOWN = "unknown"


_BY_STATE: Final[Mapping[State, Standing]] = {
    State.PUBLISHED: Standing.IN_REVIEW,
    State.MERGED: Standing.MERGED,
    State.QUEUED: Standing.QUEUED,
}
WORDS: Final[Mapping[Standing, str]] = {
    Standing.MISCONFIGURED: "Its entry in importers.toml cannot be used.",
    Standing.NEEDS_PERSON: "The healer has given it to people, or people have taken it.",
    Standing.FAILING: "Production's last fetch failed, and no case is open.",
    Standing.IN_REVIEW: "A pull request waits for its reviewers.",
    Standing.HEALING: "A case is at work.",
    Standing.QUEUED: "A case waits for its turn.",
    Standing.WAITING: "Not ours to heal; the healer looks again by itself.",
    Standing.MERGED: "Merged; production has not proved it yet.",
    Standing.WORKING: "Production's last fetch was good.",
    Standing.UNKNOWN: "Nobody has told of a fetch yet.",
}


class Debt(StrEnum):
    """What the breakages of the window say about an importer."""

    LOW = "low"
    WATCH = "watch"
    REWRITE = "rewrite"


class OpenCase(Contract):
    """The case that an importer stands by."""

    id: CaseId
    state: State
    reason: Reason | None
    since: datetime
    next_check: datetime | None


class Row(Contract):
    """One importer. `broke` counts cases of a real breakage in the window, `healed` those of them with a pull request."""

    importer: str
    title: str
    owner: str
    standing: Standing
    why: str
    case: OpenCase | None
    last_good: LastGood | None
    broke: int
    healed: int
    debt: Debt
    autonomy: Earned | None
    """How far the healer goes, and why; None where the entry cannot be used."""
    refs: tuple[LoginStanding, ...]
    usd: float


class Board(Contract):
    """All importers, those first that a person should look at; `counts` says how many stand how."""

    at: datetime
    rows: tuple[Row, ...]
    counts: dict[Standing, int]
    usd: float


class Seen(Contract):
    """What the ledgers hold of an importer."""

    refs: tuple[LoginStanding, ...] = ()
    last_good: LastGood | None = None
    last_fetch: Fetch | None = None
    earned: Earned | None = None


def board(
    importers: Iterable[Importer],
    broken: Mapping[str, str],
    cases: Iterable[Case],
    seen: Mapping[ImporterName, Seen],
    now: datetime,
) -> Board:
    """Give the board at `now` (UTC). `broken` says what is wrong with entries of the registry that cannot be used."""
    by_importer = defaultdict[str, list[Case]](list)
    for case in cases:
        by_importer[case.importer].append(case)
    rows = [_row(one, by_importer[one.name], seen.get(one.name, Seen()), now) for one in importers]
    rows += [_broken(name, why) for name, why in broken.items()]
    order = list(Standing)
    rows.sort(key=lambda row: (order.index(row.standing), -row.broke, row.importer))
    counts = {standing: sum(row.standing is standing for row in rows) for standing in Standing}
    return Board(
        at=now,
        rows=tuple(rows),
        counts={standing: count for standing, count in counts.items() if count},
        usd=sum(row.usd for row in rows),
    )


def _row(importer: Importer, cases: Sequence[Case], seen: Seen, now: datetime) -> Row:
    recent = [case for case in cases if now - case.opened_at <= WINDOW]
    breakages = [case for case in recent if _is_breakage(case)]
    case = _stands_by(cases, seen.last_fetch)
    standing = _standing(case, seen.last_fetch)
    return Row(
        importer=importer.name,
        title=importer.title,
        owner=importer.owner,
        standing=standing,
        why=(case.reason_text if case else "") or WORDS[standing],
        case=_open(case) if case else None,
        last_good=seen.last_good,
        broke=len(breakages),
        healed=sum(case.state in _HEALED for case in breakages),
        debt=debt(len(breakages)),
        autonomy=seen.earned or autonomy.earned(importer, (), None, now),
        refs=seen.refs,
        usd=sum(attempt.spend.usd for case in recent for attempt in case.attempts),
    )


def _broken(name: str, why: str) -> Row:
    """Give the row of an entry that cannot be used: it is healed by nobody, which somebody should see."""
    return Row(
        importer=name,
        title="",
        owner="",
        standing=Standing.MISCONFIGURED,
        why=why,
        case=None,
        last_good=None,
        broke=0,
        healed=0,
        debt=Debt.LOW,
        autonomy=None,
        refs=(),
        usd=0.0,
    )


def debt(broke: int) -> Debt:
    """Grade an importer by its breakages in the window."""
    return Debt.REWRITE if broke >= _REWRITE else Debt.WATCH if broke >= _WATCHED else Debt.LOW


def _is_breakage(case: Case) -> bool:
    """Say whether the importer itself broke: not the portal, not the login, not the ticket."""
    return case.state is not State.NOT_FIXED and case.reason not in _NOT_ITS_FAULT


def _stands_by(cases: Sequence[Case], fetch: Fetch | None) -> Case | None:
    """Give the case that says how the importer stands: an open one, else the newest, unless it is done or production has fetched since."""
    at_work = [case for case in cases if case.state not in ENDED]
    if at_work:
        return max(at_work, key=lambda case: (case.state is not State.QUEUED, case.opened_at))
    newest = max(cases, key=lambda case: case.updated_at, default=None)
    if (
        newest is None
        or newest.state in {State.CONFIRMED, State.SUPERSEDED}
        or newest.reason in {*_NOT_ITS_FAULT, Reason.ALREADY_HEALED}
    ):
        return None
    is_over = fetch is not None and fetch.outcome == "fetched" and fetch.at > newest.updated_at
    return None if is_over and newest.state not in {State.PUBLISHED, State.MERGED} else newest


def _standing(case: Case | None, fetch: Fetch | None) -> Standing:
    if case is None:
        good = fetch is not None and fetch.outcome == "fetched"
        return Standing.WORKING if good else Standing.FAILING if fetch else Standing.UNKNOWN
    if case.state is State.NOT_FIXED:
        return Standing.WAITING if case.next_check else Standing.NEEDS_PERSON
    return _BY_STATE.get(case.state, Standing.NEEDS_PERSON if case.state in ENDED else Standing.HEALING)


def _open(case: Case) -> OpenCase:
    return OpenCase(id=case.id, state=case.state, reason=case.reason, since=case.opened_at, next_check=case.next_check)


def cells(row: Row) -> tuple[str, ...]:
    """Give an importer's line, a text for each of `COLUMNS`."""
    good, case = row.last_good, row.case
    broke = f"broke {row.broke}, healed {row.healed}" + ("" if row.debt.value == "low" else f" ({row.debt.value})")
    return (
        row.importer,
        row.standing.value,
        f"{case.id} {case.state.value}" + (f" {case.reason.value}" if case.reason else "") if case else "",
        f"{good.at:%Y-%m-%d %H:%M} ({good.bills}, {good.by})" if good else "",
        broke if row.broke else "",
        row.autonomy.level.value.replace("_", " ") if row.autonomy else "",
        "; ".join(logins.words(standing) for standing in row.refs),
        f"${row.usd:.2f}",
    )
