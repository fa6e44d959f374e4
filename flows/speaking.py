"""The places where people command a case, comments on its pull request and ticket and boxes of the dashboard, behind one form.

Each method blocks.
"""

from typing import Final, Protocol

from healer import dashboard, prose
from healer.clients.github_issues import Page
from healer.commands import Command
from healer.contracts import Case, Comment, Event
from healer.dashboard import Box
from healer.prose import Style
from healer.wiring import FlowParts

_REACTIONS: Final = {"obeyed": "+1", "explained": "+1", "not_allowed": "-1"}
_NOT_DONE: Final = "confused"


class Place(Protocol):
    """Where a comment stands."""

    style: Style

    def read(self) -> Comment | None:
        """Read the comment again; None where it is gone, or is no longer the case's."""

    def may(self, author: str) -> bool:
        """Say whether somebody may command, as asked now; where nobody is named who may, nobody may."""

    def answer(self, outcome: str, text: str) -> None:
        """Answer below the comment, once, whatever was answered before. `text` is in the place's style; there may be none."""


class OnPull:
    """A comment on the case's pull request, which is answered by a reaction, and in words where there are some."""

    style = prose.MARKDOWN

    def __init__(self, parts: FlowParts, case: Case, ref: str) -> None:
        self._parts, self._pull, self._ref = parts, case.pull_request, ref

    def read(self) -> Comment | None:
        """Read the comment again."""
        comment = self._parts.github.comment(_id(self._ref))
        is_here = comment is not None and self._pull is not None and comment.place == str(self._pull.number)
        return comment if is_here else None

    def may(self, author: str) -> bool:
        """Ask GitHub whether somebody is of the team."""
        team = self._parts.settings.github_command_team
        return team is not None and self._parts.github.is_member(team, author)

    def answer(self, outcome: str, text: str) -> None:
        """React, below an answer in words where there is one."""
        if text and self._pull:
            self._parts.github.say(self._pull.number, _marker(self._ref), text)
        self._parts.github.react(_id(self._ref), _REACTIONS.get(outcome, _NOT_DONE))


class OnTicket:
    """A comment on the case's ticket. JIRA has no reactions, so each is answered in words, by one comment that is edited in place."""

    style = prose.WIKI

    def __init__(self, parts: FlowParts, case: Case, ref: str) -> None:
        self._parts, self._key, self._ref = parts, case.id, ref

    def read(self) -> Comment | None:
        """Read the comment again."""
        return self._parts.jira.comment(self._key, str(_id(self._ref)))

    def may(self, author: str) -> bool:
        """Ask JIRA whether somebody is of the group."""
        group = self._parts.settings.jira_command_group
        return group is not None and bool(author) and self._parts.jira.is_member(group, author)

    def answer(self, outcome: str, text: str) -> None:
        """Say what became of it."""
        words = f"Importer Healer: {outcome.replace('_', ' ')}."
        self._parts.jira.say(self._key, _marker(self._ref), f"{words}\n\n{text}" if text else words)


class OnDashboard:
    """A ticked box of the dashboard, which is cleared when it is answered. Who ticked it GitHub told us when it was heard, then only."""

    style = prose.MARKDOWN

    def __init__(self, parts: FlowParts, case: Case, said: Event) -> None:
        self._parts, self._case, self._said = parts, case, said

    def read(self) -> Comment | None:
        """Read the issue again; None where the box is ticked no more, or there is no dashboard."""
        box, page = self._box(), self._page()
        if box is None or page is None or box not in dashboard.ticked(page.body):
            return None
        ref, author = str(self._said.data["comment"]), str(self._said.data["author"])
        return Comment(ref=ref, place=str(page.number), author=author, text=f"/healer {box.command.value}")

    def may(self, author: str) -> bool:
        """Ask GitHub whether somebody is of the team."""
        return OnPull(self._parts, self._case, "").may(author)

    def answer(self, outcome: str, text: str) -> None:
        """Clear the box; the row of the case says what became of it."""
        _ = outcome, text
        box, page = self._box(), self._page()
        if box and page and box in dashboard.ticked(page.body):
            fresh = dashboard.cleared(page.body, box)
            self._parts.issues.write(dashboard.LABEL, dashboard.MARKER, dashboard.TITLE, fresh)

    def _page(self) -> Page | None:
        on = self._parts.settings.dashboard
        return self._parts.issues.find(dashboard.LABEL, dashboard.MARKER) if on else None

    def _box(self) -> Box | None:
        name = self._said.data.get("command")
        return Box(command=Command(name), case=self._case.id) if name in set(Command) else None


def place_of(parts: FlowParts, case: Case, said: Event) -> Place:
    """Give the place where a command (`commanded`) was given."""
    ref = str(said.data["comment"])
    if ref.startswith("box:"):
        return OnDashboard(parts, case, said)
    return OnPull(parts, case, ref) if ref.startswith("pull:") else OnTicket(parts, case, ref)


def _id(ref: str) -> int:
    return int(ref.partition(":")[2])


def _marker(ref: str) -> str:
    return f"importer-healer:answer:{ref}"
