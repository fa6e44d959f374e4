"""Case and events → where the case stands, why, and what comes next, for a person. Pure."""

from collections.abc import Sequence
from typing import Final

from healer import best, commands, logins, notice, prose, turns
from healer.contracts import Attempt, Case, Event, Importer, LoginStanding, State
from healer.prose import Style

_EVIDENCE: Final = 900
_LATEST: Final = 5
_ON_THE_WAY: Final[dict[State, tuple[str, str]]] = {
    State.RECEIVED: ("The ticket waits to be looked at.", "It is checked against the registry, then diagnosed."),
    State.DIAGNOSING: (
        "The gate fetches with the importer as it is on the base branch.",
        "Its report decides whether this is ours to heal.",
    ),
    State.TRIAGED: ("The importer is broken in a way that can be healed.", "An agent looks for a change."),
    State.PATCHING: ("A change is being made.", "The guard judges it; what passes is pushed to the case's branch."),
    State.PUSHED: ("A change is on the case's branch.", "The gate is sent to fetch with it."),
    State.VERIFYING: (
        "The gate fetches from the live portal with the changed importer.",
        "Green becomes a pull request; red becomes evidence for the next attempt.",
    ),
    State.VERIFIED: ("The changed importer fetched its bills.", "The pull request is opened."),
}
"""What the ticket is not told of in `notice`'s words: where the case stands, and what comes next."""


def explain(
    case: Case,
    events: Sequence[Event],
    importer: Importer | None,
    standings: Sequence[LoginStanding] = (),
    place: int | None = None,
    style: Style = prose.MARKDOWN,
) -> str:
    """Give the explanation, in Markdown or in JIRA's wiki markup. Texts that are not ours are neutralised.

    `importer` is None where the registry does not know it, `place` where the case does not wait in the line.
    """
    stands, following, owner = _words(case, importer, style)
    bold = style.bold
    parts = [
        f"{style.heading}{case.id}: {case.importer} is {case.state.value.replace('_', ' ')}",
        stands,
        *_why(case, style),
        f"{bold}What comes next.{bold} {following}{_next_look(case)}{_place(place)}",
        *([f"{bold}Who acts.{bold} {owner}"] if owner else []),
        _tried(case, events, style),
        *_logins(standings, style),
        *_happened(events, style),
        _commands(case, style),
    ]
    return "\n\n".join(parts) + "\n"


def _words(case: Case, importer: Importer | None, style: Style) -> tuple[str, str, str]:
    if case.state in _ON_THE_WAY:
        return (*_ON_THE_WAY[case.state], "")
    words = notice.wording(case)
    owner = style.foreign(importer.owner) if importer else "the importers' team"
    return words.what, words.then, words.owner.format(owner=owner)


def _why(case: Case, style: Style) -> list[str]:
    told = style.foreign(case.reason_text, _EVIDENCE)
    reason = f" ({case.reason.value})" if case.reason else ""
    return [f"{style.bold}Why{reason}.{style.bold} {told}"] if told else []


def _place(place: int | None) -> str:
    return f" Its place in the line: {place}." if place else ""


def _next_look(case: Case) -> str:
    return f" Next look: {case.next_check:%Y-%m-%d %H:%M} UTC." if case.next_check else ""


def _tried(case: Case, events: Sequence[Event], style: Style) -> str:
    attempts, extra = turns.series(case), turns.extra_attempts(events)
    more = f", {extra} allowed beyond the usual number" if extra else ""
    since = " since it was begun again" if case.first else ""
    head = f"{style.bold}Attempts{since}: {len(attempts)}{more}.{style.bold}"
    lines = [head, *(f"{style.item}{_attempt(one, style)}" for one in attempts)]
    words = best.words(case, style.code) if case.state is State.NEEDS_ENGINEER else ""
    lines += [f"{style.item}Best candidate: {words}"] if words else []
    return "\n".join(lines)


def _logins(standings: Sequence[LoginStanding], style: Style) -> list[str]:
    lines = [f"{style.item}{stands.ref}: {logins.words(stands)}" for stands in standings]
    return ["\n".join([f"{style.bold}Logins.{style.bold}", *lines])] if lines else []


def _attempt(attempt: Attempt, style: Style) -> str:
    if attempt.refusals:
        return f"{attempt.number}: refused by the guard: {style.foreign('; '.join(attempt.refusals))}"
    ran = attempt.run
    run = f" ({style.link.format(words=f'run {ran.run_id}', url=ran.url)})" if ran else ""
    outcome = (
        f"{attempt.verdict.conclusion.value}, {style.foreign(attempt.verdict.why)}"
        if attempt.verdict
        else "without a verdict"
    )
    return f"{attempt.number}: {outcome}{run}"


def _happened(events: Sequence[Event], style: Style) -> list[str]:
    latest = [
        f"{style.item}{event.at:%Y-%m-%d %H:%M} UTC {event.kind.replace('_', ' ')}{_by(event, style)}"
        for event in events[-_LATEST:]
    ]
    return ["\n".join([f"{style.bold}Latest events.{style.bold}", *latest])] if latest else []


def _by(event: Event, style: Style) -> str:
    by = event.data.get("by")
    return f" by {style.foreign(str(by))}" if by else ""


def _commands(case: Case, style: Style) -> str:
    names = [style.code(command.value) for command in commands.possible(case)]
    return f"{style.bold}Commands that it would obey now.{style.bold} {', '.join(names) or 'none'}"
