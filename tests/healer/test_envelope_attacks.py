"""Attacks on sealed records, carried out: each must end with the one refusal."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gcm_collision import colliding
from healer.envelope import KeyRing
from healer.errors import Misconfigured

VECTORS = Path(__file__).resolve().parents[1] / "wycheproof/aes_gcm_256_96.json"
OURS, THEIRS, SALT, REF = b"o" * 32, b"t" * 32, bytes(range(32)), "healer:vault:a"
NONCE, HEAD = bytes(12), 4 + 3 + 2 + 32 + 8 + 8 + 32
RING = KeyRing({"k1": OURS, "k2": THEIRS})
SEALED = RING.seal(b'{"password": "correct-horse"}', REF, SALT, expires_at=2**40, counter=7)


def _raw(sealed: str) -> bytes:
    return base64.urlsafe_b64decode(sealed[6:] + "=" * (-len(sealed[6:]) % 4))


def _text(raw: bytes) -> str:
    return "wego1." + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _is_refused(sealed: str, ref: str = REF, ring: KeyRing = RING) -> bool:
    try:
        ring.open(sealed, ref, 0)
    except Misconfigured as error:
        return error.reason == "unsealable"
    return False


def _record_key(key: bytes) -> tuple[bytes, bytes]:
    both = HKDF(SHA512(), 64, SALT, b"importer-healer wego1 record").derive(key)
    return both[:32], both[32:]


def test_every_bit_and_every_length_counts() -> None:
    """Of a credential's record every single flipped bit and every truncation, in bytes and in characters, is refused."""
    raw = _raw(SEALED)
    flipped = [raw[: n // 8] + bytes([raw[n // 8] ^ 1 << n % 8]) + raw[n // 8 + 1 :] for n in range(len(raw) * 8)]
    assert [n for n, one in enumerate(flipped) if not _is_refused(_text(one))] == []
    assert [n for n in range(len(raw)) if not _is_refused(_text(raw[:n]))] == []
    assert [n for n in range(len(SEALED)) if not _is_refused(SEALED[:n])] == []
    assert not _is_refused(SEALED)


@pytest.mark.parametrize(
    ("what", "at", "value"),
    [
        ("key id", 7, b"k2"),
        ("version", 4, b"\x02"),
        ("algorithm", 5, b"\x02"),
        ("expiry", 9 + 32, bytes(8)),
        ("counter", 9 + 40, bytes(7) + b"\x08"),
    ],
)
def test_no_part_of_the_head_can_be_exchanged(what: str, at: int, value: bytes) -> None:
    """Another key id that the ring knows, version, algorithm, expiry or counter is refused, also with the commitment that fits."""
    raw = _raw(SEALED)
    exchanged = raw[:at] + value + raw[at + len(value) :]
    fitting = exchanged[: HEAD - 32] + _record_key(THEIRS)[1] + exchanged[HEAD:]
    assert _is_refused(_text(exchanged)), what
    assert _is_refused(_text(fitting)), what


def test_parts_of_two_records_do_not_mix() -> None:
    """The head of one record with the ciphertext of another, and a record under another's ref, are refused."""
    other = RING.seal(b'{"password": "another-one.."}', REF, SALT[::-1], expires_at=2**40, counter=7)
    assert _is_refused(_text(_raw(SEALED)[:HEAD] + _raw(other)[HEAD:]))
    assert _is_refused(_text(_raw(other)[:HEAD] + _raw(SEALED)[HEAD:]))
    assert _is_refused(SEALED, ref="healer:vault:b")
    assert _is_refused(SEALED, ref="healer:vault:a" + "\0")


def test_ciphertext_that_is_valid_under_two_keys_is_refused() -> None:
    """A ciphertext that AES-GCM opens under both rings' record keys opens only in the ring that its commitment names."""
    rings = KeyRing({"k1": OURS}), KeyRing({"k1": THEIRS})
    (ours, our_word), (theirs, their_word) = _record_key(OURS), _record_key(THEIRS)
    start = _raw(rings[0].seal(b"x", REF, SALT))[: HEAD - 32]
    for word, opens in ((our_word, [True, False]), (their_word, [False, True])):
        head = start + word
        collision = colliding((ours, theirs), NONCE, head + REF.encode())
        plaintexts = {AESGCM(key).decrypt(NONCE, collision, head + REF.encode()) for key in (ours, theirs)}
        assert len(plaintexts) == 2
        assert [not _is_refused(_text(head + collision), ring=ring) for ring in rings] == opens


def test_collision_is_no_accident_of_the_library() -> None:
    """The constructed ciphertext opens under its two keys and under no third: the attack is real, and is the one meant."""
    collision = colliding((OURS, THEIRS), NONCE, b"head")
    with pytest.raises(InvalidTag):
        AESGCM(b"3" * 32).decrypt(NONCE, collision, b"head")
    assert AESGCM(OURS).decrypt(NONCE, collision, b"head") != AESGCM(THEIRS).decrypt(NONCE, collision, b"head")


def test_cipher_gives_what_wycheproof_expects() -> None:
    """Each of Wycheproof's vectors for AES-256-GCM with our sizes opens to its message where it is valid, and is refused where not."""
    (group,) = json.loads(VECTORS.read_text())["testGroups"]
    wrong = [vector["tcId"] for vector in group["tests"] if _opens(vector) != (vector["result"] == "valid")]
    assert (wrong, len(group["tests"])) == ([], 66)


def _opens(vector: dict[str, str]) -> bool:
    key, nonce, associated, message, ciphertext, tag = (
        bytes.fromhex(vector[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
    )
    try:
        return AESGCM(key).decrypt(nonce, ciphertext + tag, associated) == message
    except InvalidTag:
        return False
