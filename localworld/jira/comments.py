"""Comments: list, read, write, edit, delete."""

from itertools import islice
from typing import Any

from localworld.jira.call import Answer, Call
from localworld.jira.model import Comment, Ticket, now
from localworld.jira.problem import Problem
from localworld.jira.store import Store
from localworld.jira.texts import text_in

ADMINISTRATORS = "administrators"
_PAGE = {True: 100, False: 5000}
"""Most comments that one answer of Cloud (True) or Data Center (False) holds."""


def listed(call: Call) -> Answer:
    """List comments, oldest first unless asked otherwise, a page at a time."""
    most = _PAGE[call.store.cloud]
    start, size = call.number("startAt", 0), min(call.number("maxResults", most), most)
    order = call.query.get("orderBy", "created")
    if order.lstrip("+-") != "created":
        raise Problem(400, f"'{order}' is not a supported order.")
    every = sorted(call.ticket.comments, key=lambda c: int(c.id), reverse=order.startswith("-"))
    page = [call.shapes.comment(call.ticket, c, call.listed("expand")) for c in islice(every, start, start + size)]
    return Answer(200, {"startAt": start, "maxResults": size, "total": len(every), "comments": page})


def write(call: Call) -> Answer:
    """Add a comment, with its entity properties if given."""
    at, ticket = now(), call.ticket
    comment = Comment(call.store.new_id(), call.me, _body(call), at, at, _properties(call))
    ticket.comments.append(comment)
    call.store.touch(ticket)
    return Answer(201, call.shapes.comment(ticket, comment, call.listed("expand")))


def add(store: Store, ticket: Ticket, author: str, text: str) -> None:
    """Add a comment as somebody who has no login."""
    at = now()
    ticket.comments.append(Comment(store.new_id(), author, text, at, at))
    store.touch(ticket)


def read(call: Call) -> Answer:
    """Show one comment."""
    return Answer(200, call.shapes.comment(call.ticket, _found(call), call.listed("expand")))


def edit(call: Call) -> Answer:
    """Replace the text of one's own comment; administrators may edit everybody's."""
    comment = _editable(call)
    comment.body, comment.updated, comment.editor = _body(call), now(), call.me
    comment.properties.update(_properties(call))
    call.store.touch(call.ticket)
    return Answer(200, call.shapes.comment(call.ticket, comment, call.listed("expand")))


def delete(call: Call) -> Answer:
    """Delete one's own comment."""
    call.ticket.comments.remove(_mine(call))
    call.store.touch(call.ticket)
    return Answer(204)


def _found(call: Call) -> Comment:
    for comment in call.ticket.comments:
        if comment.id == call.path["id"]:
            return comment
    raise Problem(404, f"Can not find a comment for the id: {call.path['id']}.")


def _editable(call: Call) -> Comment:
    return _found(call) if ADMINISTRATORS in call.store.users[call.me].groups else _mine(call)


def _mine(call: Call) -> Comment:
    comment = _found(call)
    if comment.author != call.me:
        raise Problem(400, "You do not have the permission to edit this comment.")
    return comment


def _body(call: Call) -> str:
    text = text_in(call.given.get("body", ""), call.version, "comment")
    if not text.strip():
        raise Problem(400, fields={"comment": "Comment body can not be empty!"})
    return text


def _properties(call: Call) -> dict[str, Any]:
    given = call.given.get("properties") or []
    if not all(isinstance(p, dict) and p.keys() == {"key", "value"} for p in given):
        raise Problem(400, "A property has a key and a value.")
    return {p["key"]: p["value"] for p in given}
