"""The case: its state, its history, and what people see of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from healer.contracts.base import CaseId, CommentRef, Contract, ImporterName, Sha, text
from healer.contracts.gate import GateRun, Verdict
from healer.contracts.mending import Reason, Spend
from healer.contracts.trace import Failure


class PullRequest(Contract):
    """The one pull request of a case. `merge_sha` is the commit on the base branch that a merge made."""

    number: int
    url: str
    state: Literal["open", "closed", "merged"]
    head_sha: Sha
    draft: bool = False
    merge_sha: Sha | None = None


class Comment(Contract):
    """What somebody wrote on a case's pull request or ticket; `name` and `text` are foreign.

    `place` is the pull request's number or the ticket's key. `author` is who wrote what stands there now: a GitHub login, or
    JIRA's account id (Cloud) or user name (Data Center); `name` is how JIRA shows them.
    """

    ref: CommentRef
    place: str
    author: str
    name: str = ""
    text: str


class File(Contract):
    """A text that is attached to a ticket."""

    name: Annotated[str, text(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    mime: Literal["application/json", "text/csv"]
    content: str


class State(StrEnum):
    """Where a case stands (SPEC, "State machine")."""

    RECEIVED = "received"
    QUEUED = "queued"
    DIAGNOSING = "diagnosing"
    TRIAGED = "triaged"
    PATCHING = "patching"
    PUSHED = "pushed"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    PUBLISHED = "published"
    MERGED = "merged"
    CONFIRMED = "confirmed"
    NOT_FIXED = "not_fixed"
    NEEDS_ENGINEER = "needs_engineer"
    STOPPED = "stopped"
    TAKEN = "taken"
    SUPERSEDED = "superseded"
    OBSERVED = "observed"
    BRANCH_ONLY = "branch_only"
    CLOSED_UNMERGED = "closed_unmerged"


ENDED = frozenset(
    {
        State.PUBLISHED, State.MERGED, State.CONFIRMED, State.NOT_FIXED, State.NEEDS_ENGINEER, State.STOPPED, State.TAKEN,
        State.SUPERSEDED, State.OBSERVED, State.BRANCH_ONLY, State.CLOSED_UNMERGED,
    }
)  # fmt: skip
"""In these nobody works on a case by itself; in the others it is open."""


class Attempt(Contract):
    """One pass from patch to verdict."""

    number: int = Field(ge=1)
    agent: str = ""
    diagnosis: str = ""
    changes: tuple[str, ...] = ()
    diff: str = ""
    refusals: tuple[str, ...] = ()
    head_sha: Sha | None = None
    run: GateRun | None = None
    verdict: Verdict | None = None
    failure: Failure | None = None
    rebased: bool = False
    """The change of the attempt before, on a base branch that has moved: no agent has worked on it."""
    checks_passed: int = Field(default=0, ge=0)
    """How many of the gate's checks held."""
    spend: Spend = Spend()


class Diagnosis(Contract):
    """Base red, proved once: holds for this base sha and importer while it is fresh. `again` is a later run whose job proved it anew."""

    run: GateRun
    verdict: Verdict
    failure: Failure | None = None
    again: GateRun | None = None


class Case(Contract):
    """The durable record of one healing. `version` counts writes; a write names the version it read (compare and set)."""

    id: CaseId
    importer: ImporterName
    state: State = State.RECEIVED
    reason: Reason | None = None
    reason_text: str = ""
    next_check: datetime | None = None
    summary: str = ""
    base_sha: Sha | None = None
    branch: str | None = None
    head_sha: Sha | None = None
    awaiting: GateRun | None = None
    """The dispatched run whose report we wait for."""
    diagnosis: Diagnosis | None = None
    attempts: tuple[Attempt, ...] = ()
    first: int = Field(default=0, ge=0)
    """The number that a person's command last let the case begin again with; attempts with lower numbers are history."""
    hint: str = ""
    """What a person said then: redacted, and foreign text to whoever reads it."""
    pull_request: PullRequest | None = None
    ticket_status: str = ""
    opened_at: datetime
    updated_at: datetime
    version: int = Field(default=0, ge=0)


class Event(Contract):
    """One link of a case's append-only log: `hash` covers the content and `previous` (SPEC, "Event chain")."""

    seq: int = Field(ge=1)
    at: datetime
    kind: str
    data: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    previous: str
    hash: str


class RunRequest(Contract):
    """A Prefect flow run to be started: ids and typed scalars only. `key` makes a second start harmless."""

    flow: Literal["heal", "publish", "command"]
    case: CaseId
    attempt: int = Field(default=0, ge=0)
    run_id: int = 0
    run_attempt: int = 1
    comment: CommentRef | None = None
    """The comment that holds a command."""
    again: int = Field(default=0, ge=0)

    @property
    def part(self) -> str:
        """Give what tells runs of one flow for one case apart."""
        match self.flow:
            case "heal":
                return f"{self.attempt}"
            case "publish":
                return f"{self.run_id}:{self.run_attempt}"
            case "command":
                return f"{self.comment}"

    @property
    def key(self) -> str:
        """Idempotency key: unique per flow in Prefect's database. `again` counts the repetitions of what did not come to its end."""
        return f"{self.flow}:{self.case}:{self.part}" + (f":again-{self.again}" if self.again else "")
