"""Rules of webhook signatures: the official vectors, and no mutation of a signed delivery is accepted or crashes."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from healer.errors import Misconfigured, Rejected
from healer.signing import TOLERANCE_S, SigningKey, parse_keys, sign, verify, verify_github

VECTORS = json.loads((Path(__file__).parents[1] / "contracts" / "standard-webhooks-vectors.json").read_text())
OFFICIAL = VECTORS["standard_webhooks"]
KEYS = parse_keys(OFFICIAL["secret"])
NOW = 1_795_514_400
BODY = b'{"ticket":"UTIL-101","importer":"brightwater"}'

Raw = list[tuple[bytes, bytes]]


def _raw(headers: dict[str, str]) -> Raw:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def _signed(key: SigningKey = KEYS[0], at: int = NOW, **changes: str) -> Raw:
    return _raw({**sign(key, "msg_1", at, BODY), **{f"webhook-{name}": value for name, value in changes.items()}})


def _refusal(headers: Raw, body: bytes = BODY, keys: tuple[SigningKey, ...] = KEYS, now: float = NOW) -> str:
    with pytest.raises(Rejected) as refused:
        verify(headers, body, keys, now)
    assert refused.value.status == 401
    return refused.value.reason


def _official(signature: str) -> Raw:
    timestamp = str(OFFICIAL["timestamp"])
    return _raw({"webhook-id": OFFICIAL["id"], "webhook-timestamp": timestamp, "webhook-signature": signature})


def test_official_vector_is_accepted_and_made() -> None:
    """The vector of the Standard Webhooks project verifies, and signing gives the same text."""
    body, at = OFFICIAL["payload"].encode(), OFFICIAL["timestamp"]
    assert verify(_official(OFFICIAL["signature"]), body, KEYS, at).id == OFFICIAL["id"]
    assert sign(KEYS[0], OFFICIAL["id"], at, body)["webhook-signature"] == OFFICIAL["signature"]


def test_official_near_miss_is_refused() -> None:
    """A signature that differs in one bit is refused."""
    assert (
        _refusal(_official(OFFICIAL["near_miss_reject"]), OFFICIAL["payload"].encode(), now=OFFICIAL["timestamp"])
        == "bad_signature"
    )


def test_one_fitting_signature_of_several_is_enough() -> None:
    """A list with signatures of other keys and versions is accepted when one fits, so that senders can rotate keys."""
    other = sign(SigningKey(b"x" * 32), "msg_1", NOW, BODY)["webhook-signature"]
    ours = sign(KEYS[0], "msg_1", NOW, BODY)["webhook-signature"]
    assert verify(_signed(signature=f"v1a,AAAA {other} {ours}"), BODY, KEYS, NOW).timestamp == NOW


@pytest.mark.parametrize(
    ("offset", "reason"), [(-301, "stale_timestamp"), (301, "stale_timestamp"), (-300, None), (300, None)]
)
def test_window_is_five_minutes_both_ways(offset: int, reason: str | None) -> None:
    """A rightly signed delivery counts within ±300 s, ends included."""
    assert TOLERANCE_S == 300
    headers = _signed(at=NOW + offset)
    if reason is None:
        assert verify(headers, BODY, KEYS, NOW).id == "msg_1"
    else:
        assert _refusal(headers) == reason


def test_wrong_signature_is_told_before_a_stale_time() -> None:
    """Who does not hold the key learns nothing about our clock."""
    assert _refusal(_signed(SigningKey(b"x" * 32), at=NOW - 9999)) == "bad_signature"


OURS = sign(KEYS[0], "msg_1", NOW, BODY)["webhook-signature"]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "msg.1"},
        {"id": ""},
        {"id": "m" * 65},
        {"id": "msg_1\n"},
        {"timestamp": f"{NOW}.0"},
        {"timestamp": f" {NOW}"},
        {"timestamp": f"{NOW}\n"},
        {"timestamp": f"+{NOW}"},
        {"timestamp": f"0{NOW}"},
        {"timestamp": "1_795_514_400"},
        {"timestamp": "9" * 400},
        {"timestamp": str(NOW).replace("1", "\xb9")},
        {"signature": OURS.rstrip("=")},
        {"signature": OURS + "="},
        {"signature": OURS + "\n"},
        {"signature": OURS.replace("v1,", "v1, ")},
        {"signature": OURS.replace("v1,", "V1,")},
        {"signature": OURS.removeprefix("v1,")},
        {"signature": OURS[:10] + "*" + OURS[10:]},
        {"signature": "v1,"},
        {"signature": ""},
        {"signature": " ".join(["v1," + "A" * 43 + "="] * 8 + [OURS])},
        {"signature": OURS + " v1,junk"},
        {"signature": "v1,\xff\xfe"},
    ],
)
def test_other_spellings_are_refused(changes: dict[str, str]) -> None:
    """One spelling of id, timestamp and signature counts; lenient readings of libraries are refused."""
    assert _refusal(_signed(**changes)) == "bad_signature"


def test_last_base64_character_has_one_spelling() -> None:
    """A signature whose last character carries other unused bits is refused although it decodes to the same bytes."""
    twin = OURS[:-2] + chr(ord(OURS[-2]) + 1) + "="
    assert base64.b64decode(twin[3:]) == base64.b64decode(OURS[3:])
    assert _refusal(_signed(signature=twin)) == "bad_signature"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_absent_and_repeated_headers_are_refused(name: str) -> None:
    """Each header is there exactly once."""
    headers = _signed()
    without = [pair for pair in headers if pair[0] != name.encode()]
    again = [pair for pair in headers if pair[0] == name.encode()]
    assert _refusal(without) == "bad_signature"
    assert _refusal(headers + again) == "bad_signature"


def test_keys_count_within_their_time_only() -> None:
    """A key counts from its `from` until its `until`; two with an overlap rotate without a gap."""
    whsec = OFFICIAL["secret"]
    (key,) = parse_keys(f"{whsec};from=2026-11-01;until=2026-12-01T00:00:00Z")
    assert key.is_active(NOW)
    assert _refusal(_signed(at=int(key.expires_at)), keys=(key,), now=key.expires_at) == "bad_signature"
    assert not key.is_active(key.not_before - 1)


@pytest.mark.parametrize(
    "text", ["", " , ", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", f"{OFFICIAL['secret']};till=2026-01-01"]
)
def test_malformed_keys_stop_the_start(text: str) -> None:
    """A key that is absent, short, or malformed is an error of the installation, told without the key."""
    with pytest.raises(Misconfigured) as error:
        parse_keys(text)
    assert len(text) < 8 or text not in str(error.value)


def test_key_is_not_shown() -> None:
    """The representation of a key does not hold the secret."""
    assert "secret" not in repr(KEYS[0])


def test_github_vector() -> None:
    """GitHub's documented example verifies; each other body, secret or form is refused."""
    vector = VECTORS["github"]
    headers = _raw({"x-hub-signature-256": vector["signature"]})
    body, secret = vector["payload"].encode(), vector["secret"].encode()
    verify_github(headers, body, secret)
    for bad in (vector["signature"].upper(), vector["signature"][:-1], "sha1=" + "0" * 40, "", "\xff"):
        with pytest.raises(Rejected):
            verify_github(_raw({"x-hub-signature-256": bad}), body, secret)
    with pytest.raises(Rejected):
        verify_github(headers, body + b" ", secret)
    with pytest.raises(Misconfigured):
        verify_github(headers, body, b"")


