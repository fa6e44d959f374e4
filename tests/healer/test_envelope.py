"""Rules of sealed records."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from healer.envelope import KeyRing, claims
from healer.errors import Misconfigured

OLD, NEW = b"o" * 32, b"n" * 32
RING = KeyRing({"k1": OLD})
SALT = bytes(range(32))
NOW = 1_795_514_400.0
SEALED = RING.seal(b"top secret", "vault:a", SALT, expires_at=int(NOW) + 60, counter=7)


def _refused(sealed: str, ref: str = "vault:a", ring: KeyRing = RING, now: float = NOW) -> str:
    with pytest.raises(Misconfigured) as error:
        ring.open(sealed, ref, now)
    assert error.value.reason == "unsealable"
    return str(error.value)


def test_sealed_record_opens_where_it_belongs() -> None:
    """What was sealed for a ref opens for that ref, with its key id, expiry and counter."""
    opened = RING.open(SEALED, "vault:a", NOW)
    assert opened == (b"top secret", "k1", int(NOW) + 60, 7)
    assert SEALED.startswith("wego1.")
    assert claims(SEALED).key_id == "k1"


def test_every_other_spelling_is_refused() -> None:
    """A text that decodes to the same bytes, or names another form, does not open."""
    for other in (SEALED + "=", SEALED + "\n", " " + SEALED, SEALED + "A", SEALED.replace("wego1.", "wego2.")):
        _refused(other)


def test_record_does_not_open_elsewhere_or_later() -> None:
    """Another ref, another key under the same id, and the time of expiry are refused, all with one sentence."""
    told = {
        _refused(SEALED, ref="vault:b"),
        _refused(SEALED, ring=KeyRing({"k1": NEW})),
        _refused(SEALED, ring=KeyRing({"k2": OLD})),
        _refused(SEALED, now=NOW + 60),
        _refused("wego1.AAAA"),
        _refused(""),
    }
    assert len(told) == 1


def test_unknown_key_id_does_not_fall_back_to_a_known_value() -> None:
    """A record sealed under a key of zeros with an unknown id is refused."""
    zeros = KeyRing({"kx": bytes(32)})
    _refused(zeros.seal(b"x", "vault:a", SALT))


def test_ring_reads_with_every_key_and_writes_with_the_first() -> None:
    """After a rotation old records open and new ones carry the new key's id."""
    ring = KeyRing.parse(f"k2:{base64.b64encode(NEW).decode()}, k1:{base64.b64encode(OLD).decode()}")
    assert ring.open(SEALED, "vault:a", NOW).key_id == "k1"
    assert claims(ring.seal(b"x", "vault:a", SALT)).key_id == "k2"


def test_plain_text_is_not_in_the_record() -> None:
    """The record shows neither the plaintext nor the ref."""
    raw = base64.urlsafe_b64decode(SEALED[6:] + "==")
    assert b"top secret" not in raw
    assert b"vault:a" not in raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k1",
        "k1:short",
        "k1:" + "A" * 10,
        ":" + base64.b64encode(OLD).decode(),
        "k 1:" + base64.b64encode(OLD).decode(),
    ],
)
def test_malformed_ring_stops_the_start(text: str) -> None:
    """A key that is absent, malformed or not 32 bytes long is refused without being shown."""
    with pytest.raises(Misconfigured) as error:
        KeyRing.parse(text)
    assert error.value.reason == "vault_keys"
    assert len(text) < 5 or text not in str(error.value)


def test_two_keys_of_one_id_stop_the_start() -> None:
    """Ids are unique."""
    entry = "k1:" + base64.b64encode(OLD).decode()
    with pytest.raises(Misconfigured):
        KeyRing.parse(f"{entry},{entry}")


def test_derived_keys_differ_by_purpose() -> None:
    """A derived key depends on purpose and writing key, and is none of the record keys."""
    assert RING.derive("trace:a") == RING.derive("trace:a")
    assert len({RING.derive("trace:a"), RING.derive("trace:b"), KeyRing({"k1": NEW}).derive("trace:a")}) == 3
    assert len(RING.derive("trace:a")) == 32


@given(st.binary(), st.text(), st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_round_trip(plaintext: bytes, ref: str, salt: bytes, counter: int) -> None:
    """Every plaintext comes back from every place, of the size of the plaintext plus a constant."""
    sealed = RING.seal(plaintext, ref.encode("utf-8", "replace").decode(), salt, counter=counter)
    assert RING.open(sealed, ref.encode("utf-8", "replace").decode(), NOW).plaintext == plaintext


@given(st.text())
def test_no_text_crashes(text: str) -> None:
    """Whatever stands in the store, the answer is the one refusal."""
    _refused(text)
    _refused("wego1." + text)


def test_salt_of_another_length_is_refused() -> None:
    """A salt is 32 bytes: nobody seals by mistake with less."""
    with pytest.raises(Misconfigured):
        RING.seal(b"x", "vault:a", b"short")


def test_cipher_is_the_one_that_is_named() -> None:
    """The tag is AES-GCM's: a record is longer than its plaintext by header and 16 bytes."""
    raw = base64.urlsafe_b64decode(SEALED[6:] + "==")
    tag = len(AESGCM(OLD).encrypt(bytes(12), b"", None))
    assert len(raw) == 4 + 3 + 2 + 32 + 16 + 32 + len(b"top secret") + tag
