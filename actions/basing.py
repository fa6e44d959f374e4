"""The base in a verification's own job: what it did, and whether that settles the run without the head."""

from dataclasses import replace
from typing import Final

from actions.console import Exit
from actions.evidence import Evidence
from healer.clients.gateway import Lease
from healer.contracts import BaseResult, Conclusion, FailureClass, GateMode, Sha

_NOT_THE_IMPORTER: Final = frozenset({FailureClass.SOURCE_DOWN, FailureClass.TIMED_OUT, FailureClass.AUTH_FAILED})
"""No change of the importer mends it, and a login that was refused is not tried again."""


def of_base(lease: Lease) -> Lease:
    """Give the lease as a diagnosis has it: what changes nothing is judged by the rules of the base."""
    grant = lease.grant.model_copy(update={"mode": GateMode.DIAGNOSE, "repetitions": 1, "diff": "", "base": None})
    return replace(lease, grant=grant)


def result(found: Evidence, sha: Sha) -> BaseResult:
    """Give what the report says of the base."""
    green = found.failure is None
    return BaseResult(
        sha=sha,
        conclusion=Conclusion.SUCCESS if green else Conclusion.FAILURE,
        summary=found.summary,
        failure=found.failure,
        checks=found.checks,
        exit_code=found.exit_code,
        bills=len(found.bills),
    )


def settles(found: Evidence) -> bool:
    """Say whether nothing that the head could do matters: the base is healed, or red by what no change of it mends."""
    return found.failure is None or found.failure.kind in _NOT_THE_IMPORTER


def alone(found: Evidence) -> Evidence:
    """Give the evidence of a run that its base has settled: neutral where there is nothing to heal."""
    if found.failure:
        return replace(found, summary=f"Of the base: {found.summary}")
    told = f"There is nothing to heal. Of the base: {found.summary}"
    return replace(found, conclusion=Conclusion.NEUTRAL, exit=Exit.GREEN, summary=told)
