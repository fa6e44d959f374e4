"""Rules of DSSE envelopes."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer import dsse
from healer.errors import Misconfigured, Rejected

KEY, OTHER = "r1:" + "A" * 43 + "=", "r2:" + "C" * 42 + "A="
TYPE = "application/vnd.in-toto+json"


def keys(*texts: str):
    return dsse.public_keys([dsse.signer(text).public for text in texts])


@given(st.binary(max_size=200))
def test_what_was_signed_is_known_by_its_public_key(payload: bytes) -> None:
    """A payload verifies by the key that signed it, read back from the envelope's text, and by no other."""
    read = dsse.opened(json.dumps(dsse.seal(TYPE, payload, [dsse.signer(KEY)])))
    assert read[:2] == (TYPE, payload)
    assert dsse.is_signed(*read, keys(KEY))
    assert not dsse.is_signed(*read, keys(OTHER))
    assert not dsse.is_signed(*read, {"r1": keys(OTHER)["r2"]})


@given(st.data())
def test_a_changed_payload_is_not_signed(data: st.DataObject) -> None:
    """No single changed bit of the payload, and no other payload type, keeps the signature."""
    payload = data.draw(st.binary(min_size=1, max_size=60))
    _, _, signatures = dsse.opened(json.dumps(dsse.seal(TYPE, payload, [dsse.signer(KEY)])))
    place = data.draw(st.integers(0, len(payload) * 8 - 1))
    changed = bytearray(payload)
    changed[place // 8] ^= 1 << place % 8
    assert not dsse.is_signed(TYPE, bytes(changed), signatures, keys(KEY))
    assert not dsse.is_signed(TYPE + "x", payload, signatures, keys(KEY))


def test_pre_authentication_encoding_is_the_protocols() -> None:
    """The signed bytes are those of the protocol's own example (DSSE v1.0.2, protocol.md)."""
    signer = dsse.signer(KEY)
    envelope = dsse.seal("http://example.com/HelloWorld", b"hello world", [signer])
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    signer.key.public_key().verify(signature, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world")


def test_two_keys_sign_side_by_side() -> None:
    """During a rotation either key's holder can verify; with no key there is no signature."""
    envelope = json.dumps(dsse.seal(TYPE, b"x", [dsse.signer(KEY), dsse.signer(OTHER)]))
    assert dsse.is_signed(*dsse.opened(envelope), keys(KEY))
    assert dsse.is_signed(*dsse.opened(envelope), keys(OTHER))
    assert not dsse.is_signed(*dsse.opened(json.dumps(dsse.seal(TYPE, b"x", []))), keys(KEY))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payloadType": 1, "payload": "x", "signatures": []}', "[" * 99999])
def test_what_is_no_envelope_is_refused(text: str) -> None:
    """A file of another form is refused with what to give instead."""
    with pytest.raises(Rejected, match="DSSE"):
        dsse.opened(text)


@pytest.mark.parametrize("text", ["", "r9", "r9:AAAA", "r 1:" + "A" * 43 + "=", "r1:" + "A" * 44])
def test_a_key_of_another_form_is_refused_without_its_text(text: str) -> None:
    """A key that has not its form is named by what is expected, and is not quoted."""
    with pytest.raises(Misconfigured, match="id:base64") as error:
        dsse.signer(text)
    assert not text or text not in str(error.value)
