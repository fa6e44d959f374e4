"""What JIRA shows of the healer's tickets: fields with history, comments with properties, our files, links, and issue properties."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from healer.audit import Piece, of_json
from healer.clients.sinks.rest import Rest
from healer.errors import UpstreamError

_PAGE: Final = 100
OURS: Final = ("receipt-", "backfill-")
"""How the names of the files begin that the healer attaches."""
_API: Final = "/rest/api/2/issue"


class JiraSink:
    """The tickets of these keys. One that JIRA does not show to us is unread, not clean."""

    def __init__(self, rest: Rest, keys: Iterable[str]) -> None:
        self._rest, self._keys = rest, keys

    def pieces(self) -> Iterator[Piece]:
        """Give every ticket, comment, file, link and property.

        Raises: UpstreamError.
        """
        for key in self._keys:
            yield from self._ticket(key)

    def _ticket(self, key: str) -> Iterator[Piece]:
        issue = self._rest.get(f"{_API}/{key}", {"fields": "*all", "expand": "changelog"})
        if issue is None:
            raise UpstreamError(f"JIRA does not show {key}", service="jira", reason="unread")
        yield of_json(key, issue)
        yield from (of_json(f"{key}, comment {said['id']}", said) for said in self._comments(key))
        yield from self._files(key, issue)
        yield of_json(f"{key}, links", self._rest.get(f"{_API}/{key}/remotelink"))
        for named in (self._rest.get(f"{_API}/{key}/properties") or {"keys": []})["keys"]:
            name = named["key"]
            yield of_json(f"{key}, property {name}", self._rest.get(f"{_API}/{key}/properties/{name}"))

    def _files(self, key: str, issue: dict[str, Any]) -> Iterator[Piece]:
        """Give the files that the healer has attached; where their bytes are differs by product."""
        for file in issue["fields"].get("attachment") or ():
            if file["filename"].startswith(OURS):
                _, start, rest = re.split("(/rest/api/|/secure/)", file["content"], maxsplit=1)
                answer = self._rest.send("GET", start + rest, params={"redirect": "false"})
                yield Piece(f"{key}, file {file['filename']}", answer.content)

    def _comments(self, key: str) -> Iterator[dict[str, Any]]:
        """Give all comments. Only an empty page is the last one: a server may give fewer than we ask for."""
        start = 0
        while rows := self._page(key, start):
            yield from rows
            start += len(rows)

    def _page(self, key: str, start: int) -> list[dict[str, Any]]:
        query: dict[str, str | int] = {"startAt": start, "maxResults": _PAGE, "expand": "properties"}
        found = self._rest.get(f"{_API}/{key}/comment", query)
        return list((found or {}).get("comments", []))
