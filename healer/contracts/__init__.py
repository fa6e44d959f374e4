"""The frozen values in which stages meet: Delivery → Incident → Triage → Brief → Patch → Candidate → GateReport → Verdict → Publication.

Foreign JSON (Workato, GitHub, JIRA) is no contract: it is read once, at the door, and never leaves as a dict.
No field of any contract holds a secret; a `CredentialRef` is the pointer that may travel.
"""

from healer.contracts.base import CaseId, Contract, Correlation, CredentialRef, ImporterName, Sha, TicketKey
from healer.contracts.case import ENDED, Attempt, Case, Comment, Diagnosis, Event, PullRequest, RunRequest, State
from healer.contracts.fetches import Fetch, FetchResult, LastGood
from healer.contracts.gate import (
    Annotation,
    Check,
    CheckRun,
    Conclusion,
    GateMode,
    GateReport,
    GateRun,
    History,
    KnownBill,
    LeaseGrant,
    RunState,
    Verdict,
)
from healer.contracts.intake import Autonomy, Delivery, Importer, Incident, Ticket
from healer.contracts.logins import LoginOutcome, LoginPolicy, LoginStanding
from healer.contracts.mending import (
    AgentAnswer,
    Brief,
    Candidate,
    Ceiling,
    Disposition,
    Evidence,
    FileChange,
    Patch,
    Reason,
    Refusal,
    Spend,
    Triage,
)
from healer.contracts.trace import Failure, FailureClass, Lookup, Trace, TraceStep

__all__ = [
    "ENDED",
    "AgentAnswer",
    "Annotation",
    "Attempt",
    "Autonomy",
    "Brief",
    "Candidate",
    "Case",
    "CaseId",
    "Ceiling",
    "Check",
    "CheckRun",
    "Comment",
    "Conclusion",
    "Contract",
    "Correlation",
    "CredentialRef",
    "Delivery",
    "Diagnosis",
    "Disposition",
    "Event",
    "Evidence",
    "Failure",
    "FailureClass",
    "Fetch",
    "FetchResult",
    "FileChange",
    "GateMode",
    "GateReport",
    "GateRun",
    "History",
    "Importer",
    "ImporterName",
    "Incident",
    "KnownBill",
    "LastGood",
    "LeaseGrant",
    "LoginOutcome",
    "LoginPolicy",
    "LoginStanding",
    "Lookup",
    "Patch",
    "PullRequest",
    "Reason",
    "Refusal",
    "RunRequest",
    "RunState",
    "Sha",
    "Spend",
    "State",
    "Ticket",
    "TicketKey",
    "Trace",
    "TraceStep",
    "Triage",
    "Verdict",
]
