"""The portal as one ASGI app: six sites, their switchboard, and a page that lists them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from json import JSONDecodeError
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from localworld.portal.pages import ASSETS, page
from localworld.portal.site import Login, Site
from localworld.portal.sites import SITES
from localworld.portal.switches import SwitchError
from localworld.portal.utilities import UTILITIES


class Switchboard:
    """The control plane: tells the switches of all sites, and throws those of one."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._sites = sites

    async def tell(self, _: Request) -> Response:
        """Answer with every site's switches and how many logins it saw."""
        return JSONResponse({name: self._state(site) for name, site in self._sites.items()})

    async def throw(self, request: Request) -> Response:
        """Throw the switches that the JSON body names; the others stay."""
        site = self._sites.get(request.path_params["utility"])
        if site is None:
            return JSONResponse({"error": "no such utility"}, 404)
        try:
            site.switches = site.switches.thrown(await request.json(), site.versions)
        except (SwitchError, JSONDecodeError, UnicodeDecodeError) as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse(self._state(site))

    @staticmethod
    def _state(site: Site) -> dict[str, Any]:
        return {**site.switches.as_json(), "versions": sorted(site.versions), **asdict(site.census)}


def create_app(logins: Mapping[str, Login], month: date) -> Starlette:
    """Make the portal with a site for each utility that has a login; its newest bill is issued in `month` (the first day)."""
    served = [utility for utility in UTILITIES if utility.name in logins]
    sites = {utility.name: SITES[utility.name](utility, logins[utility.name], month) for utility in served}
    board = Switchboard(sites)

    async def index(_: Request) -> Response:
        return page("shared/index.html", utilities=served)

    return Starlette(
        routes=[
            Route("/", index),
            Route("/_control", board.tell),
            Route("/_control/{utility}", board.throw, methods=["POST"]),
            Mount("/assets", StaticFiles(directory=ASSETS)),
            *(Mount(f"/{name}", site) for name, site in sites.items()),
        ]
    )
