"""Reads JSON over HTTP as it comes. A vendor's library drops the members that it does not know, and a secret may be in any."""

import time
from collections.abc import Mapping
from typing import Any, Final

import httpx

from healer.errors import UpstreamError

_PAUSES_S: Final = (0.05, 0.2, 1.0, 3.0)
_BUSY: Final = frozenset({429, 502, 503, 504})
_MISSING: Final = frozenset({404, 410})


class Rest:
    """One HTTP API. `http` has its address as base URL and the login; `service` names it in errors."""

    def __init__(self, http: httpx.Client, service: str) -> None:
        self._http, self._service = http, service

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Read a resource; None where there is none.

        Raises: UpstreamError `unread`.
        """
        return self._read(self.send("GET", path, params=params))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Read by a query in a body.

        Raises: UpstreamError `unread`.
        """
        return self._read(self.send("POST", path, body=body))

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Ask, again after a moment while the service is busy; give the answer, which is a success, a redirect or 404 or 410.

        Raises: UpstreamError `unread`.
        """
        answer = self._once(method, path, params, body)
        for pause in _PAUSES_S:
            if answer.status_code not in _BUSY:
                break
            time.sleep(pause)
            answer = self._once(method, path, params, body)
        if answer.is_error and answer.status_code not in _MISSING:
            raise self._unread(path, f"answered {answer.status_code}")
        return answer

    def _once(
        self, method: str, path: str, params: Mapping[str, str | int] | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, params=params, json=body)
        except httpx.HTTPError as error:
            raise self._unread(path, f"did not answer ({type(error).__name__})") from None

    def _read(self, answer: httpx.Response) -> Any:
        if answer.status_code in _MISSING:
            return None
        if answer.has_redirect_location:
            raise self._unread(answer.request.url.path, "points elsewhere")
        try:
            return answer.json()
        except ValueError:
            raise self._unread(answer.request.url.path, "answered no JSON") from None

    def _unread(self, path: str, what: str) -> UpstreamError:
        return UpstreamError(
            f"{self._service} {what} to {path.partition('?')[0]}", service=self._service, reason="unread"
        )
