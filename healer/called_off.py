"""What became of the gate run that was under way when a person stopped or took its case. Pure."""

from collections.abc import Sequence
from typing import Final

from healer.contracts import Case, Event

GATE_CALLED_OFF: Final = "gate_called_off"
"""Kind of the event by which its end was asked for; `outcome` is `cancelled`, `ended`, or why GitHub refused."""
_WORDS: Final = {"cancelled": "was cancelled", "ended": "had ended already"}


def words(case: Case, events: Sequence[Event]) -> list[str]:
    """Give the line of the ticket's comment, in JIRA's wiki markup; none where nothing was called off."""
    run = case.awaiting
    called = [e for e in events if run and e.kind == GATE_CALLED_OFF and e.data.get("run_id") == run.run_id]
    if run is None or not called:
        return []
    outcome = str(called[-1].data.get("outcome"))
    told = _WORDS.get(outcome, f"could not be cancelled ({outcome}); it goes to its end, and nothing follows from it")
    return [f"*Gate:* [run {run.run_id}|{run.url}] {told}."]
