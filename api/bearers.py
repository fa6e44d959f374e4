"""Who calls with an API token, and whether the token allows it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastapi import Request

from api.parts import Parts
from healer.clients.tokens import Holder, Scope
from healer.errors import Rejected
from healer.wiring import GatewayParts


def with_scope(scope: Scope) -> Callable[[Request, Parts], Awaitable[Holder]]:
    """Give the dependency that lets holders of a token with this scope through, and says whose token it is.

    It raises: Rejected: 401 `bad_token`, 403 `missing_scope`; UpstreamError.
    """

    async def holder_of(request: Request, parts: Parts) -> Holder:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return await proven(parts, token if scheme.lower() == "bearer" else "", scope)

    return holder_of


async def proven(parts: GatewayParts, token: str, scope: Scope) -> Holder:
    """Say whose token it is.

    Raises: Rejected: 401 `bad_token`, 403 `missing_scope`; UpstreamError.
    """
    holder = await parts.tokens.holder(token) if token else None
    if holder is None:
        raise Rejected("the API token is absent, unknown or revoked.", reason="bad_token", status=401)
    if scope not in holder.scopes:
        raise Rejected(f"the API token lacks scope {scope.value}.", reason="missing_scope", status=403)
    return replace(holder, name=_shown(parts, holder))


def _shown(parts: GatewayParts, holder: Holder) -> str:
    """Give the name as it may be recorded: one that is masked goes by the token's id, so that two people stay two."""
    shown = parts.redactor.text(holder.name)
    return holder.name if shown == holder.name else f"{shown} (token {holder.id})"
