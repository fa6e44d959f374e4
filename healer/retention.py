"""Which cases are old enough to be forgotten. Pure. What remains of one is its receipt, which holds its whole event chain.

Only a case that is over is forgotten, and only where the receipt that is kept is the one that its chain ends with: then nothing is lost
that an audit needs.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from healer.contracts import ENDED, Case, Event, State
from healer.reconcile import RECEIPT_WRITTEN

_WITH_PEOPLE: Final = frozenset({State.PUBLISHED, State.MERGED, State.TAKEN})
"""Ended for the healer, and not over: a pull request, a merge that production has not proved, a person's work."""


def is_due(case: Case, now: datetime, days: float) -> bool:
    """Say whether a case is over and was written last so many days ago; 0 days keep every case."""
    is_over = case.state in ENDED - _WITH_PEOPLE and case.next_check is None
    return bool(days) and is_over and now - case.updated_at > timedelta(days=days)


def is_kept(events: Sequence[Event], receipt: str | None) -> bool:
    """Say whether the receipt is there that the chain ends with."""
    if receipt is None or not events or events[-1].kind != RECEIPT_WRITTEN:
        return False
    return events[-1].data.get("sha256") == hashlib.sha256(receipt.encode()).hexdigest()
