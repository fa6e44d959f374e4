"""The one store behind Cloud and Data Center: users from the configuration, tickets in a file that survives a restart."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from localworld.jira.model import Change, Ticket, User, now, ticket_from
from localworld.jira.problem import Problem, no_such_ticket
from localworld.jira.workflow import INITIAL, STATUSES, TYPES

Mode = Literal["cloud", "datacenter"]
_FIRST_ID = 10_000
_DESK = {"name": "operations", "display": "Operations Desk", "token": ""}
"""Who reports tickets unless said otherwise; nobody can log in as them."""


class Store:
    """Everything one JIRA site knows. `file` keeps the tickets; tokens are never written to it."""

    def __init__(self, config: Mapping[str, Any], mode: Mode, url: str, file: Path) -> None:
        self.mode, self.url, self._file = mode, url, file
        self.project = {"id": "10000", **config["project"]}
        self.components = {name: str(_FIRST_ID + n) for n, name in enumerate(config.get("components", ()))}
        self.users = {u["name"]: _user(u) for u in (*config["users"], _DESK)}
        self.visitor: str | None = config.get("visitor")
        """As whom people comment on the pages, if they may."""
        self.tickets: dict[str, Ticket] = {}
        self._last_id = _FIRST_ID
        self._open(config.get("tickets", ()))

    @property
    def cloud(self) -> bool:
        """Tell whether it speaks as Cloud."""
        return self.mode == "cloud"

    def _open(self, tickets: Any) -> None:
        if self._file.exists():
            state = json.loads(self._file.read_text())
            self._last_id = state["last_id"]
            self.tickets = {raw["key"]: ticket_from(raw) for raw in state["tickets"]}
            return
        for given in tickets:
            self.lay(given)

    def dump(self) -> dict[str, Any]:
        """Give the whole state as JSON."""
        return {"last_id": self._last_id, "tickets": [asdict(t) for t in self.tickets.values()]}

    def save(self) -> None:
        """Write the state so that a kill leaves the old or the new one."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self.dump(), ensure_ascii=False))
        draft.replace(self._file)

    def new_id(self) -> str:
        """Give a number that was never given before."""
        self._last_id += 1
        return str(self._last_id)

    def next_key(self) -> str:
        """Give the key that follows the highest one."""
        numbers = [int(key.rpartition("-")[2]) for key in self.tickets]
        return f"{self.project['key']}-{max(numbers, default=0) + 1}"

    def lay(self, given: Mapping[str, Any]) -> Ticket:
        """Make a ticket from a short description: `type summary description component status key reporter labels`.

        Raises: Problem 400 for a value that this site does not have, 409 for a key that is taken.
        """
        key, component = given.get("key") or self.next_key(), given.get("component")
        wrong = {
            "key": not re.fullmatch(rf"{self.project['key']}-[1-9]\d*", key),
            "type": given.get("type", "Bug") not in TYPES,
            "status": given.get("status", INITIAL) not in STATUSES,
            "component": component is not None and component not in self.components,
        }
        if any(wrong.values()):
            raise Problem(400, fields={name: "no such value here" for name, bad in wrong.items() if bad})
        if key in self.tickets:
            raise Problem(409, f"{key} is taken.")
        at = now()
        self.tickets[key] = ticket = Ticket(
            id=self.new_id(),
            key=key,
            type=given.get("type", "Bug"),
            summary=given["summary"],
            description=given.get("description", ""),
            status=given.get("status", INITIAL),
            components=[component] if component else [],
            labels=list(given.get("labels", ())),
            reporter=given.get("reporter", _DESK["name"]),
            created=at,
            updated=at,
        )
        return ticket

    def ticket(self, key_or_id: str) -> Ticket:
        """Find a ticket by key (any case) or numeric id.

        Raises: Problem 404.
        """
        found = self.tickets.get(key_or_id.upper()) or next(
            (t for t in self.tickets.values() if t.id == key_or_id), None
        )
        if found is None:
            raise no_such_ticket()
        return found

    def touch(self, ticket: Ticket) -> None:
        """Mark a ticket as changed now."""
        ticket.updated = now()

    def note(self, ticket: Ticket, author: str, field: str, before: str | None, after: str | None) -> None:
        """Write one change into a ticket's history."""
        self.touch(ticket)
        ticket.history.append(Change(self.new_id(), author, ticket.updated, field, before or "", after or ""))


def _user(given: Mapping[str, Any]) -> User:
    account = hashlib.sha256(given["name"].encode()).hexdigest()[:24]
    display = given.get("display") or given["name"].replace("-", " ").title()
    email = given.get("email") or f"{given['name']}@acme.example"
    return User(
        given["name"],
        email,
        given["token"],
        account,
        display,
        bool(given.get("viewer")),
        tuple(given.get("groups", ())),
    )
