"""Search: `/search` on Data Center, `/search/jql` with page tokens on Cloud."""

import base64
import binascii
import hashlib

from localworld.jira.call import Answer, Call
from localworld.jira.fields import Fields
from localworld.jira.jql import Query, parse
from localworld.jira.model import Ticket
from localworld.jira.problem import Problem
from localworld.jira.shapes import ALL

_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


def by_offset(call: Call) -> Answer:
    """Search as Data Center does; on Cloud the endpoint is gone."""
    if call.store.cloud:
        raise Problem(410, _GONE)
    found = _query(call).run(list(call.store.tickets.values()))
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 1000)
    fields, expand = call.listed("fields") or ["*navigable"], call.listed("expand")
    page = [call.shapes.ticket(t, fields, expand) for t in found[start : start + size]]
    return Answer(
        200, {"expand": "schema,names", "startAt": start, "maxResults": size, "total": len(found), "issues": page}
    )


def by_token(call: Call) -> Answer:
    """Search as Cloud does: bounded queries only, `nextPageToken` instead of a total, ids only unless fields are named."""
    if not call.store.cloud:
        raise Problem(404, "null for uri: /rest/api/2/search/jql")
    query = _query(call)
    if not query.bounded:
        raise Problem(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    found, start, size = query.run(list(call.store.tickets.values())), _start(call), call.number("maxResults", 50)
    end = start + min(size, 100)
    more = {"nextPageToken": _token(call, end)} if end < len(found) else {}
    return Answer(200, {"issues": [_shown(call, t) for t in found[start:end]], "isLast": not more, **more})


def _shown(call: Call, ticket: Ticket) -> dict[str, object]:
    fields = call.listed("fields")
    if not fields:
        return {"id": ticket.id}
    return call.shapes.ticket(ticket, [ALL] if ALL in fields else fields, call.listed("expand"))


def _query(call: Call) -> Query:
    return parse(_jql(call), Fields(call.store, call.me))


def _jql(call: Call) -> str:
    return str(call.query.get("jql") or call.given.get("jql") or "")


def _token(call: Call, offset: int) -> str:
    """Make a page token; it belongs to one query."""
    digest = hashlib.sha256(_jql(call).encode()).hexdigest()[:8]
    return base64.urlsafe_b64encode(f"{digest}:{offset}".encode()).decode()


def _start(call: Call) -> int:
    token = call.query.get("nextPageToken") or call.given.get("nextPageToken")
    if not token:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(token).decode().rpartition(":")[2])
    except (binascii.Error, ValueError):
        offset = -1
    if offset < 0 or token != _token(call, offset):
        raise Problem(400, "The provided next page token is invalid or expired.")
    return offset
