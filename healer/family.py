"""Siblings: portals that the same software makes. When one importer is healed, the others may be broken by the same change. Pure.

A sibling is looked at by a gate run of its own, which has no ticket and no case: it heals nothing. What it finds broken gets a ticket.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import takewhile
from typing import Final

from healer.contracts import (
    ENDED,
    Case,
    CaseId,
    Conclusion,
    Contract,
    Correlation,
    FailureClass,
    Fetch,
    GateMode,
    GateReport,
    GateRun,
    Importer,
    ImporterName,
    LoginStanding,
    Sha,
    State,
    TicketKey,
    Verdict,
)
from healer.prose import wiki
from healer.vendor import Print, agreeing

HEALED: Final = frozenset({State.PUBLISHED, State.MERGED, State.CONFIRMED})
"""In these a case's change is proved by the gate."""
NAMED: Final = "platform"
"""What agrees where importers.toml names the platform."""
BROKEN: Final = "broken"
"""The outcome that opens a ticket: the importer fails, and neither the portal's being away nor its login is the cause."""
_DOWN: Final = "the portal does not answer"
_NOT_THE_CHANGE: Final = {
    FailureClass.SOURCE_DOWN: _DOWN,
    FailureClass.AUTH_FAILED: "the portal refuses the login",
    FailureClass.TIMED_OUT: "the fetch did not end",
}
_DAY: Final = timedelta(days=1)


class Sibling(Contract):
    """An importer whose portal is made by the same software as another's, and the kinds of trace that say so."""

    importer: ImporterName
    agrees: tuple[str, ...]


class Checkup(Contract):
    """A gate run that looks at an importer because a sibling was healed (`origin`). `outcome` is empty until it is judged.

    Where nothing agrees `watch` has sent it, to learn whether the portal answers; then `origin` is no case (`probe_of`).
    """

    origin: CaseId
    importer: ImporterName
    agrees: tuple[str, ...]
    run: GateRun
    outcome: str = ""
    ticket: TicketKey | None = None

    @property
    def case(self) -> Case:
        """Give what stands for the case that the run does not have: it awaits this run as long as nothing came of it."""
        at = self.run.dispatched_at
        awaiting = None if self.outcome else self.run
        state = State.SUPERSEDED if self.outcome else State.DIAGNOSING
        return Case(id=self.origin, importer=self.importer, state=state, awaiting=awaiting, opened_at=at, updated_at=at)


def siblings(
    importer: Importer, others: Iterable[Importer], prints: Mapping[ImporterName, Print]
) -> tuple[Sibling, ...]:
    """Give an importer's siblings. A `platform` that both entries name decides alone; else their pages do."""
    found = ((other, _agrees(importer, other, prints)) for other in others if other.name != importer.name)
    return tuple(Sibling(importer=other.name, agrees=kinds) for other, kinds in found if kinds)


def _agrees(one: Importer, other: Importer, prints: Mapping[ImporterName, Print]) -> tuple[str, ...]:
    if one.platform and other.platform:
        return (NAMED,) if one.platform == other.platform else ()
    return agreeing(prints.get(one.name, Print()), prints.get(other.name, Print()))


def is_news(case: Case, now: datetime, days: float) -> bool:
    """Say whether a case was healed so recently that its siblings are worth a look."""
    return case.state in HEALED and now - case.updated_at <= timedelta(days=days)


def open_case(importer: Importer, cases: Iterable[Case]) -> CaseId | None:
    """Give the importer's open case, where it has one."""
    return next((case.id for case in cases if case.importer == importer.name and case.state not in ENDED), None)


def spares(
    importer: Importer, origin: Case, cases: Iterable[Case], last_fetch: Fetch | None, known: Sequence[Checkup]
) -> str:
    """Say why a sibling needs no gate run for a healed case; empty where it does."""
    if any((one.origin, one.importer) == (origin.id, importer.name) for one in known):
        return "looked at"
    if open_one := open_case(importer, cases):
        return f"has case {open_one}"
    is_well = last_fetch is not None and last_fetch.outcome == "fetched" and last_fetch.at > origin.opened_at
    return "production fetches" if is_well else ""


