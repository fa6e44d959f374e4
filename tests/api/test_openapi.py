"""Rules of the OpenAPI document: the running gateway answers as it says, whatever is sent, with and without the right proof."""

import asyncio
import hashlib
import hmac
import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import respx
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from schemathesis import checks

from api.main import create_app
from factories import make_delivery
from gateway_site import GITHUB_SECRET, PREFECT, REGISTRY, SIGNING, Prefect, make_parts, token
from healer import signing
from healer.clients import store
from healer.clients.cases import Cases
from healer.clients.tokens import Scope, Tokens
from loopback import NO_TLS
from serving import serving

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


class Prover(requests.auth.AuthBase):
    """Gives each request the proof that its endpoint asks for, over the body as it is sent."""

    def __init__(self, api_token: str) -> None:
        self._api_token, self._ids = api_token, itertools.count()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign."""
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        path = request.path_url.partition("?")[0]
        request.headers.update(self._proof(path, body))
        return request

    def _proof(self, path: str, body: bytes) -> dict[str, str]:
        match path:
            case "/v1/hooks/workato":
                return signing.sign(SIGNING, f"msg_{next(self._ids)}", int(time.time()), body)
            case "/v1/hooks/github":
                return {
                    "x-hub-signature-256": f"sha256={hmac.digest(GITHUB_SECRET.encode(), body, hashlib.sha256).hex()}"
                }
            case "/v1/gate/reports":
                audience = f"importer-healer:report:{hashlib.sha256(body).hexdigest()}"
                return {"Authorization": f"Bearer {token(aud=audience)}"}
            case "/v1/leases":
                return {"Authorization": f"Bearer {token()}"}
            case _:
                return {"Authorization": f"Bearer {self._api_token}"}


@pytest.fixture(scope="module")
def api_token(redis_server: Any) -> str:
    """Give a token with both scopes, in a store that has one case."""

    async def prepare() -> str:
        redis = store.connect(SecretStr(redis_server.url))
        await Cases(redis).receive(make_delivery(), make_delivery().received_at)
        made = await Tokens(redis).create("test", [Scope.READ, Scope.OPERATE])
        await redis.aclose()
        return made.get_secret_value()

    redis_server.flush()
    return asyncio.run(prepare())


def _app(redis_url: str) -> FastAPI:
    prefect, issuer = httpx.AsyncClient(base_url=PREFECT, verify=NO_TLS), httpx.AsyncClient(verify=NO_TLS)
    return create_app(make_parts(store.connect(SecretStr(redis_url)), prefect, issuer, [REGISTRY]))


@pytest.fixture(scope="module")
def url(redis_server: Any, module_wire: respx.Router) -> Iterator[str]:
    """Serve a gateway over real HTTP."""
    Prefect(module_wire)
    with serving(lambda _: _app(redis_server.url), lifespan="on") as address:
        yield address


DOCUMENT = schemathesis.openapi.from_dict(_app("redis://127.0.0.1").openapi())


def test_every_endpoint_documents_its_refusals() -> None:
    """Each endpoint that can refuse says with which statuses, as a problem; where it needs a proof, it says which one, and 401."""
    for path, methods in DOCUMENT.raw_schema["paths"].items():
        for operation in methods.values():
            refusals = {status: told for status, told in operation["responses"].items() if status[0] in "45"}
            if path in {"/livez", "/readyz"}:
                continue
            assert {"401", "503"} <= refusals.keys()
            assert {kind for told in refusals.values() for kind in told["content"]} == {"application/problem+json"}
            assert operation["security"]


@DOCUMENT.parametrize()
@settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
def test_gateway_answers_as_documented(case: schemathesis.Case, url: str, api_token: str) -> None:
    """Every answer has a documented status, type and form, and none is a server error; also with the right proof."""
    case.call_and_validate(base_url=url, checks=CHECKS)
    with requests.Session() as session:
        session.auth = Prover(api_token)
        case.call_and_validate(base_url=url, session=session, checks=CHECKS)
