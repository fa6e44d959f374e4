"""Live progress on the terminal: one line a step, how long it took, and what is waited for now."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from localworld.desk import Seen

WAITS = {
    "received": "the flow that admits the ticket",
    "diagnosing": "the gate on the base branch",
    "triaged": "the agent",
    "patching": "the next attempt",
    "pushed": "the gate to be dispatched",
    "verifying": "the gate on the healed branch",
    "verified": "the pull request",
}
_WORDS = {
    "delivery_received": "ticket accepted",
    "ticket_admitted": "ticket read again from JIRA",
    "gate_dispatched": "gate dispatched",
    "lease_given": "login leased to the run",
    "report_received": "gate reported",
    "triaged": "triaged",
    "patched": "patched by the agent",
    "patch_refused": "patch refused by the guard",
    "pushed": "branch pushed",
    "judged": "gate judged",
    "pull_request_opened": "pull request opened",
    "ticket_moved": "ticket moved",
    "published": "published",
    "not_fixed": "not fixed, on purpose",
    "needs_engineer": "handed to an engineer",
}
_SHOWN = ("mode", "conclusion", "reason", "attempt", "agent", "number", "status", "disposition")


class Progress:
    """Writes each new event of the watched cases as a line."""

    def __init__(self, console: Console) -> None:
        self.console, self.began = console, time.monotonic()
        self._told: dict[str, int] = {}

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Show a step of the set-up and how long it took."""
        began = time.monotonic()
        with self.console.status(words):
            yield
        self.console.print(f"[dim]{self._clock()}[/]  {words} [dim]{time.monotonic() - began:.1f} s[/]")

    def show(self, seen: Seen) -> None:
        """Write the events of a case that were not written yet."""
        case = seen.case["id"]
        for event in seen.events[self._told.get(case, 0) :]:
            data = ", ".join(f"{k} {event['data'][k]}" for k in _SHOWN if event["data"].get(k) not in (None, ""))
            words = _WORDS.get(event["kind"], event["kind"].replace("_", " "))
            self.console.print(
                f"[dim]{self._clock()}[/]  [bold]{case}[/]  {words}" + (f" [dim]({data})[/]" if data else "")
            )
        self._told[case] = len(seen.events)

    def waiting(self, seen: list[Seen]) -> str:
        """Say what each open case waits for."""
        return ", ".join(f"{s.case['id']}: {WAITS.get(s.case['state'], s.case['state'])}" for s in seen if not s.ended)

    def _clock(self) -> str:
        return f"{time.monotonic() - self.began:6.1f} s"
