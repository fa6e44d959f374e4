"""The web application: routes, refusals, control plane, record."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from localworld.faults import Faults
from localworld.jira import attachments, comments, extras, issues, search, site
from localworld.jira.call import Answer, Handler, Raw, read, unauthenticated
from localworld.jira.page import list_page, ticket_page
from localworld.jira.problem import Problem
from localworld.jira.store import Store
from localworld.record import Record, Recorded

Endpoint = Callable[[Request], Awaitable[Response]]
_JSON = "application/json;charset=UTF-8"
_ISSUE = "/rest/api/{version}/issue/{key}"
_OPEN = (site.server_info,)
"""What an anonymous caller may ask."""
_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/rest/api/{version}/serverInfo", site.server_info),
    ("GET", "/rest/api/{version}/myself", site.myself),
    ("GET", "/rest/api/{version}/field", site.fields),
    ("GET", "/rest/api/{version}/user", site.user),
    ("GET", "/rest/api/{version}/user/search", site.users),
    ("GET", "/rest/api/{version}/user/assignable/search", site.users),
    ("GET", "/rest/api/{version}/project/{project}", site.project),
    ("GET", "/rest/api/{version}/project/{project}/statuses", site.statuses),
    ("GET", "/rest/api/{version}/mypermissions", site.my_permissions),
    ("GET", "/rest/api/{version}/search", search.by_offset),
    ("POST", "/rest/api/{version}/search", search.by_offset),
    ("GET", "/rest/api/{version}/search/jql", search.by_token),
    ("POST", "/rest/api/{version}/search/jql", search.by_token),
    ("GET", "/rest/api/{version}/issue/createmeta", site.create_meta),
    ("GET", "/rest/api/{version}/issue/createmeta/{project}/issuetypes", site.create_meta_types),
    ("POST", "/rest/api/{version}/issue", issues.create),
    ("GET", _ISSUE, issues.read),
    ("PUT", _ISSUE + "/assignee", issues.assign),
    ("GET", _ISSUE + "/transitions", issues.transitions),
    ("POST", _ISSUE + "/transitions", issues.move),
    ("GET", _ISSUE + "/comment", comments.listed),
    ("POST", _ISSUE + "/comment", comments.write),
    ("GET", _ISSUE + "/comment/{id}", comments.read),
    ("PUT", _ISSUE + "/comment/{id}", comments.edit),
    ("DELETE", _ISSUE + "/comment/{id}", comments.delete),
    ("GET", _ISSUE + "/remotelink", extras.links),
    ("POST", _ISSUE + "/remotelink", extras.put_link),
    ("GET", _ISSUE + "/remotelink/{id}", extras.link),
    ("GET", _ISSUE + "/properties", extras.properties),
    ("GET", _ISSUE + "/properties/{name}", extras.property_),
    ("PUT", _ISSUE + "/properties/{name}", extras.put_property),
    ("POST", _ISSUE + "/attachments", attachments.attach),
    ("DELETE", "/rest/api/{version}/attachment/{id}", attachments.delete),
    ("GET", "/rest/api/{version}/attachment/content/{id}", attachments.content),
    ("GET", "/rest/applinks/{version}/listApplicationlinks", site.application_links),
)


def create_app(store: Store, record: Path) -> ASGIApp:
    """Make the application of one site; exchanges go to the file `record`."""
    app = Starlette(routes=[Route(path, _endpoint(store, handler), methods=[m]) for m, path, handler in _TABLE])
    faults = Faults(app)
    control = Route("/_control/faults", faults.control, methods=["GET", "POST", "DELETE"])
    app.router.routes.extend([*_Desk(store).routes(), control])
    return Recorded(faults, Record(record), store.url, ("/rest/",))


def _endpoint(store: Store, handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            call = await read(request, store)
            if call.user is None and handler not in _OPEN:
                raise unauthenticated(store)
            answer = handler(call)
        except Problem as problem:
            return _refusal(problem)
        if request.method != "GET":
            store.save()
        return _written(answer)

    return endpoint


def _written(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status)
    if isinstance(answer.body, Raw):
        return Response(answer.body.data, answer.status, media_type=answer.body.mime)
    return Response(json.dumps(answer.body), answer.status, media_type=_JSON)


def _refusal(problem: Problem) -> Response:
    headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"} if problem.status == 401 else {}
    return Response(json.dumps(problem.body()), problem.status, headers, media_type=_JSON)


class _Desk:
    """What people and the world's author use: pages and the control plane."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("/", self.front),
            Route("/browse/{key}", self.browse),
            Route("/browse/{key}/comment", self.say, methods=["POST"]),
            Route("/secure/attachment/{id}/{name}", self.file),
            Route("/_control/tickets", self.lay, methods=["POST"]),
            Route("/_control/state", self.state),
        ]

    async def front(self, _request: Request) -> Response:
        return HTMLResponse(list_page(self._store))

    async def browse(self, request: Request) -> Response:
        try:
            return HTMLResponse(ticket_page(self._store, self._store.ticket(request.path_params["key"])))
        except Problem as problem:
            return HTMLResponse(problem.messages[0], problem.status)

    async def say(self, request: Request) -> Response:
        """Comment as the visitor, from the form of a ticket's page and from no other site's."""
        text = parse_qs((await request.body()).decode()).get("text", [""])[0].strip()
        if self._store.visitor is None or request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return HTMLResponse("Nobody may comment from here.", 403)
        try:
            ticket = self._store.ticket(request.path_params["key"])
        except Problem as problem:
            return HTMLResponse(problem.messages[0], problem.status)
        if text:
            comments.add(self._store, ticket, self._store.visitor, text)
            self._store.save()
        return RedirectResponse(f"/browse/{ticket.key}", 303)

    async def file(self, request: Request) -> Response:
        try:
            _, found = attachments.named(self._store, request.path_params["id"])
        except Problem as problem:
            return HTMLResponse(problem.messages[0], problem.status)
        return Response(found.data, media_type=found.mime, headers={"content-disposition": "attachment"})

    async def lay(self, request: Request) -> Response:
        try:
            ticket = self._store.lay(json.loads(await request.body()))
        except Problem as problem:
            return _refusal(problem)
        self._store.save()
        return JSONResponse({"key": ticket.key, "url": f"{self._store.url}/browse/{ticket.key}"}, 201)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(self._store.dump())
