"""A case as one trace of OpenTelemetry: what its spans are called, when they were, and what they say.

All ids follow from the case and from what the span is of, so that gateway, flows and gate need tell each other nothing, and what is told
again is the same span. Facts are ids, numbers and words of our own contracts: a text of somebody else is in none.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from healer.contracts import Case, CaseId, Conclusion, GateReport

Fact = str | int | float | bool
ROOT: Final = "delivery"
"""The key of a case's first span, under which all others stand."""


@dataclass(frozen=True)
class Span:
    """Something that took its time. `key` is unique within the case; `parent` is the key of the span around it, None of the first."""

    case: CaseId
    name: str
    key: str
    begun: datetime
    ended: datetime
    parent: str | None = ROOT
    well: bool = True
    facts: Mapping[str, Fact] = field(default_factory=dict)


def trace_id(case: CaseId) -> int:
    """Give the trace's id, 128 bits: what `healer case show` and a search in the tracing system have in common."""
    return int.from_bytes(_digest(case, "")[:16], "big")


def span_id(case: CaseId, key: str) -> int:
    """Give a span's id, 64 bits."""
    return int.from_bytes(_digest(case, key)[16:24], "big")


def _digest(case: CaseId, key: str) -> bytes:
    return hashlib.sha256(f"importer-healer\n{case}\n{key}".encode()).digest()


def delivery(case: Case, identifier: str, outcome: str, begun: datetime, ended: datetime) -> Span:
    """Give the span of a delivery. The one that opened the case is the trace's first."""
    first = outcome in {"opened", "queued"}
    facts = {"healer.importer": case.importer, "healer.outcome": outcome, "healer.state": case.state.value}
    key, parent = (ROOT, None) if first else (f"{ROOT}:{identifier}", ROOT)
    return Span(case.id, "delivery", key, begun, ended, parent, facts=facts)


def gate(report: GateReport) -> Span:
    """Give the span of a gate run, as its report tells it, with the milliseconds of its parts."""
    facts: dict[str, Fact] = {
        "healer.importer": report.importer,
        "healer.attempt": report.attempt,
        "healer.conclusion": report.conclusion.value,
        "healer.bills": report.bills,
        "healer.logins": report.logins_used,
        "github.run_id": report.run_id,
        "github.run_attempt": report.run_attempt,
        **({"healer.failure": report.failure.kind.value} if report.failure else {}),
        **{f"healer.ms.{part}": took for part, took in report.timings_ms.items()},
    }
    key = f"gate:{report.run_id}:{report.run_attempt}"
    well = report.conclusion is Conclusion.SUCCESS
    return Span(
        report.case, f"gate {report.mode.value}", key, report.started_at, report.finished_at, well=well, facts=facts
    )
