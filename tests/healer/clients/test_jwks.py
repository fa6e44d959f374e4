"""Rules of the issuer's keys: cached, bounded, and never believed for too long."""

import json
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import rsa

from healer.clients import jwks as module
from healer.clients.jwks import Jwks
from healer.errors import Rejected, UpstreamError
from loopback import NO_TLS

ISSUER = "https://issuer.example/token"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _document(*key_ids: str) -> dict[str, object]:
    row = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return {"keys": [{**row, "kid": key_id, "use": "sig", "alg": "RS256"} for key_id in key_ids]}


@pytest.fixture
async def keys() -> AsyncIterator[Jwks]:
    async with httpx.AsyncClient(verify=NO_TLS) as http:
        yield Jwks(ISSUER, http)


@pytest.fixture
def issuer() -> respx.Router:
    with respx.mock(assert_all_called=False) as router:
        configuration = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        router.get(f"{ISSUER}/.well-known/openid-configuration").respond(json=configuration)
        router.get(f"{ISSUER}/keys", name="keys").respond(json=_document("k1"))
        yield router


async def test_key_is_read_once_and_kept(keys: Jwks, issuer: respx.Router) -> None:
    """Two asks within five minutes cost one read."""
    first, again = await keys.key("k1"), await keys.key("k1")
    assert first.public_numbers() == KEY.public_key().public_numbers() == again.public_numbers()
    assert issuer["keys"].call_count == 1


async def test_flood_of_unknown_key_ids_costs_one_read(keys: Jwks, issuer: respx.Router) -> None:
    """An unknown key id is refused; within the cool-down of 30 s it does not make us ask again."""
    for number in range(20):
        with pytest.raises(Rejected) as refused:
            await keys.key(f"unknown-{number}")
        assert (refused.value.status, refused.value.reason) == (401, "bad_identity")
    assert issuer["keys"].call_count == 1


async def test_new_key_is_found_after_the_cool_down(
    keys: Jwks, issuer: respx.Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the cool-down an unknown key id makes us ask again, so that the issuer can rotate."""
    await keys.key("k1")
    issuer.get(f"{ISSUER}/keys").respond(json=_document("k2"))
    _pass(monkeypatch, module.COOL_DOWN_S)
    assert await keys.key("k2")


async def test_old_keys_serve_while_the_issuer_is_silent_but_not_for_ever(
    keys: Jwks, issuer: respx.Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the issuer does not answer the known keys serve on; after an hour they are not believed."""
    await keys.key("k1")
    issuer.get(f"{ISSUER}/.well-known/openid-configuration").mock(side_effect=httpx.ConnectError("down"))
    _pass(monkeypatch, module.CACHE_S + 1)
    assert await keys.key("k1")
    _pass(monkeypatch, module.STALE_S)
    with pytest.raises(UpstreamError):
        await keys.key("k1")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="no json"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"issuer": "https://other.example", "jwks_uri": f"{ISSUER}/keys"}),
        httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": 1}),
        httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": "http://issuer.example:port"}),
    ],
)
async def test_issuer_that_answers_nonsense_is_unavailable(
    keys: Jwks, issuer: respx.Router, answer: httpx.Response
) -> None:
    """A configuration that is absent, malformed or another issuer's is no configuration."""
    issuer.get(f"{ISSUER}/.well-known/openid-configuration").mock(return_value=answer)
    with pytest.raises(UpstreamError):
        await keys.key("k1")


@pytest.mark.parametrize(
    "row",
    [
        {},
        1,
        {"kty": "oct", "k": "AAAA", "kid": "k9"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "k9"},
        {"kty": "EC", "kid": "k9"},
    ],
)
async def test_other_kinds_of_key_are_left_out(keys: Jwks, issuer: respx.Router, row: object) -> None:
    """Symmetric, short and malformed keys are never used; the good one beside them is."""
    issuer.get(f"{ISSUER}/keys").respond(json={"keys": [row, *_document("k1")["keys"]]})  # type: ignore[misc]
    assert await keys.key("k1")
    with pytest.raises(Rejected):
        await keys.key("k9")


@pytest.mark.parametrize(
    "purpose",
    [{"use": "enc"}, {"alg": "PS256"}, {"alg": "RSA-OAEP"}, {"key_ops": ["sign"]}, {"key_ops": []}, {"key_ops": 1}],
)
async def test_key_for_another_purpose_is_left_out(
    keys: Jwks, issuer: respx.Router, purpose: dict[str, object]
) -> None:
    """A key that is meant for encryption, for signing only or for another algorithm verifies nothing here."""
    (row,) = _document("k9")["keys"]  # type: ignore[misc]
    issuer.get(f"{ISSUER}/keys").respond(json={"keys": [{**row, **purpose}]})
    with pytest.raises(Rejected):
        await keys.key("k9")


def _pass(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let time pass for the whole process."""
    clock = module.time.monotonic
    monkeypatch.setattr(module.time, "monotonic", lambda: clock() + seconds)
