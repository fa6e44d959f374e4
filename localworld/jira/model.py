"""What the stand-in remembers."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


def now() -> str:
    """Give the present moment as JIRA writes it: milliseconds and an offset without a colon."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


@dataclass(frozen=True)
class User:
    """Somebody with a login. A `viewer` may read only."""

    name: str
    email: str
    token: str
    account_id: str
    display: str
    viewer: bool = False
    groups: tuple[str, ...] = ()


@dataclass
class Comment:
    """A comment; the body is wiki markup whatever API version wrote it."""

    id: str
    author: str
    body: str
    created: str
    updated: str
    properties: dict[str, Any] = field(default_factory=dict)
    editor: str = ""
    """Who has edited it last, where somebody has."""


@dataclass
class Link:
    """A remote link; `object` holds url and title."""

    id: int
    global_id: str | None
    object: dict[str, Any]
    application: dict[str, Any] | None = None
    relationship: str | None = None


@dataclass
class Attachment:
    """A file that hangs on a ticket; `content` is base64."""

    id: str
    author: str
    created: str
    name: str
    mime: str
    content: str

    @property
    def data(self) -> bytes:
        """Give the file's bytes."""
        return base64.b64decode(self.content)


@dataclass
class Change:
    """One entry of a ticket's history."""

    id: str
    author: str
    at: str
    field: str
    before: str
    after: str


@dataclass
class Ticket:
    """An issue. `assignee`, `reporter` and authors are user names."""

    id: str
    key: str
    type: str
    summary: str
    status: str
    reporter: str
    created: str
    updated: str
    description: str = ""
    components: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    assignee: str | None = None
    resolution: str | None = None
    resolved: str | None = None
    comments: list[Comment] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)


def ticket_from(raw: dict[str, Any]) -> Ticket:
    """Read a ticket back from JSON."""
    parts = {
        "comments": [Comment(**c) for c in raw["comments"]],
        "links": [Link(**link) for link in raw["links"]],
        "attachments": [Attachment(**one) for one in raw.get("attachments", ())],
        "history": [Change(**change) for change in raw["history"]],
    }
    return Ticket(**{**raw, **parts})
