"""What an error means for its case: whether trying again may help, and what follows when it did not.

Where the outside world may still do its part later (JIRA, Redis, a setting that an operator must mend, GitHub once the case is
verified), the case stays where it is, and running the flow again goes on from there.
"""

from typing import Final

from healer.contracts import Reason, State
from healer.errors import HealerError, PolicyViolation, UpstreamError

_FOR_GOOD: Final = frozenset(
    {"unauthorized", "forbidden", "not_found", "refused", "push_refused", "transition_refused", "unreadable"}
)
"""Reasons of upstream errors that a repetition does not change."""
JIRA_REFUSES: Final = frozenset({"not_found", "refused", "forbidden", "transition_refused"})
"""What JIRA will refuse again on a ticket; the rest may pass by itself."""
OUTAGE_TRIES: Final = 8
"""So often `reconcile` starts a case again that GitHub keeps waiting, about two hours; then a person must look."""
_GATE_TO_COME: Final = frozenset({State.RECEIVED, State.DIAGNOSING, State.TRIAGED, State.PATCHING, State.PUSHED})


def may_pass(error: BaseException) -> bool:
    """Say whether trying again after a pause may help."""
    return isinstance(error, HealerError) and error.retryable and error.reason not in _FOR_GOOD


def reason_of(error: HealerError, state: State, tries: int = 0) -> Reason | None:
    """Give the reason for which a case in this state is given up after the error, or None where it stays as it is.

    `tries` counts how often the case was started again since it made headway.
    """
    match error:
        case UpstreamError(reason="push_refused"):
            return Reason.PUSH_REFUSED
        case UpstreamError(service="github" | "git") if state in _GATE_TO_COME and (
            not may_pass(error) or tries >= OUTAGE_TRIES
        ):
            return Reason.GATE_BROKEN
        case PolicyViolation():
            return Reason.PATCH_REFUSED
        case _:
            return None
