"""What the endpoints for gate runs share: who calls."""

import time

from healer import identity
from healer.wiring import GatewayParts


async def identify(parts: GatewayParts, authorization: str | None, audience: str) -> identity.Identity:
    """Verify the caller's OIDC token for an audience.

    Raises: Rejected (401, `bad_identity`), UpstreamError (`jwks`).
    """
    token = identity.bearer(authorization)
    key = await parts.jwks.key(identity.key_id(token))
    return identity.verify(token, key, parts.expected.issuer, audience, time.time())
