"""Request bodies, capped while they are read: a flood fills no memory and a slow sender holds no place for long."""

import asyncio
from typing import Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from healer import strict_json
from healer.errors import Rejected

SMALL: Final = 64 * 1024
GITHUB: Final = 1024 * 1024
REPORT: Final = 2 * 1024 * 1024
_PATIENCE_S: Final = 15
F = TypeVar("F", bound=BaseModel)


def _too_large(limit: int) -> Rejected:
    return Rejected(f"the body has more than {limit} bytes.", reason="too_large", status=413)


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def read_body(request: Request, limit: int) -> bytes:
    """Give the raw body of at most `limit` bytes.

    Raises: Rejected: 413 `too_large`, 408 `too_slow`, 400 `bad_body` where the sender went away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await _read(request, limit)
    except TimeoutError:
        raise Rejected("the body came too slowly.", reason="too_slow", status=408) from None
    except ClientDisconnect:
        raise Rejected("the body is not complete.", reason="bad_body", status=400) from None


async def read_form(request: Request, form: type[F], members: str) -> F:
    """Read a small body as JSON of a form, strictly; an absent one is `{}`. `members` says in words what the form has.

    Raises: Rejected: 422 `bad_body`, and those of `read_body`.
    """
    body = await read_body(request, SMALL)
    try:
        return form.model_validate(strict_json.parse(body) if body else {})
    except ValidationError:
        raise Rejected(f"the body must be a JSON object of {members}.", reason="bad_body", status=422) from None
