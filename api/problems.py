"""Refusals as `application/problem+json` (RFC 9457): a stable `reason`, and never a word of what was sent."""

import logging
from http import HTTPStatus
from typing import Final

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


PROBLEMS: Final[dict[int | str, dict[str, object]]] = {
    "4XX": {
        "description": "Refused; `reason` says why.",
        "content": {"application/problem+json": {}},
        "model": Problem,
    },
    "503": {"description": "Try again after `Retry-After` seconds.", "model": Problem},
}
"""What every endpoint may answer besides its success, for the OpenAPI document."""


def _answer(status: int, reason: str, detail: str, retry_after: int | None = None) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, reason=reason, detail=detail)
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.model_dump(), status, headers, media_type="application/problem+json")


def _on_rejected(request: Request, error: Rejected) -> JSONResponse:
    parts_of(request.app).metrics.refusals.labels(error.reason).inc()
    return _answer(error.status, error.reason, f"{error.what} {error.remedy}".rstrip(), error.retry_after)


def _on_broken_world(request: Request, error: HealerError) -> JSONResponse:
    """Answer 503 whatever broke; what it was is for our own log."""
    parts_of(request.app).metrics.refusals.labels(error.reason).inc()
    _LOG.warning("%s could not be served: %s", request.scope["route"].path if "route" in request.scope else "?", error)
    after = 1 if isinstance(error, Conflict) else _AGAIN_S
    return _answer(503, "unavailable", "something that this needs does not answer; send the same again.", after)


async def on_healer_error(request: Request, error: Exception) -> JSONResponse:
    """Translate our own errors."""
    if isinstance(error, Rejected):
        return _on_rejected(request, error)
    if isinstance(error, HealerError):
        return _on_broken_world(request, error)
    raise error


async def _on_validation(_: Request, __: Exception) -> JSONResponse:
    return _answer(422, "bad_request", "a path or query parameter is not of the documented form.")


async def _on_http(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _answer(status, HTTPStatus(status).name.lower(), HTTPStatus(status).phrase)


async def _on_bug(_: Request, __: Exception) -> JSONResponse:
    return _answer(500, "bug", "this is our mistake; it is in the gateway's log.")


def install(app: FastAPI) -> None:
    """Register the translations."""
    app.add_exception_handler(HealerError, on_healer_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)
