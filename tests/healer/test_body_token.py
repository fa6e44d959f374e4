"""Rules of the JWT form of a delivery: what another library makes is accepted, and no mutation of it."""

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from healer import body_token, signing
from healer.errors import Rejected
from healer.signing import SigningKey

KEY = SigningKey(b"workato-key-of-32-bytes-length!!")
NOW = 1_795_514_400
BODY = b'{"ticket":"UTIL-101","importer":"brightwater"}'
CLAIMS = {"iat": NOW, "jti": "msg_1", "bh": hashlib.sha256(BODY).hexdigest()}

Raw = list[tuple[bytes, bytes]]


def _raw(token: str | bytes) -> Raw:
    return [(b"authorization", b"Bearer " + (token.encode() if isinstance(token, str) else token))]


def _made(headers: dict[str, Any] | None = None, key: bytes = KEY.secret, **claims: Any) -> str:
    """Make a token by another implementation."""
    given = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not ...}
    return jwt.encode(given, key, "HS256", headers=headers)


def _by_hand(header: bytes, payload: bytes) -> str:
    """Make a rightly signed token of any header and payload."""
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    digest = base64.urlsafe_b64encode(
        jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(text, KEY.secret)
    )
    return (text + b"." + digest.rstrip(b"=")).decode()


def _refusal(headers: Raw, body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(Rejected) as refused:
        body_token.verify(headers, body, [KEY], now)
    assert refused.value.status == 401
    return refused.value.reason


def test_token_of_another_library_is_accepted() -> None:
    """What PyJWT makes verifies, and gives id, time and key."""
    signed = body_token.verify(_raw(_made()), BODY, [SigningKey(b"y" * 32), KEY], NOW)
    assert signed == signing.Signed("msg_1", NOW, KEY.fingerprint)


def test_other_library_reads_ours() -> None:
    """What we make verifies with PyJWT."""
    token = body_token.sign(KEY, "msg_1", NOW, BODY)["authorization"].removeprefix("Bearer ")
    options = {"verify_iat": False}
    assert jwt.decode(token, KEY.secret, ["HS256"], options=options) == CLAIMS  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("offset", "reason"), [(-301, "stale_timestamp"), (301, "stale_timestamp"), (-300, None), (300, None)]
)
def test_window_is_that_of_the_other_form(offset: int, reason: str | None) -> None:
    """A rightly signed token counts within ±300 s, ends included."""
    headers = _raw(_made(iat=NOW + offset))
    if reason is None:
        assert body_token.verify(headers, BODY, [KEY], NOW)
    else:
        assert _refusal(headers) == reason


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": ...}, {"iat": str(NOW)}, {"iat": float(NOW)}, {"iat": True}, {"iat": 0}, {"iat": -NOW}, {"iat": 10**12},
        {"jti": ...}, {"jti": ""}, {"jti": "msg.1"}, {"jti": "m" * 65}, {"jti": "msg_1\n"}, {"jti": "\u0661"},
        {"bh": ...}, {"bh": "0" * 64}, {"bh": CLAIMS["bh"].upper()}, {"bh": ""}, {"bh": "\u00e9"}, {"sub": "x"},
    ],
)  # fmt: skip
def test_other_claims_are_refused(claims: dict[str, Any]) -> None:
    """Each claim is there, of its type and form, and no other one is."""
    assert _refusal(_raw(_made(**claims))) == "bad_signature"


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none"}', b'{"alg":"HS512"}', b'{"alg":"RS256"}', b'{"alg":"hs256"}', b'{"typ":"JWT"}', b"{}", b"[]", b"\xff",
        b'{"alg":"HS256","alg":"HS256"}', b'{"alg":"HS256","crit":["x"]}', b'{"alg":"HS256","jwk":{}}', b'{"alg":"HS256","kid":"../x"}',
        b'{"alg":"HS256","b64":false}', b'{"alg":"HS256","typ":"at+jwt"}',
    ],
)  # fmt: skip
def test_other_headers_are_refused_although_signed(header: bytes) -> None:
    """The algorithm is ours to choose: a header that asks for another, or for anything else, is refused."""
    assert _refusal(_raw(_by_hand(header, json.dumps(CLAIMS).encode()))) == "bad_signature"


@pytest.mark.parametrize(
    "payload",
    [
        b"[]", b"\xff", b"", b"null", json.dumps({**CLAIMS, "iat": float("nan")}).encode(),
        json.dumps(CLAIMS).replace('"jti"', '"iat": 1, "jti"').encode(),
    ],
)  # fmt: skip
def test_ambiguous_payloads_are_refused_although_signed(payload: bytes) -> None:
    """Claims that two readers could read differently are refused."""
    assert _refusal(_raw(_by_hand(b'{"alg":"HS256"}', payload))) == "bad_signature"


TOKEN = _made()


@pytest.mark.parametrize(
    "token",
    [
        "", TOKEN + "=", TOKEN + ".", TOKEN + "\n", " " + TOKEN, TOKEN.rpartition(".")[0], TOKEN.rpartition(".")[0] + ".", TOKEN[:-1],
        TOKEN.replace(".", ".."), "A" * 5000, _made(key=b"z" * 32),
        TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1),
    ],
)  # fmt: skip
def test_other_spellings_are_refused(token: str) -> None:
    """One spelling of a token counts, canonical to its last character; lenient readings of libraries are refused."""
    assert _refusal(_raw(token)) == "bad_signature"


def test_absent_and_repeated_tokens_are_refused() -> None:
    """The header is there exactly once, with this scheme."""
    assert _refusal([]) == "bad_signature"
    assert _refusal(_raw(TOKEN) * 2) == "bad_signature"
    assert _refusal([(b"authorization", b"Basic " + TOKEN.encode())]) == "bad_signature"


@given(index=st.integers(min_value=0), bit=st.integers(0, 7), part=st.sampled_from(["header", "body"]))
def test_every_flipped_bit_is_refused(index: int, bit: int, part: str) -> None:
    """A delivery with one bit changed, in the header or in the body, is refused and nothing else is raised."""
    (name, value), body = _raw(TOKEN)[0], BODY
    changed = bytearray(body if part == "body" else value)
    changed[index % len(changed)] ^= 1 << bit
    headers, sent = ([(name, value)], bytes(changed)) if part == "body" else ([(name, bytes(changed))], body)
    assert _refusal(headers, sent) == "bad_signature"


@given(st.binary(max_size=400), st.binary(max_size=50))
def test_no_header_crashes(value: bytes, body: bytes) -> None:
    """Whatever bytes the header holds, the answer is a refusal."""
    assume(value != b"Bearer " + TOKEN.encode())
    assert _refusal([(b"authorization", value)], body) == "bad_signature"


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_no_signed_content_crashes(header: bytes, payload: bytes) -> None:
    """Also what a holder of the key signs is a refusal where it is not of the form."""
    assume(header)
    assume(payload)
    assert _refusal(_raw(_by_hand(header, payload))) == "bad_signature"


@given(
    st.binary(max_size=300),
    st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"),
    st.integers(1, 999_999_999_999),
    st.binary(min_size=24, max_size=64),
)
def test_what_is_signed_verifies(body: bytes, identifier: str, at: int, secret: bytes) -> None:
    """Every delivery that we sign verifies with the same key."""
    key = SigningKey(secret)
    headers = [(name.encode(), value.encode()) for name, value in body_token.sign(key, identifier, at, body).items()]
    assert body_token.verify(headers, body, [SigningKey(b"y" * 24), key], at) == signing.Signed(
        identifier, at, key.fingerprint
    )
