"""DSSE envelopes with ed25519 (github.com/secure-systems-lab/dsse, protocol v1.0.2): what is signed is the payload with its type.

Keys are texts `id:base64-of-32-bytes`: the seed of a private key, or a public key. Nothing here reads a clock or a file.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from healer.errors import Misconfigured, Rejected

_KEY = re.compile(r"([\w.-]{1,32}):([A-Za-z0-9+/]{43}=)")


@dataclass(frozen=True, repr=False)
class Signer:
    """A private key under its id."""

    key_id: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """Give the public key as text, for those who verify."""
        return f"{self.key_id}:{base64.b64encode(self.key.public_key().public_bytes_raw()).decode()}"


def _bytes(text: str) -> tuple[str, bytes]:
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise Misconfigured(
            "a receipt key does not have its form.",
            reason="receipt_key",
            remedy="Give id:base64-of-32-bytes, for example from `echo r1:$(head -c32 /dev/urandom | base64)`.",
        )
    return found[1], base64.b64decode(found[2])


def signer(text: str) -> Signer:
    """Read a private key.

    Raises: Misconfigured (`receipt_key`).
    """
    key_id, seed = _bytes(text)
    return Signer(key_id, Ed25519PrivateKey.from_private_bytes(seed))


def public_keys(lines: Sequence[str]) -> dict[str, Ed25519PublicKey]:
    """Read public keys by id, one a line; empty lines and lines that begin with # say nothing.

    Raises: Misconfigured (`receipt_key`).
    """
    read = (_bytes(line) for line in lines if line.strip() and not line.startswith("#"))
    return {key_id: Ed25519PublicKey.from_public_bytes(raw) for key_id, raw in read}


def _signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Give the pre-authentication encoding (PAE) of the DSSE protocol."""
    kind = payload_type.encode("utf-8")
    return b" ".join((b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload))


def seal(payload_type: str, payload: bytes, signers: Sequence[Signer]) -> dict[str, Any]:
    """Give the envelope of a payload, signed by each signer."""
    text = _signed_bytes(payload_type, payload)
    signatures = [{"keyid": s.key_id, "sig": base64.b64encode(s.key.sign(text)).decode()} for s in signers]
    return {"payloadType": payload_type, "payload": base64.b64encode(payload).decode(), "signatures": signatures}


def opened(text: str | bytes) -> tuple[str, bytes, tuple[tuple[str, bytes], ...]]:
    """Take an envelope apart: payload type, payload, and (key id, signature) of each signature. Nothing is verified yet.

    Raises: Rejected (`bad_receipt`).
    """
    try:
        members = dict(json.loads(text))
        payload = base64.b64decode(members["payload"], validate=True)
        signatures = tuple((str(s["keyid"]), base64.b64decode(s["sig"], validate=True)) for s in members["signatures"])
        return str(members["payloadType"]), payload, signatures
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise Rejected(
            "this is no DSSE envelope.",
            reason="bad_receipt",
            remedy="Give the file as `healer receipt show` prints it.",
        ) from None


def is_signed(
    payload_type: str, payload: bytes, signatures: Sequence[tuple[str, bytes]], keys: Mapping[str, Ed25519PublicKey]
) -> bool:
    """Say whether one of the signatures is by one of the keys."""
    text = _signed_bytes(payload_type, payload)
    return any(key_id in keys and _verifies(keys[key_id], signature, text) for key_id, signature in signatures)


def _verifies(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True
