"""What every contract is made of: the frozen base, and the keys by which people and machines name things."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


def text(pattern: str) -> StringConstraints:
    """Constrain a string to a pattern, with nothing converted into one."""
    return StringConstraints(pattern=pattern, strict=True)


TicketKey = Annotated[str, text(r"^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,8}$")]
CaseId = TicketKey
"""One ticket is one case: the case carries the ticket's key, so that people need one name only."""
ImporterName = Annotated[str, text(r"^[a-z][a-z0-9_]{0,39}$")]
CredentialRef = Annotated[str, text(r"^[a-z0-9][a-z0-9-]{0,62}$")]
Sha = Annotated[str, text(r"^[0-9a-f]{40}$")]
KeyedHash = Annotated[str, text(r"^[0-9a-f]{32}$")]
Correlation = Annotated[str, text(r"^[A-Za-z0-9_-]{1,64}$")]
CommentRef = Annotated[str, text(r"^(pull|ticket|box):[1-9][0-9]{0,18}$")]
"""Where a command was given: a comment on a case's pull request or ticket and its id there, or a ticked box of the dashboard."""


class Contract(BaseModel):
    """Base of every contract: immutable, no unknown member."""

    model_config = ConfigDict(frozen=True, extra="forbid")
