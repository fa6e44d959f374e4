"""Whose turn it is: one number counts up per case and names each dispatch of its gate.

A flow run may come late, twice, or again by hand. Its number says whether the case still waits for it.
"""

from collections.abc import Sequence
from typing import Final

from healer.contracts import Attempt, Case, Event, Reason, RunRequest, State

PULL_CLOSED: Final = "pull_request_closed"
"""Kind of the event by which GitHub tells that a pull request was closed, merged or not."""
FETCHED: Final = "production_fetched"
"""Kind of the event by which production tells of a fetch: `outcome`, `commit` (of the importers repository), `bills`."""
ASKED: Final = "publish_asked"
"""Kind of the event by which a person asks for the pull request of a case that was held back."""
BASE_MOVED: Final = "base_moved"
"""Kind of the event by which GitHub tells that files of a published case's importer have changed on the base branch."""
_CALLS: Final = frozenset(
    {"called", "woken", "resumed", "stopped", "taken", "released", "retried", ASKED, PULL_CLOSED, BASE_MOVED, FETCHED}
)
COMMANDED: Final = "commanded"
"""Kind of the event by which a comment commands; `comment` in its data says which one, `author` who wrote it."""
ANSWERED: Final = "command_answered"
"""Kind of the event that says what became of a comment's command."""
BUDGET_RAISED: Final = "budget_raised"
"""Kind of the event by which a person allows a case more; its data says how much more of what."""
ALLOWED: Final = ("attempts", "usd", "minutes")
"""What a person may allow a case beyond the usual: attempts, US dollars, minutes of agents."""


def is_in_line(case: Case) -> bool:
    """Say whether the case waits for room under the limits; one that is queued otherwise waits for its importer."""
    return case.state is State.QUEUED and case.reason is Reason.OVER_LIMIT


def series(case: Case) -> tuple[Attempt, ...]:
    """Give the attempts since a person last let the case begin again; the ones before are history."""
    return tuple(attempt for attempt in case.attempts if attempt.number >= case.first)


def last_number(case: Case) -> int:
    """Give the highest number that was used for the case, -1 where none was."""
    runs = [run for run in (case.awaiting, case.diagnosis.run if case.diagnosis else None) if run]
    return max([case.first - 1, *(run.attempt for run in runs), *(attempt.number for attempt in case.attempts)])


def fresh_number(case: Case) -> int:
    """Give a number that no dispatch has had, not even one by a step that a stop overtook before it could record."""
    return last_number(case) + (2 if case.state in {State.STOPPED, State.TAKEN} else 1)


def began_with(case: Case, events: Sequence[Event]) -> int:
    """Give the number of the first dispatch since the case was last woken; before the first wake-up, the one it began with."""
    number, woken = case.first, False
    for event in events:
        sent = event.data.get("attempt") if event.kind == "gate_dispatched" else None
        if woken and isinstance(sent, int):
            number, woken = max(number, sent), False
        woken = woken or event.kind == "woken"
    return number


def own_attempt(case: Case, number: int) -> Attempt | None:
    """Give the attempt that this number has begun already and has not brought to a verdict, or None."""
    last = series(case)[-1:]
    return last[0] if last and last[0].number == number and last[0].verdict is None and not last[0].refusals else None


def is_due(case: Case, number: int) -> bool:
    """Say whether a heal run with this number may act: it is a new number, or the one that is at work."""
    return number > last_number(case) or own_attempt(case, number) is not None


def onward(case: Case, again: int) -> RunRequest:
    """Give the flow run that takes a case on from where it stands; where nothing is left to do, it only tells the ticket.

    `again` tells it from the runs before it (see below).
    """
    run = case.awaiting
    if run and case.state in {State.VERIFYING, State.VERIFIED}:
        return RunRequest(flow="publish", case=case.id, run_id=run.run_id, run_attempt=run.run_attempt, again=again)
    begun = own_attempt(case, case.attempts[-1].number) if case.attempts else None
    number = begun.number if begun else last_number(case) + 1
    return RunRequest(flow="heal", case=case.id, attempt=number, again=again)


def again(events: Sequence[Event]) -> int:
    """Count the runs asked for beside those that reports start, the one to be asked for now included: it makes their keys differ."""
    return 1 + sum(event.kind in _CALLS for event in events)


def allowed(events: Sequence[Event], what: str) -> float:
    """Sum what people have allowed a case beyond the usual; `what` is one of `ALLOWED`."""
    given = (event.data.get(what) for event in events if event.kind == BUDGET_RAISED)
    return sum(amount for amount in given if isinstance(amount, int | float))


def extra_attempts(events: Sequence[Event]) -> int:
    """Count the attempts that people have allowed a case beyond the usual number."""
    return int(allowed(events, "attempts"))


def diff_of(case: Case, number: int) -> str:
    """Give what the attempt of this number changes on its base; empty where no agent worked (`diagnose`, `probe`)."""
    return next((attempt.diff for attempt in case.attempts if attempt.number == number), "")


def is_answered(events: Sequence[Event], comment: str) -> bool:
    """Say whether the command of a comment was answered."""
    return any(event.kind == ANSWERED and event.data.get("comment") == comment for event in events)


def unanswered(events: Sequence[Event]) -> tuple[Event, ...]:
    """Give the commands of comments that were not answered yet."""
    asked = (event for event in events if event.kind == COMMANDED)
    return tuple(event for event in asked if not is_answered(events, str(event.data.get("comment"))))
