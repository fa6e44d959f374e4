"""Values that another scheme sealed: what a decryptor is, and how a value is read with one.

A sealed value begins with its scheme's name and a dot: `wego1.…` is our own, `NAME.…` is read by the decryptor of that name. Packages
bring decryptors as entry points of the group `importer_healer.decryptors`: a callable that takes the keys of HEALER_DECRYPTORS.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from pydantic import SecretStr

from healer import strict_json
from healer.credential import read_fields
from healer.envelope import unsealable
from healer.errors import HealerError

OWN: Final = "wego1"


class Decryptor(Protocol):
    """Opens the values of one scheme. It must refuse, by any exception, whatever was not sealed whole with a key of its own."""

    def decrypt(self, sealed: str, ref: str) -> bytes:
        """Give a credential's fields as a JSON object of texts, UTF-8. `sealed` comes without the scheme's name, `ref` is its place."""
        ...


Decryptors = Mapping[str, Decryptor]
Make = Callable[[Sequence[SecretStr]], Decryptor]


def scheme_of(sealed: str) -> str:
    """Give the name of the scheme that a value says it was sealed in."""
    return sealed.partition(".")[0]


def foreign_fields(decryptors: Decryptors, sealed: str, ref: str) -> dict[str, SecretStr]:
    """Open a value of another scheme.

    Raises: Misconfigured (`unsealable`), the same whatever was wrong, and without a word of what the decryptor said.
    """
    scheme, _, payload = sealed.partition(".")
    decryptor = decryptors.get(scheme)
    if decryptor is None:
        raise unsealable()
    try:
        plaintext = decryptor.decrypt(payload, ref)
    except Exception:  # noqa: BLE001 - other people's code may raise anything, with anything in its text
        raise unsealable() from None
    return _fields(plaintext)


def _fields(plaintext: bytes) -> dict[str, SecretStr]:
    try:
        return read_fields(strict_json.parse(plaintext))
    except HealerError:
        raise unsealable() from None
