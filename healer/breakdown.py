"""What an error that outlasted its retries means for its case: given up with a reason, or left as it is for a later run.

Where the outside world may still do its part later (JIRA, Redis, Prefect, a setting that an operator must mend), the case stays
where it is, and running the flow again goes on from there.
"""

from typing import Final

from healer.contracts import Reason
from healer.errors import HealerError, PolicyViolation, UpstreamError

_REFUSED: Final = "push_refused"
_GATE: Final = frozenset({"github"})


def reason_of(error: HealerError) -> Reason | None:
    """Give the reason for which a case is given up after this error, or None where it stays as it is."""
    match error:
        case UpstreamError(reason=reason) if reason == _REFUSED:
            return Reason.PUSH_REFUSED
        case UpstreamError(service=service) if service in _GATE:
            return Reason.GATE_BROKEN
        case PolicyViolation():
            return Reason.PATCH_REFUSED
        case _:
            return None
