"""Sessions by cookie, one store a utility, in memory."""

import secrets
from dataclasses import dataclass, field
from enum import Enum

from starlette.requests import Request
from starlette.responses import Response


class Stage(Enum):
    """How far a visitor has come with signing in."""

    VISITOR = "visitor"
    IDENTIFIED = "identified"
    UNVERIFIED = "unverified"
    MEMBER = "member"


@dataclass
class Session:
    """One visitor. `csrf` must come back with each form; `user` is who claims to sign in."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    stage: Stage = Stage.VISITOR
    user: str = ""


class Sessions:
    """All sessions of one utility's site."""

    def __init__(self, utility: str) -> None:
        self._utility, self._open = utility, dict[str, Session]()

    @property
    def cookie(self) -> str:
        """Give the cookie's name."""
        return f"{self._utility}_session"

    def of(self, request: Request) -> Session:
        """Give the visitor's session, a new one where there is none."""
        return self._open.get(request.cookies.get(self.cookie, "")) or self._start(Session())

    def advance(self, session: Session, stage: Stage) -> Session:
        """Give a session at another stage under a new id, so that an id from before the login is worth nothing after it."""
        self.end(session)
        return self._start(Session(stage=stage, user=session.user))

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._open.pop(session.id, None)

    def keep(self, response: Response, session: Session) -> None:
        """Hand the visitor the session's id."""
        response.set_cookie(self.cookie, session.id, path=f"/{self._utility}", httponly=True, samesite="lax")

    def _start(self, session: Session) -> Session:
        self._open[session.id] = session
        return session
