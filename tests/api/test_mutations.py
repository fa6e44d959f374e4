"""No mutation of a signed delivery is accepted, in any of the forms, and none crashes the gateway or leaves a trace."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway_site import GITHUB_SECRET, SIGNING, Gateway, problem
from healer import body_token, signing

BODY = b'{"ticket":"UTIL-101","importer":"brightwater"}'
EVENT = json.dumps({"action": "completed", "workflow_run": {"id": 7001, "run_attempt": 1}}).encode()


def _standard() -> dict[str, str]:
    return signing.sign(SIGNING, "msg_1", int(time.time()), BODY)


def _jwt() -> dict[str, str]:
    return body_token.sign(SIGNING, "msg_1", int(time.time()), BODY)


def _github() -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.digest(GITHUB_SECRET.encode(), EVENT, hashlib.sha256).hex()}


FORMS: dict[str, tuple[str, bytes, Callable[[], dict[str, str]]]] = {
    "standard": ("/v1/hooks/workato", BODY, _standard),
    "jwt": ("/v1/hooks/workato", BODY, _jwt),
    "github": ("/v1/hooks/github", EVENT, _github),
}
MUTATIONS = st.sampled_from(["flip", "insert", "delete", "double", "swap", "cut"])


def _mutated(value: bytes, kind: str, at: int, byte: int) -> bytes:
    place = at % len(value)
    before, one, after = value[:place], value[place : place + 1], value[place + 1 :]
    match kind:
        case "flip":
            return before + bytes([one[0] ^ (1 << byte % 8)]) + after
        case "insert":
            return before + bytes([byte]) + one + after
        case "delete":
            return before + after
        case "double":
            return value + value
        case "swap":
            return before + after[:1] + one + after[1:]
        case _:
            return before


@pytest.mark.parametrize("form", FORMS)
@settings(suppress_health_check=list(HealthCheck))
@given(part=st.integers(0, 3), kind=MUTATIONS, at=st.integers(0, 400), byte=st.integers(0, 255))
async def test_no_mutation_is_accepted(gateway: Gateway, form: str, part: int, kind: str, at: int, byte: int) -> None:
    """A signed request with one header or the body changed is refused as unsigned, and Redis holds nothing of it."""
    gateway.app.state.parts.gateway = replace(gateway.parts, accept_jwt=True)
    path, body, make = FORMS[form]
    parts = [body, *(value.encode() for value in make().values())]
    part %= len(parts)
    changed = [_mutated(value, kind, at, byte) if number == part else value for number, value in enumerate(parts)]
    assume(changed != parts)
    headers = list(zip((name.encode() for name in make()), changed[1:], strict=True))
    before = set(await gateway.redis.keys("*"))
    assert problem(await gateway.http.post(path, content=changed[0], headers=headers)) == (401, "bad_signature")
    assert set(await gateway.redis.keys("*")) == before


@pytest.mark.parametrize("form", FORMS)
async def test_each_header_is_there_once(gateway: Gateway, form: str) -> None:
    """A signed request that lacks a header of its form, or has one twice, is refused; the whole one is not."""
    gateway.app.state.parts.gateway = replace(gateway.parts, accept_jwt=True)
    path, body, make = FORMS[form]
    headers = list(make().items())
    for number, header in enumerate(headers):
        without = headers[:number] + headers[number + 1 :]
        for given_headers in (without, [*headers, header]):
            assert problem(await gateway.http.post(path, content=body, headers=given_headers)) == (401, "bad_signature")
    assert (await gateway.http.post(path, content=body, headers=headers)).status_code == 202
