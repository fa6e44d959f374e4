"""The dashboard: one issue in the importers repository that shows the cases, with boxes that people tick to command them.

Pure. A box is a whole line as we write it: a line that somebody has worded otherwise, so that it reads as another command, is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from healer import commands, prose, turns
from healer.budget import Account, Ledger
from healer.commands import Command
from healer.contracts import ENDED, Case, CaseId, Contract, Event, State

TITLE: Final = "Importer Healer: dashboard"
MARKER: Final = "<!-- importer-healer:dashboard -->"
LABEL: Final = "importer-healer:dashboard"
_MOST: Final = 40
_EVIDENCE: Final = 200
_WORDS: Final = {
    Command.STOP: "stop it",
    Command.TAKE: "take it: it is mine from here on",
    Command.RELEASE: "give it back to the healer",
    Command.RETRY: "let it begin again",
    Command.PUBLISH: "open its pull request",
}
"""What a box offers; a budget needs a number, so it has none."""
_HELD_BACK: Final = frozenset({State.OBSERVED, State.BRANCH_ONLY})
_WITH_PEOPLE: Final = frozenset({State.NEEDS_ENGINEER, State.TAKEN, State.STOPPED})
_WAITING: Final = frozenset({State.NOT_FIXED})
_INTRO: Final = (
    "All cases that are not over. Tick a box to give the command; members of the team that may command are obeyed, "
    "and the box is cleared when the command is answered. Whatever else is written here is overwritten."
)


class Box(Contract):
    """A command that may be ticked."""

    command: Command
    case: CaseId

    def line(self, *, ticked: bool) -> str:
        """Give the box as it is written."""
        mark = "x" if ticked else " "
        return f"  - [{mark}] <!-- healer:{self.command.value}:{self.case} --> {self.case}: {_WORDS[self.command]}"


def offered(case: Case) -> tuple[Box, ...]:
    """Give the boxes that a case has as it stands."""
    return tuple(Box(command=command, case=case.id) for command in commands.possible(case) if command in _WORDS)


def ticked(body: str) -> frozenset[Box]:
    """Give the boxes that are ticked in an issue's text; GitHub writes `x`, people also `X`."""
    return frozenset(box for box in map(_box, body.splitlines()) if box)


def _box(line: str) -> Box | None:
    """Read a line as a ticked box; None where it is not, to the letter, one that we write."""
    head, _, rest = line.rstrip().partition("<!-- healer:")
    name, _, case = rest.partition(" -->")[0].partition(":")
    if head not in {"  - [x] ", "  - [X] "}:
        return None
    try:
        box = Box(command=Command(name), case=case)
    except ValueError:
        return None
    return box if box.command in _WORDS and line.rstrip().replace("[X]", "[x]", 1) == box.line(ticked=True) else None


def newly(body: str, before: str) -> frozenset[Box]:
    """Give the boxes that one edit has ticked: what was ticked before is somebody else's word."""
    return ticked(body) - ticked(before)


def cleared(body: str, box: Box) -> str:
    """Give an issue's text with a box that is ticked no more."""
    lines = (box.line(ticked=False) if _box(line) == box else line for line in body.splitlines())
    return "\n".join(lines)


def is_pending(box: Box, events: Iterable[Event]) -> bool:
    """Say whether a ticked box was heard and not answered yet."""
    said = (event for event in turns.unanswered(tuple(events)) if str(event.data.get("comment")).startswith("box:"))
    return any(event.data.get("command") == box.command.value for event in said)


def body(
    cases: Sequence[Case],
    chains: Mapping[CaseId, tuple[Event, ...]],
    accounts: Mapping[Ledger, Account],
    kept: frozenset[Box],
    case_url: str,
) -> str:
    """Give the issue's text. `kept` are boxes that stay ticked; `case_url` is the address below which cases are found."""
    groups = (
        ("Open", [case for case in cases if case.state not in ENDED]),
        ("Held-back pull requests", [case for case in cases if case.state in _HELD_BACK]),
        ("In review", [case for case in cases if case.state is State.PUBLISHED]),
        ("With people", [case for case in cases if case.state in _WITH_PEOPLE]),
        ("Waiting by themselves", [case for case in cases if case.state in _WAITING and case.next_check]),
    )
    parts = [MARKER, _INTRO]
    for heading, group in groups:
        rows = [row for case in group[:_MOST] for row in _rows(case, chains.get(case.id, ()), kept, case_url)]
        more = [f"- and {len(group) - _MOST} more"] if len(group) > _MOST else []
        parts.append("\n".join([f"### {heading} ({len(group)})", *(rows or ["none"]), *more]))
    return "\n\n".join([*parts, _budgets(accounts)])


def _rows(case: Case, events: tuple[Event, ...], kept: frozenset[Box], case_url: str) -> list[str]:
    reason = f" ({case.reason.value})" if case.reason else ""
    pull = f" · [pull request {case.pull_request.number}]({case.pull_request.url})" if case.pull_request else ""
    told = f" · {prose.markdown(case.reason_text, _EVIDENCE)}" if case.reason_text else ""
    head = f"- [{case.id}]({case_url}/{case.id}) `{case.importer}`: **{case.state.value}**{reason}{pull}{told}{_last(events)}"
    return [head, *(box.line(ticked=box in kept) for box in offered(case))]


def _last(events: tuple[Event, ...]) -> str:
    """Say what became of the last box that was ticked for a case."""
    answer = next((e for e in reversed(events) if e.kind == turns.ANSWERED and _of_box(e)), None)
    if answer is None:
        return ""
    asked = next(e for e in events if e.kind == turns.COMMANDED and e.data.get("comment") == answer.data.get("comment"))
    who, outcome = prose.code(str(asked.data.get("author"))), str(answer.data.get("outcome")).replace("_", " ")
    return f" · last box: {asked.data.get('command')} by {who}, {outcome}"


def _of_box(event: Event) -> bool:
    return str(event.data.get("comment")).startswith("box:")


def _budgets(accounts: Mapping[Ledger, Account]) -> str:
    rows = [f"| {ledger.value} | {account.spent:.2f} | {account.limit:.2f} |" for ledger, account in accounts.items()]
    return "\n".join(["### Budgets", "| ledger | spent or reserved | limit |", "|---|---|---|", *rows])
