"""What all six sites do: sign in by form, sessions, bills as PDF, and how they behave when a switch is thrown."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from localworld.portal.bills import Bill, first_of, history
from localworld.portal.documents import pdf_of
from localworld.portal.pages import ASSETS, page, versions
from localworld.portal.reading import locale_of
from localworld.portal.sessions import Session, Sessions, Stage
from localworld.portal.switches import Switches, month_of
from localworld.portal.utilities import Utility

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Login:
    """The login that a site accepts. Its password is never shown."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"

    def matches(self, username: str, password: str) -> bool:
        """Tell whether both are right."""
        right = hmac.compare_digest(self.username.encode(), username.encode())
        return hmac.compare_digest(self.password.encode(), password.encode()) and right


@dataclass
class Census:
    """How many logins a site has seen."""

    logins: int = 0
    refused: int = 0


class Site:
    """One utility's portal as an ASGI app below `/NAME`. Sub-classes add their pages."""

    home = "account"

    def __init__(self, utility: Utility, login: Login, month: date) -> None:
        self.utility, self._login, self._month = utility, login, month
        self.switches, self.census = Switches(), Census()
        self.sessions, self.versions = Sessions(utility.name), versions(utility.name)
        assets = Mount("/assets", StaticFiles(directory=ASSETS))
        self._router = Router([assets, *self._common(), *self.routes()])

    def routes(self) -> list[BaseRoute]:
        """Give the pages behind the login."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless a switch answers first."""
        request = Request(scope, receive)
        if "/assets/" not in request.url.path:
            await asyncio.sleep(self.switches.slow_ms / 1000)
            if answer := self._out_of_service(request):
                await answer(scope, receive, send)
                return
        await self._router(scope, receive, send)

    # ------------------------------------------------------------ what sub-classes build on

    @property
    def bills(self) -> tuple[Bill, ...]:
        """Give the bills on file, the newest first."""
        month = month_of(self.switches.month) if self.switches.month else self._month
        newest = first_of(month, 1 if self.switches.no_new_bill else 0)
        return history(self.utility.name, self.utility.tariff, newest, self.utility.bills)

    def show(self, name: str, session: Session, **values: Any) -> Response:
        """Render one page of the current version for a visitor."""
        response = self._render(f"{self.utility.name}/{self.switches.version}/{name}.html", session=session, **values)
        self.sessions.keep(response, session)
        return response

    def go(self, path: str, session: Session) -> Response:
        """Send the visitor on to another page of this site."""
        response = RedirectResponse(f"/{self.utility.name}/{path}", 303)
        self.sessions.keep(response, session)
        return response

    def shows(self, name: str) -> Handler:
        """Make a handler that shows a page to members."""

        async def handle(request: Request) -> Response:
            return self.show(name, self.sessions.of(request))

        return self.for_members(handle)

    def for_members(self, handler: Handler) -> Handler:
        """Send everybody who has not signed in to the login."""

        async def handle(request: Request) -> Response:
            session = self.sessions.of(request)
            return await handler(request) if session.stage is Stage.MEMBER else self.go("login", session)

        return handle

    async def form(self, request: Request, session: Session) -> dict[str, str] | None:
        """Give the fields of a posted form, or None where it does not carry this session's token."""
        fields = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        return fields if hmac.compare_digest(fields.get(self.utility.csrf, ""), session.csrf) else None

    def sign_in(self, session: Session, username: str, password: str) -> Response | None:
        """Let the visitor in, or ask for a second factor; give None where the login is refused."""
        self.census.logins += 1
        if self.switches.refuse_login or not self._login.matches(username, password):
            self.census.refused += 1
            return None
        if self.switches.mfa:
            return self.go("verify", self.sessions.advance(session, Stage.UNVERIFIED))
        return self.go(self.home, self.sessions.advance(session, Stage.MEMBER))

    def bill(self, request: Request) -> Bill | None:
        """Give the bill whose number is in the address."""
        return next((bill for bill in self.bills if bill.number == request.path_params["number"]), None)

    def forbidden(self) -> Response:
        """Refuse a form whose token is not this session's."""
        return self._notice("expired", 403)

    # ------------------------------------------------------------ pages that every site has

    def _common(self) -> list[BaseRoute]:
        return [
            Route("/", self._welcome),
            Route("/login", self._show_login),
            Route("/login", self._sign_in, methods=["POST"]),
            Route("/logout", self._sign_out, methods=["GET", "POST"]),
            Route("/verify", self._verify, methods=["GET", "POST"]),
            Route("/documents/{number}.pdf", self.for_members(self._pdf)),
        ]

    async def _welcome(self, request: Request) -> Response:
        return self.go("login", self.sessions.of(request))

    async def _show_login(self, request: Request) -> Response:
        return self.show("login", self.sessions.of(request), error="")

    async def _sign_in(self, request: Request) -> Response:
        session = self.sessions.of(request)
        fields = await self.form(request, session)
        if fields is None:
            return self.forbidden()
        user, password = self.utility.fields[self.switches.version]
        answer = self.sign_in(session, fields.get(user, ""), fields.get(password, ""))
        return answer or self.show("login", session, error=self.utility.refusal)

    async def _sign_out(self, request: Request) -> Response:
        self.sessions.end(self.sessions.of(request))
        return self.go("login", Session())

    async def _verify(self, request: Request) -> Response:
        session = self.sessions.of(request)
        if session.stage is not Stage.UNVERIFIED:
            return self.go("login", session)
        return self._notice("verify", 200, session=session, wrong=request.method == "POST")

    async def _pdf(self, request: Request) -> Response:
        bill = self.bill(request)
        if bill is None:
            return self._notice("missing", 404)
        name = f"{self.utility.name}-{bill.end:%Y-%m}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(pdf_of(self.utility, bill), media_type="application/pdf", headers=headers)

    # ------------------------------------------------------------ switches

    def _out_of_service(self, request: Request) -> Response | None:
        if self.switches.down:
            return self._notice("down", 503)
        if self.switches.maintenance:
            return self._notice("maintenance", 200)
        if self.switches.captcha and self.sessions.of(request).stage is not Stage.MEMBER:
            return self._notice("captcha", 200)
        return None

    def _notice(self, name: str, status: int, **values: Any) -> Response:
        return self._render(f"shared/{name}.html", status, **values)

    def _render(self, template: str, status: int = 200, **values: Any) -> Response:
        return page(
            template,
            status,
            utility=self.utility,
            base=f"/{self.utility.name}",
            bills=self.bills,
            locale=locale_of(self.utility),
            no_new_bill=self.switches.no_new_bill,
            **values,
        )
