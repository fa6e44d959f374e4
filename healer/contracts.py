"""The frozen values in which stages meet: Delivery → Incident → Triage → Brief → Patch → Candidate → GateReport → Verdict → Publication.

Foreign JSON (Workato, GitHub, JIRA) is no contract: it is read once, at the door, and never leaves as a dict.
No field of any contract holds a secret; a `CredentialRef` is the pointer that may travel.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


def _text(pattern: str) -> StringConstraints:
    return StringConstraints(pattern=pattern, strict=True)


TicketKey = Annotated[str, _text(r"^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,8}$")]
CaseId = TicketKey
"""One ticket is one case: the case carries the ticket's key, so that people need one name only."""
ImporterName = Annotated[str, _text(r"^[a-z][a-z0-9_]{0,39}$")]
CredentialRef = Annotated[str, _text(r"^[a-z0-9][a-z0-9-]{0,62}$")]
Sha = Annotated[str, _text(r"^[0-9a-f]{40}$")]
Correlation = Annotated[str, _text(r"^[A-Za-z0-9_-]{1,64}$")]


class Contract(BaseModel):
    """Base of every contract: immutable, no unknown member."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ---------------------------------------------------------------- intake


class Delivery(Contract):
    """One verified webhook call. All that it says beyond the ticket key is a hint."""

    id: Annotated[str, _text(r"^[A-Za-z0-9_-]{1,64}$")]
    ticket: TicketKey
    importer: ImporterName
    body_sha256: Annotated[str, _text(r"^[0-9a-f]{64}$")]
    received_at: datetime


class Ticket(Contract):
    """A JIRA issue as our own account reads it. `summary` is redacted and capped at the door."""

    key: TicketKey
    project: str
    issue_type: str
    status: str
    status_category: Literal["new", "indeterminate", "done"]
    components: tuple[str, ...] = ()
    summary: str = ""


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
    url: Annotated[str, _text(r"^https?://[^\s@]+$")]
    hosts: tuple[str, ...]
    """Hosts (with port where it is not the scheme's own) that a fetch may contact."""
    credentials: tuple[CredentialRef, ...]
    component: str
    """The JIRA component that its tickets carry."""
    owner: str
    paths: tuple[str, ...]
    """Files in the importers repository that the agent may edit."""
    min_bills: int = Field(default=1, ge=0)
    login_ceiling: int = Field(default=6, ge=0)
    """Logins per credentialRef and day, all callers together."""
    autonomy: Autonomy = Autonomy.PULL_REQUEST


# ---------------------------------------------------------------- the failing fetch, as the gate saw it


class FailureClass(StrEnum):
    """What kind of failure a fetch ended in. The first four are exit codes 3-6 of an importer."""

    SOURCE_CHANGED = "source_changed"
    SOURCE_DOWN = "source_down"
    AUTH_FAILED = "auth_failed"
    CONTRACT_BROKEN = "contract_broken"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"


class Lookup(Contract):
    """One question a gatherer asked of a page: which selector, from which source line, and how many elements answered."""

    selector: str
    kind: Literal["css", "xpath", "json", "form", "field", "link"]
    many: bool = False
    found: int = Field(ge=0)
    file: str
    line: int = Field(ge=1)


class TraceStep(Contract):
    """One page of a fetch. `page` names the text in `Trace.pages`; the URL carries no query values."""

    number: int = Field(ge=1)
    method: str
    url: str
    status: int
    content_type: str = ""
    page: str | None = None
    lookups: tuple[Lookup, ...] = ()


class Failure(Contract):
    """Where and how a fetch failed. `signature` is stable over runs of the same breakage (see SPEC, "Failure signature")."""

    kind: FailureClass
    exception: str = ""
    message: str = ""
    step: int | None = None
    selector: str | None = None
    file: str | None = None
    line: int | None = None
    signature: str


class Trace(Contract):
    """The repair pack: what a fetch saw. Pages are redacted by shape before they become a Trace (SPEC, "Trace")."""

    version: Literal[1] = 1
    importer: ImporterName
    steps: tuple[TraceStep, ...] = ()
    pages: dict[str, str] = Field(default_factory=dict)


# ---------------------------------------------------------------- triage, brief, patch


class Reason(StrEnum):
    """Why a case waits or ended without a pull request. The first block are `not_fixed` products, the second need an engineer."""

    SITE_DOWN = "SITE_DOWN"
    CREDENTIAL = "CREDENTIAL"
    MFA = "MFA"
    CAPTCHA = "CAPTCHA"
    ANTI_BOT = "ANTI_BOT"
    NO_NEW_BILL = "NO_NEW_BILL"
    ALREADY_HEALED = "ALREADY_HEALED"
    AMBIGUOUS = "AMBIGUOUS"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"

    ATTEMPTS_SPENT = "ATTEMPTS_SPENT"
    SAME_FAILURE = "SAME_FAILURE"
    NO_PATCH = "NO_PATCH"
    PATCH_REFUSED = "PATCH_REFUSED"
    PUSH_REFUSED = "PUSH_REFUSED"
    GATE_BROKEN = "GATE_BROKEN"
    UNKNOWN_IMPORTER = "UNKNOWN_IMPORTER"
    TICKET_MISMATCH = "TICKET_MISMATCH"
    CREDENTIAL_MISSING = "CREDENTIAL_MISSING"


class Disposition(StrEnum):
    """What triage decides about a failure."""

    HEAL = "heal"
    NOT_FIXED = "not_fixed"
    NEEDS_ENGINEER = "needs_engineer"


class Triage(Contract):
    """The decision, with its evidence in words a ticket reader understands. `wake_after_s` is set where we look again by ourselves."""

    disposition: Disposition
    reason: Reason | None = None
    evidence: str
    wake_after_s: int | None = Field(default=None, ge=1)


class Evidence(Contract):
    """What an earlier attempt taught: its diff, and why it did not hold."""

    attempt: int = Field(ge=1)
    diff: str
    refusals: tuple[str, ...] = ()
    failure: Failure | None = None


class Brief(Contract):
    """All that an agent is told. Source paths are relative to the clone."""

    case: CaseId
    attempt: int = Field(ge=1)
    importer: Importer
    failure: Failure
    now: Trace
    last_good: Trace | None = None
    evidence: tuple[Evidence, ...] = ()
    hint: str = ""
    prompt_version: str


class Spend(Contract):
    """What an agent run cost."""

    usd: float = Field(default=0.0, ge=0)
    turns: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)


