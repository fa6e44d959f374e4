"""The operator's door to our gateway: deliver a ticket, read cases."""

from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from healer.errors import Rejected, UpstreamError

_SHOWN = 300


class FrontDoor:
    """The gateway at `url`; `token` is an API token with scope `read`, where there is one."""

    def __init__(self, url: str, token: SecretStr | None = None, timeout_s: float = 30.0) -> None:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)

    def deliver(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Post a signed delivery; give the answer.

        Raises: Rejected with the gateway's reason, UpstreamError where it does not answer.
        """
        return self._send(
            "POST", "/v1/hooks/workato", headers={**headers, "content-type": "application/json"}, content=body
        )

    def case(self, case_id: str) -> dict[str, Any]:
        """Read a case with its events and links.

        Raises: Rejected, UpstreamError.
        """
        return self._send("GET", f"/v1/cases/{case_id}")

    def cases(self) -> dict[str, Any]:
        """List cases, the one that was written last first.

        Raises: Rejected, UpstreamError.
        """
        return self._send("GET", "/v1/cases")

    def _send(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **options)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            what = f"the gateway gave no answer ({type(error).__name__})."
            remedy = "Check HEALER_URL and that the gateway runs; then try again."
            raise UpstreamError(what, service="gateway", reason="unavailable", remedy=remedy) from None
        if answer.is_success and isinstance(body, dict):
            return body
        problem = body if isinstance(body, dict) else {}
        what, reason = (
            str(problem.get("detail", "the gateway refused."))[:_SHOWN],
            str(problem.get("reason", "refused")),
        )
        raise Rejected(what, reason=reason, status=answer.status_code)
