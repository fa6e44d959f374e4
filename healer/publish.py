"""Candidate + Verdict → pull request: whether there is one, and the receipt that its reviewer reads instead of a transcript.

The receipt says what broke, what changed, what proves it and how it came here, in about twenty lines. Everything in it that is
not ours goes through `healer.prose`.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from unidiff.patch import Hunk, PatchSet

from healer import billing, prose
from healer.contracts import Attempt, Autonomy, Case, Contract, Event, GateReport, Importer, PullRequest, Sha

_SHOWN_LINES: Final = 6
_SHOWN_CHANGES: Final = 5
_MORE_TEXT: Final = 600
_MOST_RECEIPT: Final = 60_000
"""GitHub takes 65,536 characters in a comment."""


RED: Final = "importer-healer:red"
"""Label of a draft that shows what did not hold."""
RED_OPENED: Final = "red_draft_opened"
"""Kind of the event by which a case that ended red shows its best candidate."""

JUDGED: Final = "judged"
"""Kind of the event that holds a verdict."""
OPENED: Final = "pull_request_opened"
"""Kind of the event by which a verified case gets its pull request; its end is the next one."""


class Action(StrEnum):
    """What is done about the pull request of a verified case."""

    OBSERVE = "observe"
    BRANCH = "branch"
    OPEN_DRAFT = "open_draft"
    OPEN = "open"
    LEAVE_CLOSED = "leave_closed"
    LEAVE_MERGED = "leave_merged"


class Addresses(Contract):
    """Where people find a case: all are our own addresses."""

    case: str
    ticket: str
    prefect: str


def action(autonomy: Autonomy, existing: PullRequest | None, head: Sha | None) -> Action:
    """Decide about the pull request. One that a person closed stays closed; one that was merged with another head is history."""
    is_history = existing is not None and existing.state == "merged" and existing.head_sha != head
    if existing and existing.state != "open" and not is_history:
        return Action.LEAVE_MERGED if existing.state == "merged" else Action.LEAVE_CLOSED
    match autonomy:
        case Autonomy.OBSERVE:
            return Action.OBSERVE
        case Autonomy.BRANCH:
            return Action.BRANCH
        case Autonomy.DRAFT:
            return Action.OPEN_DRAFT
        case Autonomy.PULL_REQUEST:
            return Action.OPEN


def is_opened(events: Sequence[Event]) -> bool:
    """Say whether the pull request was recorded since the last verdict: then a run was killed right before it recorded the end."""
    kinds = [event.kind for event in events]
    return OPENED in kinds[max((n for n, kind in enumerate(kinds) if kind == JUDGED), default=0) :]


def title(case: Case) -> str:
    """Give the pull request's title; a squash turns it into a commit's subject, so no foreign text is in it."""
    return f"{case.id}: heal {case.importer}"


def labels(case: Case) -> tuple[str, ...]:
    """Give the labels by which pull requests of the healer are found."""
    failure = case.diagnosis.failure if case.diagnosis else None
    return ("importer-healer", f"importer:{case.importer}", *([f"class:{failure.kind.value}"] if failure else []))


def body(case: Case, importer: Importer, report: GateReport, addresses: Addresses, events: Sequence[Event] = ()) -> str:
    """Give the receipt in GitHub's Markdown. `report` is the green report of the case's last attempt."""
    attempt = case.attempts[-1]
    sections = [
        _broke(case, importer),
        _late(case, events),
        _changed(attempt),
        _proves(attempt, report),
        _came(case, addresses),
    ]
    return "\n\n".join(sections) + "\n"


def red_title(case: Case) -> str:
    """Give the title of a draft that shows what did not hold."""
    return f"{case.id}: RED, {case.importer} is not healed"


def red_body(
    case: Case, importer: Importer, candidate: Attempt, addresses: Addresses, events: Sequence[Event] = ()
) -> str:
    """Give the text of a draft that shows the best candidate of a case that ended red, in GitHub's Markdown."""
    reason = f" ({case.reason.value})" if case.reason else ""
    seen = f" [Its gate run]({candidate.run.url}) is red." if candidate.run else ""
    why = f" {prose.markdown(case.reason_text, _MORE_TEXT)}" if case.reason_text else ""
    red = f"### Not healed{reason}\n**The gate has refused this change. It must not be merged as it is.**{seen}{why}"
    where = f"This is attempt {candidate.number}, the best of {len(case.attempts)}; begin here, or let the healer begin again."
    told = _broke(case, importer), _late(case, events), _changed(candidate), _came(case, addresses)
    return "\n\n".join([red, where, *told]) + "\n"


