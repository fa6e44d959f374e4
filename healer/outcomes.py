"""How the ticket is told of outcomes: the form of the words, and those for a case that another one supersedes."""

from typing import Final, NamedTuple

from healer.contracts import Case, Reason, State


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


def places(case: Case) -> list[str]:
    """Give where the change is, in JIRA's wiki markup: the pull request and, unless it is gone, the branch."""
    pull = case.pull_request
    is_needless = pull is not None and pull.state == "closed" and case.reason is Reason.ALREADY_HEALED
    words = ", closed: the importer works without it" if is_needless else ""
    is_gone = pull is not None and (pull.state == "merged" or is_needless or case.state is State.SUPERSEDED)
    found = [f"* Pull request: [#{pull.number}|{pull.url}]{words}"] if pull else []
    return [*found, *([f"* Branch: {{{{{case.branch}}}}}"] if case.branch and not is_gone else [])]
