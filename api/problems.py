"""Refusals as `application/problem+json` (RFC 9457): a stable `reason`, and never a word of what was sent."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.parts import parts_of
from healer.errors import Conflict, HealerError, Rejected

_LOG = logging.getLogger(__name__)
_AGAIN_S: Final = 5


class Problem(BaseModel):
    """The body of every refusal."""

    type: str = "about:blank"
    title: str
    status: int
    reason: str
    detail: str


_TYPE: Final = "application/problem+json"
_CONTENT: Final = {_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_SECONDS: Final = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
_HEADERS: Final = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": _SECONDS},
    503: {"Retry-After": _SECONDS},
}
BODY: Final = (400, 408, 413, 422)
"""Refusals of whatever reads a body."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of an endpoint for the OpenAPI document; 503 is every endpoint's."""
    return {
        status: {
            "description": f"{HTTPStatus(status).phrase}; `reason` says why.",
            "content": _CONTENT,
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status in sorted({*statuses, 503})
    }


def answer(
    status: int, reason: str, detail: str, retry_after: int | None = None, others: Mapping[str, str] | None = None
) -> JSONResponse:
    """Give a refusal. `reason` is stable; `detail` says in words what was wrong; `retry_after` is in seconds."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, reason=reason, detail=detail)
    headers = {**(others or {}), **({"Retry-After": str(retry_after)} if retry_after is not None else {})}
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(problem.model_dump(), status, headers, media_type=_TYPE)


def refused(request: Request, error: Rejected, others: Mapping[str, str] | None = None) -> JSONResponse:
    """Give the answer to a request that must not be acted on, with other headers where there are any."""
    parts_of(request.app).metrics.refusals.labels(error.reason).inc()
    return answer(error.status, error.reason, f"{error.what} {error.remedy}".rstrip(), error.retry_after, others)


def _on_broken_world(request: Request, error: HealerError) -> JSONResponse:
    """Answer 503 whatever broke; what it was is for our own log."""
    parts_of(request.app).metrics.refusals.labels(error.reason).inc()
    _LOG.warning("%s could not be served: %s", request.scope["route"].path if "route" in request.scope else "?", error)
    after = 1 if isinstance(error, Conflict) else _AGAIN_S
    return answer(503, "unavailable", "something that this needs does not answer; send the same again.", after)


async def on_healer_error(request: Request, error: Exception) -> JSONResponse:
    """Translate our own errors."""
    if isinstance(error, Rejected):
        return refused(request, error)
    if isinstance(error, HealerError):
        return _on_broken_world(request, error)
    raise error


async def _on_validation(_: Request, __: Exception) -> JSONResponse:
    return answer(422, "bad_request", "a path or query parameter is not of the documented form.")


async def _on_http(_: Request, error: Exception) -> JSONResponse:
    """Translate what the router refuses; its headers stay (405 comes with `Allow`, RFC 9110, section 15.5.6)."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    return answer(status, HTTPStatus(status).name.lower(), HTTPStatus(status).phrase, others=headers)


async def _on_bug(_: Request, __: Exception) -> JSONResponse:
    return answer(500, "bug", "this is our mistake; it is in the gateway's log.")


def install(app: FastAPI) -> None:
    """Register the translations."""
    app.add_exception_handler(HealerError, on_healer_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)