def receipt_comment(case: Case, envelope: str) -> str:
    """Give the comment that carries the signed receipt; one that does not fit into a comment is only pointed at."""
    if len(envelope) > _MOST_RECEIPT:
        return f"The signed receipt of {case.id} is too long for a comment: `healer receipt show {case.id}`."
    head = f"<details><summary>Signed receipt of {case.id}, for <code>healer receipt verify</code></summary>"
    return f"{head}\n\n```json\n{envelope}\n```\n</details>\n"


def _broke(case: Case, importer: Importer) -> str:
    diagnosis = case.diagnosis
    failure = diagnosis.failure if diagnosis else None
    if diagnosis is None or failure is None:
        return f"### What broke\n{prose.markdown(importer.title)} could not be fetched."
    step = f" at step {failure.step}" if failure.step else ""
    place = f" ({prose.code(f'{failure.file}:{failure.line}')})" if failure.file else ""
    what = prose.code(failure.message or failure.exception or failure.kind.value)
    seen = f"Seen by the [gate on the base branch]({diagnosis.run.url})."
    return f"### What broke\n{prose.markdown(importer.title)} failed{step}: {what}{place}. {seen}"


def _late(case: Case, events: Sequence[Event]) -> str:
    """Say since when bills are late, which tells a reviewer how much it hurries."""
    good = billing.last_good(events)
    if good is None:
        return f"**Bills delayed:** since {case.opened_at:%Y-%m-%d %H:%M} UTC at the latest, when the ticket came."
    return f"**Bills delayed:** since the last good fetch on {good.at:%Y-%m-%d %H:%M} UTC, which brought {_many(good.bills, 'bill')}."


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _changed(attempt: Attempt) -> str:
    # An item without words below a paragraph would make a heading of that.
    told = [f"- {line}" for line in map(prose.markdown, attempt.changes[:_SHOWN_CHANGES]) if line]
    why = f"In the agent's words: {prose.markdown(attempt.diagnosis, _MORE_TEXT)}" if attempt.diagnosis else ""
    parts = ["### What changed", why, *told, "", *_before_and_after(attempt.diff)]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _before_and_after(diff: str) -> list[str]:
    rows = [row for file in PatchSet(diff) for hunk in file for row in _pairs(hunk)]
    shown = [f"| {prose.code(old)} | {prose.code(new)} |" for old, new in rows[:_SHOWN_LINES]]
    more = [f"\nand {len(rows) - _SHOWN_LINES} more lines."] if len(rows) > _SHOWN_LINES else []
    return ["| before | after |", "|---|---|", *shown, *more]


def _pairs(hunk: Hunk) -> list[tuple[str, str]]:
    """Set the lines that a hunk removes beside those that it adds."""
    removed = [line.value.strip() for line in hunk if line.is_removed]
    added = [line.value.strip() for line in hunk if line.is_added]
    return list(zip_longest(removed, added, fillvalue=""))


def _proves(attempt: Attempt, report: GateReport) -> str:
    run = f"[gate on this branch]({attempt.run.url})" if attempt.run else "gate on this branch"
    seen = f"{_many(report.bills, 'bill')}, {_many(report.logins_used, 'login')}"
    fetched = f"The {run} ran `{report.sha[:12]}` against the live portal: {seen}."
    if report.base:
        fetched += f" The base `{report.base.sha[:12]}` was red in the same job: {prose.code(report.base.summary)}"
    rows = [
        f"| {prose.code(check.name)} | {'passed' if check.passed else 'failed'} | {prose.markdown(check.detail)} |"
        for check in report.checks
    ]
    table = ["", "| check | result | |", "|---|---|---|", *rows] if rows else []
    return "\n".join(["### What proves it", fetched, *_unwatched(report), *table])


def _unwatched(report: GateReport) -> list[str]:
    told = "The runner could not fence the container's network, so nobody checked which hosts it contacted"
    return [f"{told}: {prose.code(report.unfenced)}."] if report.unfenced else []


def _came(case: Case, addresses: Addresses) -> str:
    *earlier, last = case.attempts
    history = [f"- Attempt {a.number}: {prose.markdown(_outcome(a))}" for a in earlier]
    if last.rebased and case.base_sha:
        on = f"The base branch had moved: this is the change of attempt {earlier[-1].number} on `{case.base_sha[:12]}`"
        history.append(f"- {on}, judged by the guard and proved by the gate again.")
    place = f"[ticket]({addresses.ticket}) · [case]({addresses.case}) · [runs in Prefect]({addresses.prefect})"
    head = f"Attempt {last.number} by {prose.markdown(last.agent or 'an agent')} · {place}"
    yours = "Merging and deploying are yours; nothing here does either."
    return "\n".join(["### How it came here", head, *history, "", yours])


def _outcome(attempt: Attempt) -> str:
    if attempt.refusals:
        return f"refused by the guard: {'; '.join(attempt.refusals)}"
    return attempt.verdict.why if attempt.verdict else "without a verdict"
