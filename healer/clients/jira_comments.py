"""Comments on a ticket and who wrote them: our one comment for each marker, what people have written, and who is of a group.

We write wiki markup through API version 2, which both products take. What people write is read as it was typed: on Cloud from
Atlassian Document Format (version 3), since its conversion to wiki markup escapes at will; on Data Center from wiki markup.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from healer import adf
from healer.clients.jira_library import Library
from healer.contracts import Comment
from healer.errors import UpstreamError

_TEXT_LIMIT: Final = 32_000
"""JIRA takes 32,767 characters in a comment; the rest is for the marker."""
_PAGE: Final = 100
_PROPERTY: Final = "healer.comment"
_ESCAPED: Final = re.compile(r"\\([^\w\s])")
_NAME: Final = 60


def say(jira: Library, key: str, marker: str, text: str, me: str) -> None:
    """Make `text` the content of our one comment with this marker, writing only where it differs.

    A read may lag behind a write whose answer got lost, and show no comment where there is one. So what was written is looked at,
    and of several of ours the first one stays.
    """
    body = f"{text[:_TEXT_LIMIT].rstrip()}\n\n{_anchor(marker)}"
    ours = _ours(jira, key, marker, me)
    if not ours:
        properties = [{"key": _PROPERTY, "value": {"marker": marker}}]
        jira.post(f"issue/{key}/comment", {"body": body, "properties": properties})
        ours = _ours(jira, key, marker, me)
    if ours and ours[0]["body"].strip() != body:
        jira.put(f"issue/{key}/comment/{ours[0]['id']}", {"body": body})
    for second in ours[1:]:
        jira.drop(f"issue/{key}/comment/{second['id']}")


def _ours(jira: Library, key: str, marker: str, me: str) -> list[dict[str, Any]]:
    """Give our comments with this marker, the oldest first. Somebody else's copy of the marker does not count."""
    return [c for c in _pages(jira, key, "2") if identity(c.get("author")) == me and _carries(c, marker)]


def every(jira: Library, key: str, *, cloud: bool) -> Iterator[Comment]:
    """Read all comments, oldest first."""
    return (_read(key, raw) for raw in _pages(jira, key, _version(cloud=cloud)))


def one(jira: Library, key: str, number: str, *, cloud: bool) -> Comment:
    """Read one comment."""
    return _read(key, jira.ask(f"issue/{key}/comment/{number}", {}, _version(cloud=cloud)))


def is_member(jira: Library, group: str, who: str, *, cloud: bool) -> bool:
    """Say whether an active user is of a group; an incomplete list of groups proves nothing.

    Raises: UpstreamError (`unreadable`).
    """
    asked = {"accountId" if cloud else "username": who, "expand": "groups"}
    user = jira.ask("user", asked, _version(cloud=cloud))
    groups = user["groups"]
    if any(one["name"] == group for one in groups["items"]):
        return bool(user["active"])
    if len(groups["items"]) < groups["size"]:
        raise UpstreamError(f"JIRA does not tell all groups of {who}.", service="jira", reason="unreadable")
    return False


def identity(user: Mapping[str, Any] | None) -> str:
    """Name a user: Cloud by account id, Data Center by name."""
    return str((user or {}).get("accountId") or (user or {}).get("name") or "")


def _version(*, cloud: bool) -> str:
    return "3" if cloud else "2"


def _pages(jira: Library, key: str, version: str) -> Iterator[dict[str, Any]]:
    """Give all comments, oldest first. Only an empty page is the last one: a server may give fewer than we ask for."""
    start = 0
    asked = {"expand": "properties", "maxResults": _PAGE, "orderBy": "created"}
    while page := jira.ask(f"issue/{key}/comment", {**asked, "startAt": start}, version)["comments"]:
        yield from page
        start += len(page)


def _read(key: str, raw: Mapping[str, Any]) -> Comment:
    """Read a comment; where somebody has edited another one's, the words are theirs."""
    author = raw.get("updateAuthor") or raw.get("author")
    body = raw["body"]
    text = _ESCAPED.sub(r"\1", body) if isinstance(body, str) else adf.words(body)
    name = str((author or {}).get("displayName") or "")[:_NAME]
    return Comment(ref=f"ticket:{raw['id']}", place=key, author=identity(author), name=name, text=text)


def _anchor(marker: str) -> str:
    return "{anchor:" + marker + "}"


def _carries(comment: Mapping[str, Any], marker: str) -> bool:
    """Tell whether a comment has the marker. Cloud may escape braces when it writes markup anew."""
    held = [p.get("value") for p in comment.get("properties") or () if p.get("key") == _PROPERTY]
    return {"marker": marker} in held or _anchor(marker) in comment["body"].replace("\\", "")
