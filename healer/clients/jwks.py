"""The issuer's signing keys over HTTP (OpenID Connect Discovery 1.0, RFC 7517): cached; floods of unknown key ids cost one read."""

import asyncio
import time
from typing import Any, Final

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from healer.clients.wire import NO_ANSWER
from healer.errors import Rejected, UpstreamError

CACHE_S: Final = 300
COOL_DOWN_S: Final = 30
STALE_S: Final = 3600
"""Keys that were read longer ago are not believed, even where the issuer does not answer."""
_MAX_DOCUMENT: Final = 256 * 1024
_MIN_RSA_BITS: Final = 2048


def _unavailable(detail: str) -> UpstreamError:
    return UpstreamError(f"the identity issuer's keys could not be read ({detail}).", service="oidc", reason="jwks")


def _may_verify(row: Any) -> bool:
    """Say whether a key is meant for what we use it for (RFC 7517 §4.2-4.4); what is not said is not forbidden."""
    if not isinstance(row, dict):
        return False
    uses = row.get("key_ops", ["verify"])
    purpose = (row.get("use", "sig"), row.get("alg", "RS256"))
    return purpose == ("sig", "RS256") and isinstance(uses, list) and "verify" in uses


def _rsa_keys(document: Any) -> dict[str, RSAPublicKey]:
    """Take the RSA signing keys that have an id; others are for other readers."""
    keys: dict[str, RSAPublicKey] = {}
    rows = document.get("keys") if isinstance(document, dict) else None
    for row in filter(_may_verify, rows if isinstance(rows, list) else []):
        try:
            parsed = jwt.PyJWK.from_dict(row, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            continue
        key = parsed.key
        if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_RSA_BITS and isinstance(parsed.key_id, str):
            keys[parsed.key_id] = key
    return keys


class Jwks:
    """Keys of one issuer by id."""

    def __init__(self, issuer: str, http: httpx.AsyncClient) -> None:
        self._issuer, self._http = issuer, http
        self._keys: dict[str, RSAPublicKey] = {}
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()

    async def key(self, key_id: str) -> RSAPublicKey:
        """Give the key with this id.

        Raises: Rejected (401, `bad_identity`) where the issuer has no such key; UpstreamError (`jwks`) where it does not
        answer and what we know is too old.
        """
        async with self._reading:
            now = time.monotonic()
            fresh = now - self._read_at < CACHE_S and key_id in self._keys
            if not fresh and now - self._tried_at >= COOL_DOWN_S:
                await self._refresh(now)
            if now - self._read_at >= STALE_S:
                raise _unavailable("no recent answer")
            if key_id not in self._keys:
                raise Rejected("the identity token's key is unknown.", reason="bad_identity", status=401)
            return self._keys[key_id]

    async def _refresh(self, now: float) -> None:
        """Read the keys again; where that fails, the old ones serve on until they are stale."""
        self._tried_at = now
        try:
            keys = await self._read()
        except UpstreamError:
            if now - self._read_at >= STALE_S:
                raise
            return
        self._keys, self._read_at = keys, now

    async def _read(self) -> dict[str, RSAPublicKey]:
        configuration = await self._document(f"{self._issuer}/.well-known/openid-configuration")
        if configuration.get("issuer") != self._issuer or not isinstance(configuration.get("jwks_uri"), str):
            raise _unavailable("its configuration names another issuer")
        return _rsa_keys(await self._document(configuration["jwks_uri"]))

    async def _document(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(url)
            document = answer.raise_for_status().json() if len(answer.content) <= _MAX_DOCUMENT else None
        except (*NO_ANSWER, ValueError) as error:
            raise _unavailable(type(error).__name__) from None
        if not isinstance(document, dict):
            raise _unavailable("no JSON object")
        return document
