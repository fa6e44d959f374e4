"""What hangs on a ticket beside comments: remote links and issue properties."""

import json

from localworld.jira.call import Answer, Call
from localworld.jira.model import Link
from localworld.jira.problem import Problem

_LONGEST = 32_768
"""Characters of JSON that one property may hold."""


def links(call: Call) -> Answer:
    """List the remote links, or show the one with a `globalId`."""
    wanted, ticket = call.query.get("globalId"), call.ticket
    if wanted is None:
        return Answer(200, [call.shapes.link(ticket, link) for link in ticket.links])
    for link in ticket.links:
        if link.global_id == wanted:
            return Answer(200, call.shapes.link(ticket, link))
    raise _no_link()


def put_link(call: Call) -> Answer:
    """Create a remote link (201), or replace the one with the same `globalId` (200)."""
    given, ticket = call.given, call.ticket
    shown = given.get("object") or {}
    wrong = {name: f"'{name}' is required." for name in ("url", "title") if not shown.get(name)}
    if wrong:
        raise Problem(400, fields=wrong)
    global_id = given.get("globalId")
    old = next((link for link in ticket.links if global_id and link.global_id == global_id), None)
    link = Link(
        old.id if old else int(call.store.new_id()),
        global_id,
        shown,
        given.get("application"),
        given.get("relationship"),
    )
    ticket.links = [*(other for other in ticket.links if other is not old), link]
    call.store.note(ticket, call.me, "RemoteIssueLink", None, shown["title"])
    return Answer(200 if old else 201, call.shapes.link_id(ticket, link))


def link(call: Call) -> Answer:
    """Show one remote link."""
    for found in call.ticket.links:
        if str(found.id) == call.path["id"]:
            return Answer(200, call.shapes.link(call.ticket, found))
    raise _no_link()


def _no_link() -> Problem:
    return Problem(404, "The remote issue link does not exist.")


def properties(call: Call) -> Answer:
    """List the names of the properties."""
    here = f"{call.store.url}/rest/api/{call.version}/issue/{call.ticket.id}/properties"
    return Answer(200, {"keys": [{"self": f"{here}/{name}", "key": name} for name in call.ticket.properties]})


def put_property(call: Call) -> Answer:
    """Set a property: 201 when it is new, 200 when it was there."""
    name, ticket = call.path["name"], call.ticket
    if len(json.dumps(call.body)) > _LONGEST or len(name) > 255:
        raise Problem(400, "The property is too long.")
    known = name in ticket.properties
    ticket.properties[name] = call.body
    return Answer(200 if known else 201)


def property_(call: Call) -> Answer:
    """Show a property."""
    name, known = call.path["name"], call.ticket.properties
    if name not in known:
        raise Problem(404, f"The property {name} does not exist.")
    return Answer(200, {"key": name, "value": known[name]})
