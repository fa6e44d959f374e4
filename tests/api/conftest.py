"""A gateway over a real Redis; Prefect and the identity issuer answer on the wire."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import jwt
import pytest
import respx
from pydantic import SecretStr

from api.main import create_app
from gateway_site import ISSUER, KEY, PREFECT, REGISTRY, Gateway, Prefect, make_parts
from healer.clients import store
from loopback import NO_TLS


@contextlib.contextmanager
def _issuer() -> Iterator[respx.Router]:
    with respx.mock(assert_all_called=False) as router:
        configuration = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/.well-known/jwks"}
        router.get(f"{ISSUER}/.well-known/openid-configuration").respond(json=configuration)
        row = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        router.get(f"{ISSUER}/.well-known/jwks").respond(json={"keys": [{**row, "kid": "k1"}]})
        yield router


@pytest.fixture
def wire() -> Iterator[respx.Router]:
    with _issuer() as router:
        yield router


@pytest.fixture(scope="module")
def module_wire() -> Iterator[respx.Router]:
    with _issuer() as router:
        yield router


@pytest.fixture
async def gateway(redis_url: str, wire: respx.Router) -> AsyncIterator[Gateway]:
    """Give a gateway that serves, dispatcher and all."""
    redis, registry = store.connect(SecretStr(redis_url)), [REGISTRY]
    async with (
        httpx.AsyncClient(base_url=PREFECT, verify=NO_TLS) as prefect,
        httpx.AsyncClient(verify=NO_TLS) as issuer,
    ):
        parts = make_parts(redis, prefect, issuer, registry)
        app = create_app(parts)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", trust_env=False) as http:
            around = Gateway(http, parts, redis, Prefect(wire), app, registry)
            async with app.router.lifespan_context(app):
                yield around
