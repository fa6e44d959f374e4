"""Triage, brief, patch: what leads from a failure to a pushed branch."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from healer.contracts.base import CaseId, Contract, Sha
from healer.contracts.intake import Importer
from healer.contracts.trace import Failure, Trace


class Reason(StrEnum):
    """Why a case waits or ended without a pull request. The first block are `not_fixed` products, the second need an engineer.

    BUDGET_SPENT is both: a day's or a month's ledger is free again by itself, a case's is not. OVER_LIMIT is a queued case's.
    The last block are those of a superseded one.
    """

    SITE_DOWN = "SITE_DOWN"
    CREDENTIAL = "CREDENTIAL"
    MFA = "MFA"
    CAPTCHA = "CAPTCHA"
    ANTI_BOT = "ANTI_BOT"
    NO_NEW_BILL = "NO_NEW_BILL"
    ALREADY_HEALED = "ALREADY_HEALED"
    AMBIGUOUS = "AMBIGUOUS"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    LOGINS_SPENT = "LOGINS_SPENT"

    ATTEMPTS_SPENT = "ATTEMPTS_SPENT"
    SAME_FAILURE = "SAME_FAILURE"
    NO_PATCH = "NO_PATCH"
    PATCH_REFUSED = "PATCH_REFUSED"
    PUSH_REFUSED = "PUSH_REFUSED"
    GATE_BROKEN = "GATE_BROKEN"
    UNKNOWN_IMPORTER = "UNKNOWN_IMPORTER"
    TICKET_MISMATCH = "TICKET_MISMATCH"
    CREDENTIAL_MISSING = "CREDENTIAL_MISSING"
    BUDGET_SPENT = "BUDGET_SPENT"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    TURNED_DOWN = "TURNED_DOWN"

    OVER_LIMIT = "OVER_LIMIT"

    MERGED_ELSEWHERE = "MERGED_ELSEWHERE"
    NEWER_CASE = "NEWER_CASE"


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
    proposed: str = ""
    """A diff: then it is to be judged, and nothing to be mended."""
    prompt_version: str


class Spend(Contract):
    """What an agent run cost."""

    usd: float = Field(default=0.0, ge=0)
    turns: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    """Those of the input tokens that the model's cache had."""
    output_tokens: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)


class Ceiling(Contract):
    """The most that one agent run may cost. It is debited before the run begins."""

    usd: float = Field(default=0.0, ge=0)
    seconds: float = Field(gt=0)


class AgentAnswer(Contract):
    """What an agent says about its own work. It is shown to people and never decides anything."""

    agent: str
    diagnosis: str
    confidence: float = Field(default=0.0, ge=0, le=1)
    not_fixable_because: str | None = None
    unfinished_because: str | None = None
    """Set where the run does not count: a limit, the guards or the watchdog ended it."""
    rejected_because: str | None = None
    """Set where a second session read the change and did not accept it: one reason more to refuse it, never one to let it pass."""
    confinement: str = ""
    """What stood between the agent and the machine, in words."""
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