class AgentAnswer(Contract):
    """What an agent says about its own work. It is shown to people and never decides anything."""

    agent: str
    diagnosis: str
    confidence: float = Field(default=0.0, ge=0, le=1)
    not_fixable_because: str | None = None
    changes: tuple[str, ...] = ()
    """One line per change in words: what stood there, what stands there now, why."""
    spend: Spend = Spend()


class FileChange(Contract):
    """One path that differs between two git trees. Texts are None where the side is absent or not UTF-8."""

    path: str
    status: Literal["added", "modified", "deleted", "type_changed"]
    old_mode: str = "000000"
    new_mode: str = "000000"
    old_text: str | None = None
    new_text: str | None = None
    binary: bool = False
    size: int = Field(default=0, ge=0)


class Refusal(Contract):
    """One reason why the guard refuses a diff. `code` is stable; `detail` is for people and for the agent's next attempt."""

    code: str
    path: str
    line: int | None = None
    detail: str


class Patch(Contract):
    """A diff that passed the guard, with what the agent said about it."""

    diff: str
    files: tuple[str, ...]
    answer: AgentAnswer


class Candidate(Contract):
    """A pushed branch head that awaits the gate."""

    branch: str
    base_sha: Sha
    head_sha: Sha
    attempt: int = Field(ge=1)


# ---------------------------------------------------------------- gate


class GateMode(StrEnum):
    """`diagnose` runs the base branch, `verify` the pushed head, `probe` asks cheaply whether the portal is back."""

    DIAGNOSE = "diagnose"
    VERIFY = "verify"
    PROBE = "probe"


class Conclusion(StrEnum):
    """Named like GitHub's check-run conclusions; `error` is infrastructure and never blames the patch."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    NEUTRAL = "neutral"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class GateRun(Contract):
    """A workflow run that we dispatched. Nothing else gets a lease or is believed."""

    run_id: int
    run_attempt: int = 1
    mode: GateMode
    attempt: int = Field(ge=0)
    ref: str
    """The full ref, `refs/heads/...`."""
    sha: Sha
    correlation: Correlation
    url: str
    dispatched_at: datetime


class Check(Contract):
    """One named test of the fetch's result. No bill data in `detail`."""

    name: str
    passed: bool
    detail: str = ""


class GateReport(Contract):
    """Evidence from the runner (SPEC, "Gate protocol"). Times are milliseconds."""

    version: Literal[1] = 1
    case: CaseId
    attempt: int = Field(ge=0)
    mode: GateMode
    importer: ImporterName
    correlation: Correlation
    repository: str
    run_id: int
    run_attempt: int = Field(ge=1)
    ref: str
    sha: Sha
    conclusion: Conclusion
    summary: str
    failure: Failure | None = None
    checks: tuple[Check, ...] = ()
    exit_code: int | None = None
    bills: int = Field(default=0, ge=0)
    logins_used: int = Field(default=0, ge=0)
    timings_ms: dict[str, int] = Field(default_factory=dict)
    log_tail: str = ""
    tools: dict[str, str] = Field(default_factory=dict)
    started_at: datetime
    finished_at: datetime
    trace: Trace | None = None


class RunState(Contract):
    """A workflow run as GitHub's API tells it, read again by `publish` before anything is believed."""

    run_id: int
    run_attempt: int
    status: str
    conclusion: str | None
    head_sha: Sha
    head_branch: str
    event: str
    path: str
    url: str


class Verdict(Contract):
    """Our judgement of a gate run: report and GitHub agreed, or `error`."""

    conclusion: Conclusion
    why: str


# ---------------------------------------------------------------- publication


class PullRequest(Contract):
    """The one pull request of a case."""

    number: int
    url: str
    state: Literal["open", "closed", "merged"]
    head_sha: Sha
    draft: bool = False


class Publication(Contract):
    """What people see of a healed case."""

    pull_request: PullRequest
    ticket_status: str


# ---------------------------------------------------------------- the case


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
    spend: Spend = Spend()


class Diagnosis(Contract):
    """Base red, proved once: holds for this base sha and importer while it is fresh."""

    run: GateRun
    verdict: Verdict
    failure: Failure | None = None


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

    flow: Literal["heal", "publish"]
    case: CaseId
    attempt: int = Field(default=0, ge=0)
    run_id: int = 0
    run_attempt: int = 1
    again: int = Field(default=0, ge=0)

    @property
    def key(self) -> str:
        """Idempotency key: unique per flow in Prefect's database. `again` counts the repetitions of what did not come to its end."""
        part = f"{self.attempt}" if self.flow == "heal" else f"{self.run_id}:{self.run_attempt}"
        return f"{self.flow}:{self.case}:{part}" + (f":again-{self.again}" if self.again else "")


class LeaseGrant(Contract):
    """What a gate run may know besides the secret values, which travel beside it and are in no contract."""

    lease: str
    case: CaseId
    attempt: int
    mode: GateMode
    importer: Importer
    refs: tuple[CredentialRef, ...]
    expires_at: datetime
