"""The gate: what it is asked, what it reports, and what we make of it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from healer.contracts.base import CaseId, Contract, Correlation, CredentialRef, ImporterName, KeyedHash, Sha
from healer.contracts.intake import Importer
from healer.contracts.trace import Failure, Trace


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
    base_sha: Sha | None = None
    """The base commit that this `verify` run fetches with first; None where the diagnosis holds."""


class Check(Contract):
    """One named test of the fetch's result. No bill data in `detail`."""

    name: str
    passed: bool
    detail: str = ""


class KnownBill(Contract):
    """One bill of a good fetch as keyed hashes (`healer.history`): equal values agree, and none can be read."""

    period: KeyedHash
    account: KeyedHash
    end: KeyedHash
    amount: KeyedHash
    currency: KeyedHash
    size: KeyedHash
    pdf: KeyedHash | None = None
    pdf_has_text: bool = False


class History(Contract):
    """What is remembered of an importer's good fetches, the newest bill last. `key` says under which key it was hashed."""

    version: Literal[1] = 1
    key: KeyedHash
    bills: tuple[KnownBill, ...] = Field(max_length=120)


class BaseResult(Contract):
    """What the base commit did in a `verify` run, before its head: judged as a diagnosis judges it."""

    sha: Sha
    conclusion: Literal[Conclusion.SUCCESS, Conclusion.FAILURE]
    summary: str
    failure: Failure | None = None
    checks: tuple[Check, ...] = ()
    exit_code: int | None = None
    bills: int = Field(default=0, ge=0)


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
    hosts: tuple[str, ...] = ()
    """Hosts that the container contacted."""
    unfenced: str = ""
    """Why the container's network could not be fenced; empty where it was."""
    tools: dict[str, str] = Field(default_factory=dict)
    started_at: datetime
    finished_at: datetime
    base: BaseResult | None = None
    """What the base did, where the same job fetched with it. Where it settles the run by itself, the report is about it alone."""
    trace: Trace | None = None
    history: History | None = None
    """What to remember where this run is believed; only one whose bills are true has it."""


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


class Annotation(Contract):
    """A remark on a line of the repository."""

    path: str
    line: int = Field(ge=1)
    title: str
    message: str


class CheckRun(Contract):
    """What GitHub shows beside a commit, and branch protection can require. `mark` tells the gate run that it is about."""

    name: str
    head_sha: Sha
    mark: str
    conclusion: Literal["success", "failure", "timed_out", "cancelled", "action_required"]
    title: str
    summary: str
    url: str
    annotations: tuple[Annotation, ...] = ()


class LeaseGrant(Contract):
    """What a gate run may know besides the secret values, which travel beside it and are in no contract."""

    lease: str
    case: CaseId
    attempt: int
    mode: GateMode
    importer: Importer
    refs: tuple[CredentialRef, ...]
    repetitions: int = Field(default=1, ge=1)
    """Fetches with each of the refs; all of them are debited."""
    base: Sha | None = None
    """The base commit to fetch with first, once with the first login, which is debited for it besides."""
    expires_at: AwareDatetime
    history: History | None = None
    diff: str = ""
    """What the attempt changes on its base; empty where nothing is (`diagnose`)."""
