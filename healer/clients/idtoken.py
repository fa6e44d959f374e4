"""GitHub's OIDC provider as a job reaches it: proof of which workflow run is speaking.

Rule: docs.github.com, "OpenID Connect reference", requesting the JWT with the environment's URL and request token.
"""

from typing import Final

import httpx
from pydantic import SecretStr

from healer.clients.retry import persist
from healer.clients.wire import NO_ANSWER, authorization
from healer.errors import HealerError, UpstreamError

_PAUSES_S: Final = (0.5, 1.0, 2.0)


class IdTokens:
    """Tokens for one job. `url` and `request_token` are the job's `ACTIONS_ID_TOKEN_REQUEST_*`."""

    def __init__(self, url: str, request_token: SecretStr, http: httpx.Client) -> None:
        self._url, self._request_token, self._http = url, request_token, http

    def token(self, audience: str) -> SecretStr:
        """Get a token for an audience.

        Raises: UpstreamError where GitHub gives none.
        """
        return persist(lambda: self._ask(audience), pauses=_PAUSES_S, again=_is_passing)

    def _ask(self, audience: str) -> SecretStr:
        headers = {**authorization("bearer", self._request_token), "Accept": "application/json"}
        try:
            url = httpx.URL(self._url).copy_merge_params({"audience": audience})
            answer = self._http.get(url, headers=headers)
        except NO_ANSWER as error:
            raise _failed(type(error).__name__) from None
        if not answer.is_success:
            raise _failed(f"status {answer.status_code}", answer.status_code)
        return _value(answer)


def _value(answer: httpx.Response) -> SecretStr:
    try:
        value = answer.json()["value"]
    except (ValueError, KeyError, TypeError):
        raise _failed("an answer without a token") from None
    if not isinstance(value, str):
        raise _failed("an answer without a token")
    return SecretStr(value)


def _is_passing(error: HealerError) -> bool:
    status = error.status if isinstance(error, UpstreamError) else None
    return status is None or status >= httpx.codes.INTERNAL_SERVER_ERROR


def _failed(how: str, status: int | None = None) -> UpstreamError:
    return UpstreamError(
        f"GitHub gave no OIDC token: {how}.",
        service="github",
        reason="no_id_token",
        status=status,
        remedy="The job needs `permissions: id-token: write`.",
    )
