"""Whether people have approved what an agent wrote: somebody who had no part in it, on the very head that would be merged."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_APPROVED: Final = "APPROVED"
_WORDS: Final = frozenset({_APPROVED, "CHANGES_REQUESTED", "DISMISSED"})
_STEERS: Final = re.compile(r"\s*/healer\s+(?:retry|publish|release|budget)\b")


class Review(NamedTuple):
    """One review as GitHub tells it, oldest first: who, the state's name, the commit it was about, and whether a person wrote it."""

    login: str
    state: str
    commit: str
    is_person: bool


class Approval(NamedTuple):
    """Whether the head may be merged as far as approval goes, and why, in a sentence."""

    given: bool
    why: str


def is_steering(comment: str) -> bool:
    """Say whether a comment sends the agent to work; who wrote it has asked for the change and cannot approve it."""
    return _STEERS.match(comment) is not None


def judge(head: str, involved: Iterable[str], reviews: Sequence[Review]) -> Approval:
    """Judge the reviews of a pull request whose head is `head`; `involved` are those who wrote it or asked for it.

    The last word of each person counts, comments aside, and an approval counts for the commit that it was about only.
    """
    parts = {login.lower() for login in involved}
    last = {review.login.lower(): review for review in reviews if review.is_person and review.state in _WORDS}
    if objecting := sorted(login for login, review in last.items() if review.state == "CHANGES_REQUESTED"):
        return Approval(given=False, why=f"{', '.join(objecting)} asked for changes.")
    approving = {login: review for login, review in last.items() if review.state == _APPROVED}
    fresh = {login for login, review in approving.items() if review.commit == head}
    if outside := sorted(fresh - parts):
        return Approval(given=True, why=f"{', '.join(outside)} approved {head[:12]}.")
    if fresh:
        why = f"{', '.join(sorted(fresh))} wrote or asked for this change, so somebody else must approve it."
    elif approving:
        why = f"{', '.join(sorted(approving))} approved an earlier commit; {head[:12]} is still to be approved."
    else:
        why = f"Nobody has approved {head[:12]} yet."
    return Approval(given=False, why=why)
