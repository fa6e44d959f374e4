"""Signatures of webhooks: Standard Webhooks v1 (spec 1.0.0) and GitHub's `X-Hub-Signature-256`.

Stricter than the libraries: one spelling of each value is accepted, raw bytes are signed, and nothing that a sender can send raises
anything but `Rejected`. Headers come as the raw pairs of ASGI: lower-case names, bytes.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from healer.errors import Misconfigured, Rejected

TOLERANCE_S: Final = 300
_MAX_SIGNATURES: Final = 8
_KEY_BYTES: Final = range(24, 65)
_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,64}")
_TIMESTAMP: Final = re.compile(rb"[1-9][0-9]{0,11}")
_DIGEST: Final = re.compile(rb"[A-Za-z0-9+/]{43}=")
_GITHUB: Final = re.compile(rb"sha256=([0-9a-f]{64})")

RawHeaders = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class SigningKey:
    """A shared secret and when it is valid (Unix seconds)."""

    secret: bytes = field(repr=False)
    not_before: float = 0
    expires_at: float = float("inf")

    @property
    def fingerprint(self) -> str:
        """Name the key by a hash: what limits count by, and what may be shown."""
        return hashlib.sha256(b"fingerprint:" + self.secret).hexdigest()[:16]

    def is_active(self, now: float) -> bool:
        """Say whether signatures by this key count now."""
        return self.not_before <= now < self.expires_at


@dataclass(frozen=True)
class Signed:
    """What a verified signature vouches for besides the body."""

    id: str
    timestamp: int
    key: str
    """The fingerprint of the key that signed."""


def _broken_keys() -> Misconfigured:
    return Misconfigured(
        "a webhook signing key is malformed.",
        reason="signing_keys",
        remedy="Write `whsec_` and base64 of 24 to 64 bytes, then `;from=` or `;until=` with an ISO time where wanted.",
    )


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _parse_key(entry: str) -> SigningKey:
    encoded, *limits = entry.split(";")
    try:
        secret = base64.b64decode(encoded.removeprefix("whsec_"), validate=True)
        given = {name: _seconds(text) for name, _, text in (limit.partition("=") for limit in limits)}
    except (binascii.Error, ValueError):
        raise _broken_keys() from None
    if len(secret) not in _KEY_BYTES or not encoded.startswith("whsec_") or given.keys() - {"from", "until"}:
        raise _broken_keys()
    return SigningKey(secret, given.get("from", 0), given.get("until", float("inf")))


def parse_keys(text: str) -> tuple[SigningKey, ...]:
    """Read `whsec_…[;from=TIME][;until=TIME]`, comma separated. Overlapping keys make rotation without downtime.

    Raises: Misconfigured (`signing_keys`), without any of the text.
    """
    keys = tuple(_parse_key(entry.strip()) for entry in text.split(",") if entry.strip())
    if not keys:
        raise _broken_keys()
    return keys


def _digest(key: SigningKey, identifier: bytes, timestamp: bytes, body: bytes) -> bytes:
    return hmac.digest(key.secret, identifier + b"." + timestamp + b"." + body, hashlib.sha256)


def sign(key: SigningKey, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the three headers of a signed delivery."""
    digest = _digest(key, identifier.encode("ascii"), str(timestamp).encode("ascii"), body)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode("ascii"),
    }


def bad_signature() -> Rejected:
    """Give the one refusal for whatever does not fit: who does not hold the key learns nothing else."""
    return Rejected("the signature does not fit.", reason="bad_signature", status=401)


def one_header(headers: RawHeaders, name: bytes, form: re.Pattern[bytes] | None = None) -> bytes:
    """Give the one value of a header.

    Raises: Rejected (401, `bad_signature`) where it is absent, repeated or of another form.
    """
    values = [value for key, value in headers if key == name]
    if len(values) != 1 or (form and not form.fullmatch(values[0])):
        raise bad_signature()
    return values[0]


def _given_digests(header: bytes) -> list[bytes]:
    """Read the `v1` entries of the list; other versions are for other readers."""
    entries = header.split(b" ")
    if len(entries) > _MAX_SIGNATURES:
        raise bad_signature()
    texts = [entry.removeprefix(b"v1,") for entry in entries if entry.startswith(b"v1,")]
    digests = [base64.b64decode(text) for text in texts if _DIGEST.fullmatch(text)]
    if [base64.b64encode(digest) for digest in digests] != texts:
        raise bad_signature()
    return digests


def fitting(expected: Iterable[tuple[SigningKey, bytes]], given: Sequence[bytes]) -> SigningKey:
    """Give a key whose digest is among the given ones; each is compared with each, so that time tells nothing about which fitted.

    Raises: Rejected (401, `bad_signature`).
    """
    fits = [key for key, one in expected for other in given if hmac.compare_digest(one, other)]
    if not fits:
        raise bad_signature()
    return fits[0]


def check_window(timestamp: int, now: float) -> None:
    """Refuse a time that is more than five minutes off, to either side.

    Raises: Rejected (401, `stale_timestamp`).
    """
    if abs(now - timestamp) > TOLERANCE_S:
        raise Rejected("the timestamp is more than five minutes off.", reason="stale_timestamp", status=401)


def verify(headers: RawHeaders, body: bytes, keys: Iterable[SigningKey], now: float) -> Signed:
    """Verify a Standard Webhooks v1 delivery against every key that is active at `now` (Unix seconds).

    Raises: Rejected (401) `bad_signature`; `stale_timestamp` where a rightly signed time is more than five minutes off.
    """
    identifier = one_header(headers, b"webhook-id", _ID)
    timestamp = one_header(headers, b"webhook-timestamp", _TIMESTAMP)
    given = _given_digests(one_header(headers, b"webhook-signature"))
    expected = [(key, _digest(key, identifier, timestamp, body)) for key in keys if key.is_active(now)]
    key = fitting(expected, given)
    check_window(int(timestamp), now)
    return Signed(identifier.decode("ascii"), int(timestamp), key.fingerprint)


def verify_github(headers: RawHeaders, body: bytes, secret: bytes) -> None:
    """Verify GitHub's signature over the raw body (docs.github.com, "Validating webhook deliveries").

    Raises: Rejected (401, `bad_signature`); Misconfigured where the secret is empty.
    """
    if not secret:
        raise Misconfigured("the GitHub webhook secret is empty.", reason="signing_keys")
    given = one_header(headers, b"x-hub-signature-256", _GITHUB)
    expected = b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode("ascii")
    if not hmac.compare_digest(expected, given):
        raise bad_signature()