@given(
    index=st.integers(min_value=0),
    bit=st.integers(0, 7),
    part=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "body"]),
)
def test_every_flipped_bit_is_refused(index: int, bit: int, part: str) -> None:
    """A delivery with one bit changed, in any header or in the body, is refused and nothing else is raised."""
    headers, body = dict(_signed()), BODY
    changed = bytearray(body if part == "body" else headers[part.encode()])
    changed[index % len(changed)] ^= 1 << bit
    if part == "body":
        body = bytes(changed)
    else:
        headers[part.encode()] = bytes(changed)
    assert _refusal(list(headers.items()), body) == "bad_signature"


@given(st.binary(max_size=70), st.binary(max_size=20), st.binary(max_size=200), st.binary(max_size=50))
def test_no_header_crashes(identifier: bytes, timestamp: bytes, signature: bytes, body: bytes) -> None:
    """Whatever bytes the headers hold, the answer is a refusal."""
    assume(not signature.startswith(b"v1," + OURS.encode()[:20]))
    headers = [(b"webhook-id", identifier), (b"webhook-timestamp", timestamp), (b"webhook-signature", signature)]
    assert _refusal(headers, body) == "bad_signature"


@given(
    st.binary(max_size=300),
    st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"),
    st.integers(1, 999_999_999_999),
    st.binary(min_size=24, max_size=64),
)
def test_what_is_signed_verifies(body: bytes, identifier: str, at: int, secret: bytes) -> None:
    """Every delivery that we sign verifies with the same key."""
    key = SigningKey(secret)
    assert verify(_raw(sign(key, identifier, at, body)), body, [SigningKey(b"y" * 24), key], at).timestamp == at
