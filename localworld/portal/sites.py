"""The six sites: which pages each has behind its login, and how a visitor comes to them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from localworld.portal import voltara
from localworld.portal.sessions import Stage
from localworld.portal.site import Site


class Brightwater(Site):
    """Account page and one table of bills."""

    def routes(self) -> list[BaseRoute]:
        """Give the pages behind the login."""
        return [Route("/account", self.shows("account")), Route("/billing/history", self.shows("bills"))]


class Voltara(Site):
    """An app that reads its bills as JSON."""

    home = "dashboard"

    def routes(self) -> list[BaseRoute]:
        """Give the pages behind the login."""
        api = Route("/api/billing/history", self.for_members(self._history))
        return [Route("/dashboard", self.shows("dashboard")), api]

    async def _history(self, _: Request) -> Response:
        return JSONResponse(voltara.answer(self.switches.version, self.utility, self.bills))


class Northgas(Site):
    """User name, password and account on a page each, then one page a bill."""

    home = "accounts"

    def routes(self) -> list[BaseRoute]:
        """Give the steps of the login and the pages behind it."""
        return [
            Route("/login/identify", self._identify, methods=["POST"]),
            Route("/login/password", self._ask_password),
            Route("/login/authenticate", self._authenticate, methods=["POST"]),
            Route("/accounts", self.shows("accounts")),
            Route("/account", self.shows("account")),
            Route("/account/bills", self.shows("bills")),
            Route("/account/bills/{number}", self.for_members(self._detail)),
        ]

    async def _identify(self, request: Request) -> Response:
        session = self.sessions.of(request)
        fields = await self.form(request, session)
        if fields is None:
            return self.forbidden()
        user = fields.get(self.utility.fields[self.switches.version][0], "").strip()
        if not user:
            return self.show("login", session, error="Enter your username to continue.")
        session.user = user
        return self.go("login/password", self.sessions.advance(session, Stage.IDENTIFIED))

    async def _ask_password(self, request: Request) -> Response:
        session = self.sessions.of(request)
        known = session.stage is Stage.IDENTIFIED
        return self.show("password", session, error="") if known else self.go("login", session)

    async def _authenticate(self, request: Request) -> Response:
        session = self.sessions.of(request)
        fields = await self.form(request, session)
        if fields is None or session.stage is not Stage.IDENTIFIED:
            return self.forbidden()
        password = fields.get(self.utility.fields[self.switches.version][1], "")
        answer = self.sign_in(session, session.user, password)
        return answer or self.show("password", session, error=self.utility.refusal)

    async def _detail(self, request: Request) -> Response:
        session, bill = self.sessions.of(request), self.bill(request)
        return self.show("detail", session, bill=bill) if bill else self.go("account/bills", session)


class Cascade(Site):
    """A service address to choose, a history of several pages, one page a bill."""

    home = "service-address"
    page_size = 3

    def routes(self) -> list[BaseRoute]:
        """Give the pages behind the login."""
        return [
            Route("/service-address", self.shows("addresses")),
            Route("/service-address", self.for_members(self._choose), methods=["POST"]),
            Route("/home", self.shows("home")),
            Route("/billing/history", self.for_members(self._history)),
            Route("/billing/statement/{number}", self.for_members(self._detail)),
        ]

    async def _choose(self, request: Request) -> Response:
        session = self.sessions.of(request)
        return self.forbidden() if await self.form(request, session) is None else self.go("home", session)

    async def _history(self, request: Request) -> Response:
        asked = request.query_params.get("page", "1")
        pages = -(-len(self.bills) // self.page_size)
        number = min(max(int(asked) if asked.isdecimal() else 1, 1), pages)
        first = (number - 1) * self.page_size
        listed: Any = self.bills[first : first + self.page_size]
        return self.show("history", self.sessions.of(request), listed=listed, number=number, pages=pages)

    async def _detail(self, request: Request) -> Response:
        session, bill = self.sessions.of(request), self.bill(request)
        return self.show("detail", session, bill=bill) if bill else self.go("billing/history", session)


class Halden(Site):
    """A list of documents; what a bill says stands in its PDF only."""

    home = "overview"

    def routes(self) -> list[BaseRoute]:
        """Give the pages behind the login."""
        return [Route("/overview", self.shows("overview")), Route("/documents", self.shows("documents"))]


class Ostrava(Site):
    """Czech pages, dates and money."""

    home = "prehled"

    def routes(self) -> list[BaseRoute]:
        """Give the pages behind the login."""
        return [Route("/prehled", self.shows("overview")), Route("/faktury", self.shows("invoices"))]


SITES: dict[str, type[Site]] = {
    "brightwater": Brightwater,
    "voltara": Voltara,
    "northgas": Northgas,
    "cascade": Cascade,
    "halden": Halden,
    "ostrava": Ostrava,
}
