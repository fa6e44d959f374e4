"""What the endpoints for gate runs share: who calls."""

import time

from healer import identity
from healer.contracts import Case
from healer.wiring import GatewayParts


async def identify(parts: GatewayParts, authorization: str | None, audience: str) -> identity.Identity:
    """Verify the caller's OIDC token for an audience.

    Raises: Rejected (401, `bad_identity`), UpstreamError (`jwks`).
    """
    token = identity.bearer(authorization)
    key = await parts.jwks.key(identity.key_id(token))
    return identity.verify(token, key, parts.expected.issuer, audience, time.time())


async def sender(parts: GatewayParts, run_id: int) -> tuple[Case | None, bool]:
    """Give the case that dispatched a run, or what stands for it where a sibling of a healed importer is looked at; and which it is.

    Raises: UpstreamError.
    """
    case = await parts.cases.case_of_run(run_id)
    checkup = None if case else await parts.checkups.of_run(run_id)
    return (checkup.case, True) if checkup else (case, False)
