"""Our gateway as a runner reaches it: one lease to open a login, one report to hand in (SPEC, "Gateway")."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
from pydantic import SecretBytes, SecretStr, ValidationError

from healer.clients.retry import persist
from healer.clients.wire import NO_ANSWER, authorization
from healer.errors import HealerError, Rejected, UpstreamError

if TYPE_CHECKING:
    from healer.contracts import LeaseGrant

LEASE_AUDIENCE: Final = "importer-healer:lease"
REPORT_AUDIENCE: Final = "importer-healer:report:"
"""Followed by the SHA-256 of the body in hex: the token binds what is handed in."""

_RECORDING_S: Final = (0.5,) * 5
"""A run can speak before its dispatcher has written down its number."""
_OUTAGE_S: Final = (1.0, 2.0, 4.0, 8.0)
_VARIABLE: Final = re.compile(r"PORTAL_[A-Z0-9_]{1,60}")
_OURS: Final = "PORTAL_URL"


@dataclass(frozen=True)
class Lease:
    """The grant, each login as environment variables, and the key for redacting traces."""

    grant: "LeaseGrant"
    logins: tuple[Mapping[str, SecretStr], ...]
    trace_key: SecretBytes

    @property
    def debited(self) -> int:
        """Count the logins that were debited for it. Of the refs, each login but the first has one of its own."""
        of_base = len(self.grant.refs) - len(self.logins) + 1 if self.grant.base else 0
        return len(self.grant.refs) * self.grant.repetitions + of_base


class Gateway:
    """The gateway at `url`."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self._url, self._http = url.rstrip("/"), http

    def lease(self, token: SecretStr) -> Lease:
        """Get the run's one lease.

        Raises: Rejected with the gateway's `reason`; UpstreamError where it does not answer or not as agreed.
        """
        return _read_lease(self._post("/v1/leases", b"{}", token))

    def report(self, body: bytes, token: SecretStr) -> None:
        """Hand in a report. Raises: as `lease`."""
        self._post("/v1/gate/reports", body, token)

    def _post(self, path: str, body: bytes, token: SecretStr) -> httpx.Response:
        def once() -> httpx.Response:
            return self._post_once(path, body, token)

        def recorded() -> httpx.Response:
            return persist(once, pauses=_RECORDING_S, again=lambda error: error.reason == "not_our_run")

        return persist(recorded, pauses=_OUTAGE_S, again=lambda error: error.retryable)

    def _post_once(self, path: str, body: bytes, token: SecretStr) -> httpx.Response:
        headers = {**authorization("Bearer", token), "Content-Type": "application/json"}
        try:
            answer = self._http.post(self._url + path, content=body, headers=headers)
        except NO_ANSWER as error:
            raise _unavailable(type(error).__name__) from None
        if answer.is_success:
            return answer
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> HealerError:
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or not answer.is_client_error:
        return _unavailable(f"status {answer.status_code}", answer.status_code)
    reason = _reason(answer)
    return Rejected(
        f"The gateway refused with status {answer.status_code}.",
        reason=reason,
        status=answer.status_code,
        remedy="SPEC, Gateway, says what each reason means.",
    )


def _reason(answer: httpx.Response) -> str:
    try:
        reason = answer.json()["reason"]
    except (ValueError, KeyError, TypeError):
        return "unknown"
    return reason if isinstance(reason, str) and re.fullmatch(r"[a-z_]{1,40}", reason) else "unknown"


def _read_lease(answer: httpx.Response) -> Lease:
    from healer.contracts import LeaseGrant  # noqa: PLC0415 - who hands in a report needs no models

    try:
        body = answer.json()
        grant = LeaseGrant.model_validate(body["grant"])
        key = base64.b64decode(body["trace_key"], validate=True)
        logins = _logins([_login(body["env"][ref]) for ref in grant.refs if ref in body["env"]])
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError, binascii.Error):
        raise _unavailable("a lease that is not as agreed") from None
    return Lease(grant, logins, SecretBytes(key))


def _logins(refs: Sequence[Mapping[str, SecretStr]]) -> tuple[Mapping[str, SecretStr], ...]:
    """Join the refs' variables: one that has a variable of the first ref is a login of its own, any other adds to each login."""
    own = [ref for ref in refs if not refs[0].keys().isdisjoint(ref)]
    added = {name: value for ref in reversed(refs) if ref not in own for name, value in ref.items()}
    return tuple({**added, **ref} for ref in own)


def _login(variables: Mapping[str, Any]) -> dict[str, SecretStr]:
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name) or name == _OURS or not isinstance(value, str) or "\0" in value:
            raise ValueError("a variable that no login has")  # caught by `_read_lease`
    return {name: SecretStr(value) for name, value in variables.items()}


def _unavailable(how: str, status: int | None = None) -> UpstreamError:
    return UpstreamError(
        f"The gateway did not do its part: {how}.",
        service="gateway",
        reason="gateway_unavailable",
        status=status,
        remedy="See its /readyz and logs, then dispatch again.",
    )
