"""Intake: verified bytes → `Delivery`; a ticket → `Incident` or why not; a gate run → what follows it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from healer import strict_json
from healer.contracts import (
    ENDED,
    Case,
    CaseId,
    Delivery,
    GateMode,
    GateReport,
    GateRun,
    Importer,
    Incident,
    Reason,
    RunRequest,
    Ticket,
)
from healer.errors import Rejected
from healer.signing import Signed

_OPEN: Final = frozenset({"new", "indeterminate"})
"""JIRA's categories of statuses in which a ticket is acted on."""


@dataclass(frozen=True)
class AdmissionPolicy:
    """Which tickets may be acted on at all."""

    project: str
    issue_types: tuple[str, ...]


@dataclass(frozen=True)
class NotAdmitted:
    """Why a ticket is not acted on, in words that its reader understands."""

    reason: Reason
    explanation: str


def read_delivery(body: bytes, signed: Signed, received_at: datetime) -> Delivery:
    """Read the body of a verified delivery: `ticket` and `importer`; other members are ignored.

    Raises: Rejected (422, `bad_body`), never with any of the body.
    """
    members = strict_json.parse(body)
    try:
        return Delivery(
            id=signed.id,
            ticket=members.get("ticket"),
            importer=members.get("importer"),
            body_sha256=hashlib.sha256(body).hexdigest(),
            received_at=received_at,
        )
    except ValidationError:
        what = 'the body must be {"ticket": "KEY-1", "importer": "name"}.'
        raise Rejected(what, reason="bad_body", status=422) from None


def _objections(case_id: CaseId, ticket: Ticket, importer: Importer, policy: AdmissionPolicy) -> Iterator[str]:
    """Give the reasons why the ticket does not fit; each is a rule of the registry or of the settings."""
    if ticket.key != case_id:
        yield f"it was moved and is {ticket.key} now"
    if ticket.project != policy.project:
        yield f"it is in project {ticket.project}, and only {policy.project} is served"
    if ticket.issue_type not in policy.issue_types:
        yield f"its type is {ticket.issue_type}, and only {', '.join(policy.issue_types)} are served"
    if ticket.status_category == "done":
        yield f"it is closed already ({ticket.status})"
    elif ticket.status_category not in _OPEN:
        yield f"its status {ticket.status} does not say whether it is open"
    if importer.component not in ticket.components:
        yield f"it lacks the component {importer.component} of importer {importer.name}"


def admit(
    case_id: CaseId, ticket: Ticket, importer: Importer | None, policy: AdmissionPolicy
) -> Incident | NotAdmitted:
    """Decide whether a ticket, as our own account reads it, is one that we act on for this importer.

    `case_id` is the key that the delivery named, which a ticket that was moved has no more.
    `importer` is the registry's entry of the importer that the delivery named, None where there is none.
    """
    if importer is None:
        return NotAdmitted(Reason.UNKNOWN_IMPORTER, "the registry has no such importer; add it to importers.toml")
    if (objection := next(_objections(case_id, ticket, importer, policy), None)) is not None:
        return NotAdmitted(Reason.TICKET_MISMATCH, f"{case_id} is not acted on: {objection}")
    return Incident(case=ticket.key, importer=importer.name, summary=ticket.summary)


def follow_up(case: Case, run: GateRun | GateReport) -> RunRequest | None:
    """Give the flow run that a finished gate run starts: after `diagnose` and `probe` the next heal run, after `verify` its judgement.

    A heal run carries the number of the dispatch that it may make, so the next one counts on from the gate run's own. Where a person
    has ended the case meanwhile, nothing follows.
    """
    if case.state in ENDED:
        return None
    match run.mode:
        case GateMode.DIAGNOSE | GateMode.PROBE:
            return RunRequest(flow="heal", case=case.id, attempt=run.attempt + 1)
        case GateMode.VERIFY:
            return RunRequest(flow="publish", case=case.id, run_id=run.run_id, run_attempt=run.run_attempt)
