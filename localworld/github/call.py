"""One request to the REST API, read and authenticated, and its answer."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from localworld.github.bodies import Bodies
from localworld.github.model import Caller, Repository
from localworld.github.problem import Problem
from localworld.github.store import Store
from localworld.github.webhooks import Webhooks

PER_PAGE = 30


@dataclass(frozen=True)
class Answer:
    """A status, a JSON body (None stands for none) and headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request as a handler sees it."""

    store: Store
    hooks: Webhooks
    caller: Caller
    path: Mapping[str, str]
    query: QueryParams
    body: Any
    url: str

    @property
    def bodies(self) -> Bodies:
        """Give the writer of bodies."""
        return Bodies(self.store)

    @property
    def repository(self) -> Repository:
        """Give the repository that the path names.

        Raises: Problem 404.
        """
        return self.store.repository(f"{self.path['owner']}/{self.path['repo']}")

    def number(self, name: str) -> int:
        """Give a number of the path.

        Raises: Problem 404 for anything else.
        """
        try:
            return int(self.path[name])
        except ValueError:
            raise Problem(404, "Not Found") from None

    def text(self, name: str) -> str:
        """Give a required text of the body.

        Raises: Problem 422.
        """
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if not isinstance(value, str) or not value:
            raise Problem(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def _asked(self, name: str, otherwise: int) -> int:
        given = self.query.get(name, "")
        return max(int(given), 1) if given.isdecimal() else otherwise

    def page(self, items: list[Any], wrap: Callable[[list[Any]], Any] = list) -> Answer:
        """Give one page of a list, with the `Link` header where there is more."""
        size, number = min(self._asked("per_page", PER_PAGE), 100), self._asked("page", 1)
        shown = items[(number - 1) * size : number * size]
        more = len(items) > number * size
        link = {"Link": f'<{self.url}?{_with_page(self.query, number + 1)}>; rel="next"'} if more else {}
        return Answer(200, wrap(shown), link)


def _with_page(query: QueryParams, number: int) -> str:
    pairs = [f"{k}={v}" for k, v in query.items() if k != "page"]
    return "&".join([*pairs, f"page={number}"])


Handler = Callable[[Call], Answer]


def secret_of(header: str) -> str:
    """Read what a caller shows: `token X`, `Bearer X`, or basic with the token as password (as git does).

    Raises: Problem 401.
    """
    scheme, _, given = header.partition(" ")
    if scheme.lower() in ("token", "bearer"):
        return given.strip()
    try:
        return (
            base64.b64decode(given, validate=True).decode().partition(":")[2] if scheme.lower() == "basic" else _none()
        )
    except (binascii.Error, ValueError):
        return _none()


def _none() -> str:
    raise Problem(401, "Requires authentication")


async def read(request: Request, store: Store, hooks: Webhooks) -> Call:
    """Read a request.

    Raises: Problem 401 for a wrong login, 403 without User-Agent, 400 for a body that is no JSON.
    """
    if not request.headers.get("user-agent"):
        raise Problem(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
        )
    caller = store.caller(secret_of(request.headers.get("authorization", "")))
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise Problem(400, "Problems parsing JSON") from None
    return Call(store, hooks, caller, request.path_params, request.query_params, body, store.url + request.url.path)


def allow(caller: Caller, permissions: str, level: str) -> None:
    """Let a caller pass that has one of the permissions, which `|` separates.

    Raises: Problem 403 as GitHub words it, 401 for an App that did not take an installation token.
    """
    if caller.kind == "app":
        raise Problem(401, "This endpoint requires you to be authenticated.")
    if any(caller.may.get(permission) in ("write", level) for permission in permissions.split("|")):
        return
    kind = "integration" if caller.kind == "installation" else "personal access token"
    raise Problem(403, f"Resource not accessible by {kind}")
