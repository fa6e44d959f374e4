"""Sealed records: what Redis holds of credentials, reports and traces.

Format "wego1". A record has its own key: HKDF-SHA512 over a key-encryption key and a random 32-byte salt gives a 32-byte AES-256-GCM
key and a 32-byte commitment. The commitment is compared first and in constant time, because AES-GCM alone lets one ciphertext be valid
under two keys (Dodis et al. 2018, "Fast Message Franking"). The associated data covers everything that is not encrypted, and the ref under
which the record is kept, so that a record moved elsewhere does not open. As no key seals twice, the nonce is constant.

    wego1.BASE64URL( "wego" version alg len(key id) key id salt[32] expiry[8] counter[8] commitment[32] ciphertext tag[16] )
"""

import base64
import binascii
import hmac
import re
import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from healer.errors import Misconfigured

SALT_BYTES: Final = 32
KEY_BYTES: Final = 32
_PREFIX: Final = "wego1."
_MAGIC: Final = b"wego"
_VERSION: Final = 1
_ALG_HKDF_SHA512_AES_256_GCM: Final = 1
_NONCE: Final = bytes(12)
_FIXED: Final = struct.Struct(f">{SALT_BYTES}sQQ{KEY_BYTES}s")
_WRAPPED: Final = "kms:"
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")

Unwrap = Callable[[str, bytes], bytes]
"""Gives the key of this id from the form in which another keeper of keys has encrypted it."""


class Opened(NamedTuple):
    """What a sealed record held. `expires_at` is in Unix seconds, 0 for never."""

    plaintext: bytes
    key_id: str
    expires_at: int
    counter: int


class _Head(NamedTuple):
    """The part of a record that is not encrypted."""

    key_id: str
    salt: bytes
    expires_at: int
    counter: int
    commitment: bytes

    def packed(self) -> bytes:
        key_id = self.key_id.encode("ascii")
        start = _MAGIC + bytes([_VERSION, _ALG_HKDF_SHA512_AES_256_GCM, len(key_id)]) + key_id
        return start + _FIXED.pack(self.salt, self.expires_at, self.counter, self.commitment)


class Claims(NamedTuple):
    """What a sealed record says of itself, not proved: for lists, and to find what to re-wrap."""

    key_id: str
    expires_at: int
    counter: int

    def has_expired(self, now: float) -> bool:
        """Say whether it says that it does not open any more at `now` (Unix seconds)."""
        return bool(self.expires_at) and now >= self.expires_at


def unsealable() -> Misconfigured:
    """Give the one error for whatever does not open, whatever was wrong with it."""
    return Misconfigured(
        "a sealed record does not open.",
        reason="unsealable",
        remedy="It was changed, has expired, or this process lacks its key or its decryptor: put it again, or give those back.",
    )


def _refuse() -> NoReturn:
    raise unsealable() from None


def _derive(key: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA512(), length=length, salt=salt, info=b"importer-healer wego1 " + purpose).derive(key)


def _record_key(key: bytes, salt: bytes) -> tuple[bytes, bytes]:
    both = _derive(key, salt, b"record", 2 * KEY_BYTES)
    return both[:KEY_BYTES], both[KEY_BYTES:]


def _associated(head: _Head, ref: str) -> bytes:
    return head.packed() + ref.encode("utf-8")


def _decoded(sealed: str) -> bytes:
    """Undo base64url strictly: one text per record, so that no changed character passes."""
    body = sealed.removeprefix(_PREFIX)
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        _refuse()
    if _encoded(raw) != sealed:
        _refuse()
    return raw


