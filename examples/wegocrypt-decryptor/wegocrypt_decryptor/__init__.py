"""A made-up scheme, as an example: base64 of a nonce and of what AES-GCM-SIV makes of the fields, bound to the ref."""

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from pydantic import SecretStr

_NONCE_BYTES = 12


class WegoCrypt:
    """Opens what WegoCrypt sealed."""

    def __init__(self, key: SecretStr) -> None:
        self._cipher = AESGCMSIV(base64.b64decode(key.get_secret_value(), validate=True))

    def decrypt(self, sealed: str, ref: str) -> bytes:
        """Give the fields as a JSON object. Base64 has several spellings of one value; only the first is read."""
        raw = base64.b64decode(sealed, validate=True)
        if base64.b64encode(raw).decode() != sealed:
            raise ValueError("another spelling")
        return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], ref.encode())


def make(keys: Sequence[SecretStr]) -> WegoCrypt:
    """Build it from the keys that HEALER_DECRYPTORS gives; it takes one."""
    (key,) = keys
    return WegoCrypt(key)
