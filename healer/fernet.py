"""Values that plain Fernet sealed, read while they are moved into the vault; nothing is sealed in this scheme.

Form: https://github.com/fernet/spec. A Fernet token is bound neither to a ref nor to a counter, which is why it is not kept.
"""

import base64
import binascii
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr


class FernetDecryptor:
    """Opens tokens of any of its keys."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    def decrypt(self, sealed: str, ref: str) -> bytes:  # noqa: ARG002 - Fernet binds nothing to a ref
        """Give the plaintext of a token that is spelled in its one way; the library alone passes over foreign characters.

        Raises: InvalidToken.
        """
        try:
            raw = base64.b64decode(sealed, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidToken from None
        if base64.urlsafe_b64encode(raw).decode("ascii") != sealed:
            raise InvalidToken
        return self._fernet.decrypt(sealed)


def make(keys: Sequence[SecretStr]) -> FernetDecryptor:
    """Build the decryptor from url-safe base64 keys of 32 bytes.

    Raises: ValueError where there is none, or one is malformed.
    """
    return FernetDecryptor(keys)