def _encoded(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _split(sealed: str) -> tuple[_Head, bytes]:
    raw = _decoded(sealed)
    start = len(_MAGIC) + 3
    end = start + (raw[start - 1] if len(raw) >= start else 0)
    rest = end + _FIXED.size
    if len(raw) < rest or raw[: start - 1] != _MAGIC + bytes([_VERSION, _ALG_HKDF_SHA512_AES_256_GCM]):
        _refuse()
    key_id = raw[start:end].decode("ascii", "replace")
    if not _KEY_ID.fullmatch(key_id):
        _refuse()
    return _Head(key_id, *_FIXED.unpack(raw[end:rest])), raw[rest:]


def claims(sealed: str) -> Claims:
    """Read what a record says of itself.

    Raises: Misconfigured (`unsealable`) where it is no such record.
    """
    head, _ = _split(sealed)
    return Claims(head.key_id, head.expires_at, head.counter)


def _from_base64(text: str) -> bytes:
    """Give the bytes; none where it is malformed, which no key is."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


class KeyRing:
    """Key-encryption keys by id: the first one seals, each opens. It never shows a key."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise Misconfigured("a vault key is not 32 bytes long.", reason="vault_keys", remedy="See README, Keys.")
        if not all(_KEY_ID.fullmatch(name) for name in keys):
            raise Misconfigured("a vault key's id is malformed.", reason="vault_keys", remedy="Use letters and digits.")
        self._keys = dict(keys)
        self.writer = next(iter(self._keys))

    @classmethod
    def parse(cls, text: str, unwrap: Unwrap | None = None) -> "KeyRing":
        """Read `id:base64`, by commas or lines; the first one writes. `id:kms:base64` is a key that `unwrap` must open.

        Raises: Misconfigured (`vault_keys`), without any of the text; what `unwrap` raises.
        """
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in re.split(r"[,\n]", text))):
            name, _, encoded = entry.partition(":")
            if name in keys:
                raise Misconfigured("two vault keys have one id.", reason="vault_keys", remedy="Rename one.")
            wrapped = encoded.startswith(_WRAPPED)
            raw = _from_base64(encoded.removeprefix(_WRAPPED))
            keys[name] = unwrap(name, raw) if wrapped and unwrap and raw else b"" if wrapped else raw
        return cls(keys)

    def seal(self, plaintext: bytes, ref: str, salt: bytes, expires_at: int = 0, counter: int = 0) -> str:
        """Seal under the writing key for the place `ref`. `salt` is 32 fresh random bytes, never used before."""
        if len(salt) != SALT_BYTES:
            raise Misconfigured("a seal's salt is not 32 bytes long.", reason="salt")
        key, commitment = _record_key(self._keys[self.writer], salt)
        head = _Head(self.writer, salt, expires_at, counter, commitment)
        return _encoded(head.packed() + AESGCM(key).encrypt(_NONCE, plaintext, _associated(head, ref)))

    def open(self, sealed: str, ref: str, now: float) -> Opened:
        """Open what was sealed for `ref` and has not expired at `now` (Unix seconds).

        Raises: Misconfigured (`unsealable`), the same whatever was wrong.
        """
        head, ciphertext = _split(sealed)
        key, commitment = _record_key(self._keys.get(head.key_id, bytes(KEY_BYTES)), head.salt)
        if not hmac.compare_digest(commitment, head.commitment):
            _refuse()
        try:
            plaintext = AESGCM(key).decrypt(_NONCE, ciphertext, _associated(head, ref))
        except InvalidTag:
            _refuse()
        if head.key_id not in self._keys or Claims(head.key_id, head.expires_at, head.counter).has_expired(now):
            _refuse()
        return Opened(plaintext, head.key_id, head.expires_at, head.counter)

    def is_current(self, sealed: str) -> bool:
        """Say whether a record says that the writing key sealed it.

        Raises: Misconfigured (`unsealable`) where it is no such record.
        """
        return claims(sealed).key_id == self.writer

    def reseal(self, sealed: str, ref: str, salt: bytes, now: float) -> str:
        """Seal a record anew under the writing key, with the expiry and the counter that it has.

        Raises: Misconfigured (`unsealable`) where it does not open.
        """
        opened = self.open(sealed, ref, now)
        return self.seal(opened.plaintext, ref, salt, opened.expires_at, opened.counter)

    def derive(self, purpose: str) -> bytes:
        """Give 32 bytes for another purpose than sealing, the same as long as the writing key is the same."""
        return _derive(self._keys[self.writer], b"", b"purpose " + purpose.encode("utf-8"), KEY_BYTES)
