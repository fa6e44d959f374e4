"""Watches production: whether an importer breaks, before a customer says so. Pure: production's own words in, alarms out.

An importer is alarming where its newest fetch is bad and too many of its latest were: they failed (success rate), or brought far fewer
bills than usual (fill rate). A changed structure of the portal's pages makes one bad fetch enough; by itself it is no alarm.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import mean, median
from typing import Final, Literal

from pydantic import Field

from healer.contracts import Contract, Fetch, Importer, ImporterName, Ticket
from healer.prose import wiki

_USUAL_OF: Final = 20
"""So many good fetches before the window say what is usual."""
_DAY: Final = timedelta(days=1)


class Rule(Contract):
    """When an importer is alarming (rates from 0 to 1; hours), and how often that may become a ticket."""

    inputs: int = Field(ge=1)
    window_h: float = Field(gt=0)
    success: float = Field(ge=0, le=1)
    fill: float = Field(ge=0, le=1)
    cooldown_h: float = Field(ge=0)
    per_day: int = Field(ge=0)


class Alarm(Contract):
    """What is wrong with an importer, in figures. `usual` is the bills of a usual fetch, 0 where nobody knows."""

    importer: ImporterName
    kind: Literal["failing", "thin"]
    fetches: int
    failed: int
    bills: float
    usual: float
    structure_changed: bool
    since: datetime

    @property
    def words(self) -> str:
        """Say it to people."""
        count = f"{self.failed} of {self.fetches} fetches failed since {self.since:%Y-%m-%d %H:%M} UTC"
        thin = f"fetches bring {self.bills:g} bill(s) since {self.since:%Y-%m-%d %H:%M} UTC, usually {self.usual:g}"
        changed = "; the structure of its pages has changed" if self.structure_changed else ""
        return (count if self.kind == "failing" else thin) + changed


class Told(Contract):
    """A ticket that an alarm has opened."""

    importer: ImporterName
    ticket: str
    at: datetime


def alarm(importer: ImporterName, fetches: Sequence[Fetch], rule: Rule, now: datetime) -> Alarm | None:
    """Judge an importer by what production has told of it, oldest first; None where nothing is wrong, or too little is known."""
    begin = now - timedelta(hours=rule.window_h)
    seen = [fetch for fetch in fetches if begin < fetch.at <= now]
    good = [fetch for fetch in fetches if fetch.at <= begin and fetch.outcome == "fetched" and fetch.bills]
    usual = median(fetch.bills for fetch in good[-_USUAL_OF:]) if len(good) >= rule.inputs else 0.0
    changed = bool(seen) and _has_changed(seen[-1], good)
    if len(seen) < (1 if changed else rule.inputs) or not _is_bad(seen[-1], usual, rule):
        return None
    failed = sum(fetch.outcome == "failed" for fetch in seen)
    bills = [fetch.bills for fetch in seen if fetch.outcome == "fetched"]
    kind: Literal["failing", "thin"] | None = None
    if 1 - failed / len(seen) < rule.success:
        kind = "failing"
    elif bills and usual and mean(bills) / usual < rule.fill:
        kind = "thin"
    if kind is None:
        return None
    return Alarm(
        importer=importer,
        kind=kind,
        fetches=len(seen),
        failed=failed,
        bills=round(mean(bills), 1) if bills else 0.0,
        usual=usual,
        structure_changed=changed,
        since=seen[0].at,
    )


def _is_bad(last: Fetch, usual: float, rule: Rule) -> bool:
    return last.outcome == "failed" or bool(usual and last.bills / usual < rule.fill)


def _has_changed(last: Fetch, good: Sequence[Fetch]) -> bool:
    before = next((fetch.structure for fetch in reversed(good) if fetch.structure), "")
    return bool(before and last.structure and last.structure != before)


def open_ticket(importer: Importer, tickets: Iterable[Ticket]) -> str | None:
    """Give the key of the importer's open ticket, where it has one."""
    return next((ticket.key for ticket in tickets if importer.component in ticket.components), None)


def hindrance(importer: Importer, tickets: Iterable[Ticket], told: Sequence[Told], rule: Rule, now: datetime) -> str:
    """Say why an alarm opens no ticket now; empty where it may. `tickets` are the open ones of the project."""
    if open_one := open_ticket(importer, tickets):
        return f"has ticket {open_one}"
    if any(one.importer == importer.name and now - one.at < timedelta(hours=rule.cooldown_h) for one in told):
        return "cooldown"
    if sum(now - one.at < _DAY for one in told) >= rule.per_day:
        return "daily cap"
    return ""


def open_tickets(project: str) -> str:
    """Give the JQL for the project's open tickets with a component; which one is compared afterwards (see `sweep.query`)."""
    return f"project = {project} AND statusCategory != Done AND component is not EMPTY ORDER BY created ASC"


def ticket(found: Alarm, importer: Importer, project: str, issue_type: str) -> dict[str, object]:
    """Give the fields of the ticket that an alarm opens (wiki markup)."""
    what = "fetches fail" if found.kind == "failing" else "fetches bring few bills"
    who = "Nobody has reported it: Importer Healer watches what production tells of its fetches."
    text = f"{wiki(importer.title)}: {found.words}.\n\n{who}"
    return {
        "project": {"key": project},
        "issuetype": {"name": issue_type},
        "summary": f"{' '.join(importer.title.split())}: {what}",
        "description": text,
        "components": [{"name": importer.component}],
        "labels": ["importer-healer-watch"],
    }
