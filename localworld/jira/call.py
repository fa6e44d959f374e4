"""One request to the REST API, read and authenticated, and its answer."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, cast

from starlette.datastructures import QueryParams
from starlette.requests import Request

from localworld.jira.model import Ticket, User
from localworld.jira.problem import Problem
from localworld.jira.shapes import Shapes
from localworld.jira.store import Store


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; None stands for no body."""

    status: int
    body: Any = None


@dataclass(frozen=True)
class Raw:
    """A body that goes out as it is."""

    data: bytes
    mime: str


@dataclass(frozen=True)
class Upload:
    """One file of a form."""

    field: str
    name: str
    mime: str
    data: bytes


@dataclass(frozen=True)
class Call:
    """A request as a handler sees it. `version` is `2` or `3`; `body` is JSON, or the files of a form."""

    store: Store
    user: User | None
    version: str
    path: Mapping[str, str]
    query: QueryParams
    body: Any

    @property
    def me(self) -> str:
        """Give the name of the caller.

        Raises: Problem 401 for an anonymous one.
        """
        if self.user is None:
            raise unauthenticated(self.store)
        return self.user.name

    @property
    def shapes(self) -> Shapes:
        """Give the writer for this API version."""
        return Shapes(self.store, self.version)

    @property
    def ticket(self) -> Ticket:
        """Give the ticket that the path names.

        Raises: Problem 404.
        """
        return self.store.ticket(self.path["key"])

    @property
    def given(self) -> Mapping[str, Any]:
        """Give the body of a request that must be a JSON object.

        Raises: Problem 400.
        """
        if not isinstance(self.body, Mapping):
            raise Problem(400, "The request body must be a JSON object.")
        return self.body

    def listed(self, name: str) -> list[str]:
        """Give a parameter that may be repeated and may hold commas, from the query or the JSON body."""
        given = self.query.getlist(name) or self.given.get(name) or []
        parts = [given] if isinstance(given, str) else given
        return [item.strip() for part in parts for item in part.split(",") if item.strip()]

    def number(self, name: str, default: int) -> int:
        """Give a whole number from the query or the JSON body.

        Raises: Problem 400 for anything else.
        """
        try:
            return int(self.query.get(name, self.given.get(name, default)))
        except (TypeError, ValueError):
            raise Problem(400, f"'{name}' must be a whole number.") from None


Handler = Callable[[Call], Answer]


def unauthenticated(store: Store) -> Problem:
    """Make the 401 of this product."""
    if store.cloud:
        return Problem(401, "Client must be authenticated to access this resource.")
    return Problem(401, "You are not authenticated. Authentication required to perform this operation.")


def who(store: Store, header: str) -> User | None:
    """Find the caller: Cloud takes basic `email:token`, Data Center a bearer token; nobody without a header.

    Raises: Problem 401 for anything that is not a login here.
    """
    if not header:
        return None
    scheme, _, given = header.partition(" ")
    known = {_login(store, user): user for user in store.users.values() if user.token}
    user = known.get((scheme.lower(), _plain(given) if store.cloud else given))
    if user is None:
        raise unauthenticated(store)
    return user


def _login(store: Store, user: User) -> tuple[str, str]:
    return ("basic", f"{user.email}:{user.token}") if store.cloud else ("bearer", user.token)


def _plain(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _uploads(request: Request, kind: str, raw: bytes) -> list[Upload]:
    """Read a form of files. A browser would send one too, so JIRA asks for a header that it cannot set unasked."""
    if request.headers.get("x-atlassian-token") != "no-check":
        raise Problem(403, "XSRF check failed")
    form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode("ascii") + b"\r\n\r\n" + raw)
    return [
        Upload(
            str(part.get_param("name", header="content-disposition")),
            part.get_filename() or "",
            part.get_content_type(),
            cast("bytes", part.get_payload(decode=True)),
        )
        for part in form.iter_parts()
    ]


async def read(request: Request, store: Store) -> Call:
    """Read a request.

    Raises: Problem 400 for a body that is no JSON, 401 for a wrong login, 403 for a viewer that would write,
    404 for an API version that this product does not have.
    """
    version = {"latest": "3" if store.cloud else "2"}.get(
        request.path_params["version"], request.path_params["version"]
    )
    if version not in (("2", "3") if store.cloud else ("2",)):
        raise Problem(404, f"null for uri: {request.url.path}")
    user = who(store, request.headers.get("authorization", ""))
    if user and user.viewer and request.method != "GET":
        raise Problem(403, "You do not have the permission to do this.")
    raw, kind = await request.body(), request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return Call(store, user, version, request.path_params, request.query_params, _uploads(request, kind, raw))
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise Problem(400, "There was an error parsing JSON. Check that your request body is valid.") from None
    return Call(store, user, version, request.path_params, request.query_params, body)
