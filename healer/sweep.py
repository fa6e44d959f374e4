"""Sweep: which tickets nobody has delivered, though they are about an importer. Pure: the flow asks JIRA and takes them in.

A ticket that Workato did not deliver is taken as if it had: the same intake, the same limits, the same case.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from healer.contracts import Contract, Delivery, Importer, ImporterName, Ticket, TicketKey
from healer.intake import AdmissionPolicy, NotAdmitted, admit

SENDER: Final = "sweep"
"""Who delivers, where the rate of a key's deliveries is judged."""


class Finding(Contract):
    """A ticket without a case: the importer that it is about, or, where that is not clear, why nothing can be done."""

    ticket: TicketKey
    importer: ImporterName | None = None
    why: str = ""


def query(project: str, hours: int, after_minutes: int) -> str:
    """Give the JQL for open tickets with a component, written in the last hours, and long enough ago for Workato to have delivered them.

    Components and types are compared afterwards: JIRA refuses a whole query for one name that it does not know.
    """
    window = f"updated >= -{hours}h AND updated <= -{after_minutes}m"
    return (
        f"project = {project} AND statusCategory != Done AND component is not EMPTY AND {window} ORDER BY created ASC"
    )


def finding(ticket: Ticket, importers: Iterable[Importer], policy: AdmissionPolicy) -> Finding | None:
    """Say which importer a ticket is about; None where it is none of ours, by the rules by which a case is admitted."""
    ours = [one for one in importers if not isinstance(admit(ticket.key, ticket, one, policy), NotAdmitted)]
    if len(ours) > 1:
        names = ", ".join(sorted(one.name for one in ours))
        return Finding(ticket=ticket.key, why=f"it has the components of several importers: {names}")
    return Finding(ticket=ticket.key, importer=ours[0].name) if ours else None


def delivery(ticket: TicketKey, importer: ImporterName, now: datetime) -> Delivery:
    """Give the delivery that stands for the missing one; a ticket has one, however often it is swept."""
    said = hashlib.sha256(f"{ticket} {importer}".encode()).hexdigest()
    return Delivery(
        id=f"sweep-{ticket}-{said[:8]}", ticket=ticket, importer=importer, body_sha256=said, received_at=now
    )
