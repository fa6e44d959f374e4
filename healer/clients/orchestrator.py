"""Prefect over REST: start a flow run once.

Raw HTTP and not Prefect's client: on SQLite the server answers 503 when two writers meet, and a retry after milliseconds is right where the
client would sleep for seconds. Parameters are ids and typed scalars, because the server renders templates in them and shows them.
"""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any, Final

import httpx
from pydantic import SecretStr

from healer.clients.wire import NO_ANSWER
from healer.contracts import RunRequest
from healer.errors import Misconfigured, UpstreamError
from healer.pauses import VARIABLE

_PAUSES_S: Final = (0.01, 0.02, 0.04, 0.08, 0.16)
_BUSY: Final = frozenset({429, 502, 503})
_NO_ACCESS: Final = frozenset({401, 403})
_GONE: Final = 404
_VARIABLE: Final = f"/variables/name/{VARIABLE}"


def basic_auth(auth: SecretStr | None) -> dict[str, str]:
    """Give the header for `PREFECT_SERVER_API_AUTH_STRING` (`user:password`)."""
    if auth is None:
        return {}
    encoded = base64.b64encode(auth.get_secret_value().encode("utf-8")).decode("ascii")
    return {"Authorization": f"Basic {encoded}"}


_PARAMETERS: Final = {"heal": {"attempt"}, "publish": {"run_id", "run_attempt"}, "command": {"comment"}}


def _body(request: RunRequest) -> dict[str, Any]:
    return {
        "name": f"{request.flow}-{request.case}-{request.part.replace(':', '-')}",
        "parameters": request.model_dump(include={"case", *_PARAMETERS[request.flow]}),
        "idempotency_key": request.key,
        "tags": [f"case:{request.case}"],
        "state": {"type": "SCHEDULED"},
    }


class Orchestrator:
    """One Prefect server. `http` has its API's address as base URL and the header of `basic_auth`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._one_writer = asyncio.Semaphore(1)
        self._deployments: dict[str, str] = {}

    async def start(self, request: RunRequest) -> str:
        """Create the flow run and give its id; the same request again gives the same run.

        Raises: UpstreamError: `prefect_unavailable` (try again), `run_refused` (the same request will be refused again);
        Misconfigured (`prefect`) where the deployment or the permission is missing.
        """
        deployment = await self._deployment(request.flow)
        answer = await self._send("POST", f"/deployments/{deployment}/create_flow_run", json=_body(request))
        if answer.status_code == _GONE:
            self._deployments.pop(request.flow, None)
        return self._id(answer, request.flow)

    async def paused(self) -> Any:
        """Give what the variable of pauses holds, None where there is none.

        Raises: UpstreamError, Misconfigured.
        """
        answer = await self._send("GET", _VARIABLE)
        return None if answer.status_code == _GONE else _value(_proved(answer))

    async def pause(self, entries: Sequence[str]) -> None:
        """Make these the variable's entries.

        Raises: UpstreamError, Misconfigured.
        """
        answer = await self._send("PATCH", _VARIABLE, json={"value": list(entries)})
        if answer.status_code == _GONE:
            answer = await self._send("POST", "/variables/", json={"name": VARIABLE, "value": list(entries)})
        _proved(answer)

    async def ready(self) -> bool:
        """Say whether Prefect answers."""
        try:
            answer = await self._http.get("/health", timeout=2)
        except NO_ANSWER:
            return False
        return answer.is_success

    async def _deployment(self, flow: str) -> str:
        if flow not in self._deployments:
            self._deployments[flow] = self._id(await self._send("GET", f"/deployments/name/{flow}/{flow}"), flow)
        return self._deployments[flow]

    async def _send(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Send, one request at a time, and again after a few milliseconds while the server is busy."""
        async with self._one_writer:
            for pause in _PAUSES_S:
                answer = await self._once(method, path, json)
                if answer.status_code not in _BUSY:
                    return answer
                await asyncio.sleep(pause)
            return await self._once(method, path, json)

    async def _once(self, method: str, path: str, json: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=json)
        except NO_ANSWER as error:
            raise UpstreamError(
                f"Prefect does not answer ({type(error).__name__}).", service="prefect", reason="prefect_unavailable"
            ) from None

    def _id(self, answer: httpx.Response, flow: str) -> str:
        status = answer.status_code
        if status == _GONE:
            raise Misconfigured(
                f"Prefect has no deployment {flow}/{flow}.",
                reason="prefect",
                remedy="Run `prefect deploy --all`; the run starts when it is there.",
            )
        return _read_id(_proved(answer))


def _proved(answer: httpx.Response) -> httpx.Response:
    """Give a good answer back.

    Raises: UpstreamError, Misconfigured for any other.
    """
    status = answer.status_code
    if status in _NO_ACCESS:
        raise Misconfigured("Prefect refuses our login.", reason="prefect", remedy="Check HEALER_PREFECT_AUTH.")
    if status in _BUSY or answer.is_server_error:
        raise UpstreamError(
            f"Prefect answered {status}.", service="prefect", reason="prefect_unavailable", status=status
        )
    if not answer.is_success:
        raise UpstreamError(f"Prefect answered {status}.", service="prefect", reason="run_refused", status=status)
    return answer


def _value(answer: httpx.Response) -> Any:
    try:
        return answer.json()["value"]
    except (ValueError, KeyError, TypeError):
        what = "Prefect's answer is no variable; is HEALER_PREFECT_API_URL its API?"
        raise UpstreamError(what, service="prefect", reason="prefect_unavailable") from None


def _read_id(answer: httpx.Response) -> str:
    try:
        identifier = answer.json()["id"]
    except (ValueError, KeyError, TypeError):
        identifier = None
    if not isinstance(identifier, str):
        what = "Prefect's answer has no id; is HEALER_PREFECT_API_URL its API?"
        raise UpstreamError(what, service="prefect", reason="prefect_unavailable", status=answer.status_code)
    return identifier
