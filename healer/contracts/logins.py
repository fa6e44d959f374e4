"""Logins at a portal: how many a credentialRef may have, how many it had, and whether it may have another one."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from healer.contracts.base import Contract, CredentialRef


class LoginOutcome(StrEnum):
    """What a portal made of a login. `refused` and `locked` close the ref until a person opens it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"


class LoginPolicy(Contract):
    """What a utility allows: `ceiling` logins in `window_s` seconds, and none for `cooloff_s` after a refused or locked one."""

    ceiling: int = Field(ge=0)
    window_s: int = Field(ge=1)
    cooloff_s: int = Field(ge=0)


class LoginStanding(Contract):
    """How a ref stands now. `next_at` (UTC) is set where it must wait; `closed` where waiting does not help."""

    ref: CredentialRef
    used: int = Field(ge=0)
    ceiling: int = Field(ge=0)
    next_at: datetime | None = None
    closed: LoginOutcome | None = None
    closed_at: datetime | None = None
