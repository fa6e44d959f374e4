"""A JWT over the body's hash: the second form of a signed delivery, for senders that can make a JWT and no plain HMAC (RFC 7515, RFC 7519).

`Authorization: Bearer TOKEN`, HS256 by a webhook key, with the claims `iat` (Unix seconds), `jti` (the delivery's id) and `bh` (SHA-256 of
the raw body, hex), and no others. One spelling is accepted, as in `signing`. No signature of the one form counts in the other: what
Standard Webhooks signs has a dot more than what a JWT signs.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from healer import signing, strict_json
from healer.errors import Rejected

_TOKEN: Final = re.compile(rb"Bearer ([A-Za-z0-9_-]{1,200})\.([A-Za-z0-9_-]{1,600})\.([A-Za-z0-9_-]{43})")
_HEADERS: Final = ({"alg": "HS256"}, {"alg": "HS256", "typ": "JWT"})
_JTI: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LATEST: Final = 10**12


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    """Read base64url without padding; a text that is not the one spelling of its bytes is refused (RFC 4648, section 3.5)."""
    padded = text + b"=" * (-len(text) % 4)
    data = base64.urlsafe_b64decode(padded) if len(text) % 4 != 1 else b""
    if _encode(data) != text:
        raise signing.bad_signature()
    return data


def sign(key: signing.SigningKey, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the header of a delivery that is signed this way."""
    claims = {"iat": timestamp, "jti": identifier, "bh": hashlib.sha256(body).hexdigest()}
    parts = (json.dumps(part, separators=(",", ":")).encode("ascii") for part in (_HEADERS[1], claims))
    text = b".".join(_encode(part) for part in parts)
    digest = hmac.digest(key.secret, text, hashlib.sha256)
    return {"authorization": "Bearer " + (text + b"." + _encode(digest)).decode("ascii")}


def _object(segment: bytes) -> dict[str, Any]:
    try:
        return strict_json.parse(_decode(segment))
    except Rejected:
        raise signing.bad_signature() from None


def _claims(segment: bytes) -> tuple[int, str, str]:
    """Read the claims; one that is absent, of another type, or not ours is refused."""
    claims = _object(segment)
    at, identifier, body_hash = claims.get("iat"), claims.get("jti"), claims.get("bh")
    if len(claims) != 3 or type(at) is not int or not 0 < at < _LATEST:  # noqa: PLR2004 - the three that are read
        raise signing.bad_signature()
    if not isinstance(identifier, str) or not _JTI.fullmatch(identifier) or not isinstance(body_hash, str):
        raise signing.bad_signature()
    return at, identifier, body_hash


def verify(headers: signing.RawHeaders, body: bytes, keys: Iterable[signing.SigningKey], now: float) -> signing.Signed:
    """Verify a delivery against every key that is active at `now` (Unix seconds). Nothing is parsed before the signature fits.

    Raises: Rejected (401) `bad_signature`; `stale_timestamp` where a rightly signed `iat` is more than five minutes off.
    """
    found = _TOKEN.fullmatch(signing.one_header(headers, b"authorization", _TOKEN))
    if found is None:
        raise signing.bad_signature()
    header, payload, signature = found.groups()
    text = header + b"." + payload
    expected = [(key, hmac.digest(key.secret, text, hashlib.sha256)) for key in keys if key.is_active(now)]
    key = signing.fitting(expected, [_decode(signature)])
    at, identifier, body_hash = _claims(payload)
    fits = hmac.compare_digest(body_hash.encode("utf-8"), hashlib.sha256(body).hexdigest().encode("ascii"))
    if _object(header) not in _HEADERS or not fits:
        raise signing.bad_signature()
    signing.check_window(at, now)
    return signing.Signed(identifier, at, key.fingerprint)
