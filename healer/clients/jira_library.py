"""The `jira` library, with what it does not offer: comment properties, transition ids as strings, links by global id, paging by itself."""

import json
from collections.abc import Iterator
from typing import Any, Final

from jira import JIRA, JIRAError
from requests import Response

from healer.contracts import File

_PAGE: Final = 100
_NOT_OURS_TO_DELETE: Final = frozenset({400, 403, 404})


class Library(JIRA):
    """One session with a JIRA site. Its methods raise what the library raises, and KeyError where an answer has another form."""

    def post(self, path: str, body: dict[str, Any]) -> Response:
        """Post JSON to the API."""
        return self._session.post(self._get_url(path), data=json.dumps(body))

    def put(self, path: str, body: dict[str, Any]) -> Response:
        """Put JSON to the API."""
        return self._session.put(self._get_url(path), data=json.dumps(body))

    def upload(self, key: str, file: File) -> Response:
        """Attach a file to an issue; JIRA takes no JSON there, and wants a header that no browser sends unasked."""
        headers: dict[str, Any] = {"Content-Type": None, "X-Atlassian-Token": "no-check"}
        parts = {"file": (file.name, file.content.encode(), file.mime)}
        return self._session.post(self._get_url(f"issue/{key}/attachments"), headers=headers, files=parts)

    def drop(self, path: str) -> None:
        """Delete a resource of the API, where JIRA lets us and it is still there."""
        try:
            self._session.delete(self._get_url(path))
        except JIRAError as error:
            if error.status_code not in _NOT_OURS_TO_DELETE:
                raise

    def ask(self, path: str, query: dict[str, Any], version: str) -> Any:
        """Get JSON from a version of the API."""
        address = self._get_url(path).replace("/rest/api/2/", f"/rest/api/{version}/", 1)
        return self._session.get(address, params=query).json()

    def found(self, jql: str, fields: str, *, cloud: bool) -> Iterator[dict[str, Any]]:
        """Give the issues that a query finds, page by page: by token on Cloud, which has no other search, else by offset."""
        asked: dict[str, Any] = {"jql": jql, "fields": fields, "maxResults": _PAGE}
        path, start = ("search/jql", {}) if cloud else ("search", {"startAt": 0})
        while True:
            page = self._get_json(path, {**asked, **start})
            yield from page["issues"]
            if cloud and "nextPageToken" in page:
                start = {"nextPageToken": page["nextPageToken"]}
            elif not cloud and page["issues"] and page["startAt"] + len(page["issues"]) < page["total"]:
                start = {"startAt": page["startAt"] + len(page["issues"])}
            else:
                return
