"""What reaches the healer: a delivery, its ticket, and the importer that is said to be broken."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from healer.contracts.base import CaseId, Contract, CredentialRef, ImporterName, TicketKey, text


class Delivery(Contract):
    """One verified webhook call. All that it says beyond the ticket key is a hint."""

    id: Annotated[str, text(r"^[A-Za-z0-9_-]{1,64}$")]
    ticket: TicketKey
    importer: ImporterName
    body_sha256: Annotated[str, text(r"^[0-9a-f]{64}$")]
    received_at: datetime


class Ticket(Contract):
    """A JIRA issue as our own account reads it. `summary` is redacted and capped at the door; `updated` is as JIRA writes it."""

    key: TicketKey
    project: str
    issue_type: str
    status: str
    status_category: Literal["new", "indeterminate", "done", "undefined"]
    components: tuple[str, ...] = ()
    summary: str = ""
    updated: str = ""


class Incident(Contract):
    """A broken importer that we act on: a ticket that fits the registry."""

    case: CaseId
    importer: ImporterName
    summary: str = ""


class Autonomy(StrEnum):
    """How far the healer goes by itself for an importer."""

    OBSERVE = "observe"
    BRANCH = "branch"
    DRAFT = "draft"
    PULL_REQUEST = "pull_request"


class Importer(Contract):
    """One entry of `importers.toml`: what the healer may do for this importer, and where."""

    name: ImporterName
    title: str
    url: Annotated[str, text(r"^https?://[^\s@]+$")]
    hosts: tuple[str, ...]
    """Hosts (with port where it is not the scheme's own) that a fetch may contact."""
    credentials: tuple[CredentialRef, ...]
    component: str
    """The JIRA component that its tickets carry."""
    owner: str
    paths: tuple[str, ...]
    """Files in the importers repository that the agent may edit."""
    min_bills: int = Field(default=1, ge=0)
    repetitions: int = Field(default=1, ge=1, le=5)
    """How often a changed importer must fetch well, one after another; more than once for portals that have moods."""
    login_ceiling: int = Field(default=6, ge=0)
    """Logins per credentialRef in `login_window_s`, all callers together."""
    login_window_s: int = Field(default=24 * 3600, ge=60, le=7 * 24 * 3600)
    login_cooloff_s: int = Field(default=900, ge=0, le=7 * 24 * 3600)
    """No login for so long after one that the portal refused or locked, not even with a new password."""
    autonomy: Autonomy = Autonomy.PULL_REQUEST
    probe: bool = False
    """`watch` may ask for the portal's page by a gate run of its own, without a login, before an alarm becomes a ticket."""
    platform: Annotated[str, text(r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")] | None = None
    """The software that makes the portal, where people know it: importers of one platform are siblings, whatever their pages look like."""
