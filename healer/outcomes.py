"""How the ticket is told of outcomes: the form of the words, and those for a case that another one supersedes."""

from typing import Final, NamedTuple

from healer.contracts import Reason


class Wording(NamedTuple):
    """What an outcome means, who acts on it (`{owner}` is the importer's owner), and what happens next."""

    what: str
    owner: str
    then: str


_FOLLOW: Final = "Follow the case that is named here; close this ticket with that one's."

SUPERSEDED: Final = Wording(
    "Another case has this failure in hand. The pull request of this one is closed and its branch is gone.",
    "nobody for this ticket",
    _FOLLOW,
)
SUPERSEDED_BY: Final[dict[Reason, Wording]] = {
    Reason.MERGED_ELSEWHERE: Wording("Another case's change for this very failure was merged.", "nobody", _FOLLOW),
    Reason.NEWER_CASE: Wording("A newer case has a proved change for this very failure.", "nobody", _FOLLOW),
}