def has_room(known: Iterable[Checkup], now: datetime, per_day: int) -> bool:
    """Say whether one more gate run may be sent within 24 hours."""
    return sum(bool(one.agrees) and now - one.run.dispatched_at < _DAY for one in known) < per_day


def probe_of(importer: Importer, now: datetime) -> Case:
    """Give what stands for the case of a probe by `watch`: one for each importer and hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    number = int(hour.timestamp()) // 3600
    return Case(id=f"WATCH-{number}", importer=importer.name, opened_at=hour, updated_at=hour)


class Look(StrEnum):
    """What is known of a portal that may be asked."""

    DOWN = _DOWN
    WAIT = "the portal is asked"
    ASK = "ask"
    GO_ON = ""


def look(importer: ImporterName, known: Iterable[Checkup], now: datetime, hours: float, per_day: int) -> Look:
    """Say what the probes of an importer mean for its alarm. They count for `hours`; all importers have `per_day` in 24 hours.

    What is down since a day holds no alarm back any more: then people should know.
    """
    probes = [one for one in known if not one.agrees]
    mine = sorted((one for one in probes if one.importer == importer), key=lambda one: one.run.dispatched_at)
    fresh = bool(mine) and now - mine[-1].run.dispatched_at < timedelta(hours=hours)
    if fresh and mine[-1].outcome != Look.DOWN:
        return Look.GO_ON if mine[-1].outcome else Look.WAIT
    down = list(takewhile(lambda one: one.outcome == Look.DOWN, reversed(mine)))
    if down and now - down[-1].run.dispatched_at >= _DAY:
        return Look.GO_ON
    if fresh:
        return Look.DOWN
    has_room = sum(now - one.run.dispatched_at < _DAY for one in probes) < per_day
    return Look.ASK if has_room else Look.GO_ON


def mode(standings: Sequence[LoginStanding]) -> GateMode:
    """Give the mode that no login is missed for: at least half of each ref's logins stay for healing, else only the portal is asked."""
    spare = all(not one.closed and not one.next_at and 2 * (one.used + 1) <= one.ceiling for one in standings)
    return GateMode.DIAGNOSE if standings and spare else GateMode.PROBE


def correlation(origin: Case, importer: Importer) -> Correlation:
    """Give the word by which a sibling's dispatch is recognised: one for each healed case and sibling."""
    seed = f"{origin.id}\n{origin.opened_at.isoformat()}\n{importer.name}"
    return f"{origin.id}-sibling-{sha256(seed.encode()).hexdigest()[:8]}"


def inputs(origin: Case, importer: Importer, chosen: GateMode, base_sha: Sha) -> dict[str, str]:
    """Give the inputs of the gate's `workflow_dispatch` (SPEC, "Gate protocol")."""
    return {
        "case": origin.id,
        "attempt": "0",
        "mode": chosen.value,
        "importer": importer.name,
        "base_sha": base_sha,
        "correlation": correlation(origin, importer),
    }


def outcome(report: GateReport | None, verdict: Verdict) -> str:
    """Say what a sibling's gate run has found: `broken` opens a ticket, anything else is for people to read."""
    if verdict.conclusion is Conclusion.SUCCESS:
        return "the portal answers" if report and report.mode is GateMode.PROBE else "works"
    failure = report.failure if report else None
    if verdict.conclusion is Conclusion.FAILURE and failure:
        return _NOT_THE_CHANGE.get(failure.kind, BROKEN)
    return "not judged"


def ticket(found: Checkup, report: GateReport, importer: Importer, project: str, issue_type: str) -> dict[str, object]:
    """Give the fields of the ticket about a broken sibling (wiki markup)."""
    kind = report.failure.kind.value.replace("_", " ") if report.failure else "failed"
    text = (
        f"{wiki(importer.title)}: the gate's fetch failed ({kind}).\n\n"
        f"Its portal seems to be made by the same software as that of {found.origin} "
        f"(alike: {', '.join(found.agrees)}), which Importer Healer has healed. Nobody has reported this one."
    )
    return {
        "project": {"key": project},
        "issuetype": {"name": issue_type},
        "summary": f"{' '.join(importer.title.split())}: broken like {found.origin}",
        "description": text,
        "components": [{"name": importer.component}],
        "labels": ["importer-healer-family"],
    }
