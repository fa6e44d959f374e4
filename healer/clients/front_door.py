"""The operator's door to our gateway: deliver a ticket, read cases, give commands."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from pydantic import SecretStr

from healer.clients.wire import NO_ANSWER, authorization
from healer.errors import Rejected, UpstreamError
from healer.redact import Redactor

_SHOWN = 300


class FrontDoor:
    """The gateway at `url`; `token` is an API token with scope `read`, for commands with scope `operate`, where there is one."""

    def __init__(self, url: str, token: SecretStr | None = None, timeout_s: float = 30.0) -> None:
        self._token, self._http = token, httpx.Client(base_url=url, timeout=timeout_s)
        self._redactor = Redactor([token.get_secret_value()] if token else [])

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

    def fleet(self) -> dict[str, Any]:
        """Read how each importer stands.

        Raises: Rejected, UpstreamError.
        """
        return self._send("GET", "/v1/fleet")

    def autonomy(self, importer: str) -> dict[str, Any]:
        """Read how far the healer goes for an importer, why, and what people have said about it.

        Raises: Rejected, UpstreamError.
        """
        return self._send("GET", f"/v1/importers/{importer}/autonomy")

    def set_autonomy(self, importer: str, level: str | None, reason: str, *, held: bool) -> dict[str, Any]:
        """Say how far the healer may go for an importer, None: as it has earned; give how far it goes then.

        Raises: Rejected with the gateway's reason, UpstreamError.
        """
        members = {"level": level, "reason": reason, "held": held}
        return self._send("POST", f"/v1/importers/{importer}/autonomy", json=members)

    def pauses(self) -> dict[str, Any]:
        """Read what is paused.

        Raises: Rejected, UpstreamError.
        """
        return self._send("GET", "/v1/pauses")

    def change_pauses(self, pause: Sequence[str], resume: Sequence[str]) -> dict[str, Any]:
        """Pause and resume; give what is paused then.

        Raises: Rejected with the gateway's reason, UpstreamError.
        """
        return self._send("POST", "/v1/pauses", json={"pause": list(pause), "resume": list(resume)})

    def command(self, case_id: str, name: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Give a case a command (SPEC §3, "Commands"); give the answer.

        Raises: Rejected with the gateway's reason, UpstreamError.
        """
        return self._send("POST", f"/v1/cases/{case_id}/{name}", json=members)

    def receipt(self, case_id: str) -> str:
        """Read a case's signed receipt, as JSON text.

        Raises: Rejected, UpstreamError.
        """
        return self._text(f"/v1/cases/{case_id}/receipt")

    def backfill(self, case_id: str, *, csv: bool) -> str:
        """Read what was missed until a case's end, as JSON or CSV text.

        Raises: Rejected, UpstreamError.
        """
        return self._text(f"/v1/cases/{case_id}/backfill{'.csv' if csv else ''}")

    def _text(self, path: str) -> str:
        answer = self._request("GET", path)
        if answer.is_success:
            return answer.text
        raise self._refusal(answer)

    def explain(self, case_id: str) -> str:
        """Have a case explained, in Markdown.

        Raises: Rejected, UpstreamError.
        """
        answer = self._request("POST", f"/v1/cases/{case_id}/explain", json={})
        if answer.is_success:
            return answer.text
        raise self._refusal(answer)

    def _send(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self._request(method, path, **options)
        body = _members(answer)
        if answer.is_success and body is not None:
            return body
        raise self._refusal(answer)

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.send(self._proved(self._http.build_request(method, path, **options)))
        except NO_ANSWER as error:
            raise _no_answer(type(error).__name__) from None

    def _proved(self, request: httpx.Request) -> httpx.Request:
        if self._token and "Authorization" not in request.headers:  # a delivery may bring its own
            request.headers.update(authorization("Bearer", self._token))
        return request

    def _refusal(self, answer: httpx.Response) -> Rejected:
        """Put a refusal into words. It may come from something before the gateway, which repeats what we sent."""
        problem = self._redactor.data(_members(answer) or {})
        what = str(problem.get("detail", "the gateway refused."))[:_SHOWN]
        return Rejected(what, reason=str(problem.get("reason", "refused")), status=answer.status_code)


def _no_answer(how: str) -> UpstreamError:
    remedy = "Check HEALER_URL and that the gateway runs; then try again."
    what = f"the gateway gave no answer ({how})."
    return UpstreamError(what, service="gateway", reason="unavailable", remedy=remedy)


def _members(answer: httpx.Response) -> dict[str, Any] | None:
    """Give the members of a JSON object; None for other JSON.

    Raises: UpstreamError where it is no JSON, so that it is not the gateway that answers.
    """
    try:
        body = answer.json()
    except ValueError as error:
        raise _no_answer(type(error).__name__) from None
    return body if isinstance(body, dict) else None
