"""What the endpoints for gate runs share: who calls, and the credentials of an importer."""

import time
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from healer import identity
from healer.wiring import GatewayParts

Credentials = Mapping[str, Mapping[str, SecretStr]]


async def identify(parts: GatewayParts, authorization: str | None, audience: str) -> identity.Identity:
    """Verify the caller's OIDC token for an audience.

    Raises: Rejected (401, `bad_identity`), UpstreamError (`jwks`).
    """
    token = identity.bearer(authorization)
    key = await parts.jwks.key(identity.key_id(token))
    return identity.verify(token, key, parts.expected.issuer, audience, time.time())


async def open_credentials(parts: GatewayParts, refs: Sequence[str]) -> Credentials:
    """Open credentials; this process' redactor knows each value before anything else happens. A missing one has no fields.

    Raises: UpstreamError, Misconfigured (`unsealable`).
    """
    credentials = {ref: await parts.vault.open(ref) for ref in refs}
    parts.redactor.add(value.get_secret_value() for fields in credentials.values() for value in fields.values())
    return credentials
