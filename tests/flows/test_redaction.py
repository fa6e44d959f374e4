"""Redaction in front of Prefect's server."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.redaction import RedactingApp, redacted
from healer.redact import Redactor

SECRET = 'pl"anted\\secret-4711'
REDACTOR = Redactor([SECRET])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


async def called(scope, messages):
    """Give what an application behind the middleware is told."""
    heard = []

    async def app(inner, receive, send):
        heard.append(inner)
        heard.extend([await receive() for _ in messages])

    queue = iter(messages)

    async def receive():
        return next(queue, {"type": "http.disconnect"})

    await RedactingApp(app, REDACTOR)(scope, receive, None)
    return heard


@given(JSON, JSON)
def test_secret_leaves_any_json_and_the_rest_stays(before, after):
    """However deep a secret lies and however it is escaped, it is gone, and the body is JSON as before."""
    body = json.dumps({"before": before, "nested": [{SECRET: f"x{SECRET}y"}], "after": after}).encode()
    clean = json.loads(redacted(body, REDACTOR))
    assert clean["nested"] == [{"***": "x***y"}]
    assert (clean["before"], clean["after"]) == (before, after)


@given(JSON)
def test_body_without_a_secret_stays_byte_for_byte(value):
    """What has no secret is not even written anew."""
    body = json.dumps(value, indent=2).encode()
    assert redacted(body, REDACTOR) == body


@given(st.binary(max_size=60))
def test_body_that_is_no_json_is_redacted_as_text(noise):
    """Bytes of any kind pass, and a secret between them does not."""
    assert SECRET.encode() not in redacted(b"<" + noise + SECRET.encode() + noise, REDACTOR)


async def test_secret_across_two_chunks_is_found():
    """A body is redacted as a whole, and its length is told anew."""
    body = json.dumps({"a": SECRET}).encode()
    chunks = [
        {"type": "http.request", "body": body[:12], "more_body": True},
        {"type": "http.request", "body": body[12:], "more_body": False},
    ]
    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"99"), (b"x-kept", b"1")]}
    inner, first, after = await called(scope, chunks)
    assert json.loads(first["body"]) == {"a": "***"}
    assert inner["headers"] == [(b"x-kept", b"1"), (b"content-length", str(len(first["body"])).encode())]
    assert after["type"] == "http.disconnect"


async def test_client_that_goes_away_is_told_as_it_is():
    """A broken connection reaches the application as such."""
    _, first = await called({"type": "http", "method": "PUT", "headers": []}, [{"type": "http.disconnect"}])
    assert first == {"type": "http.disconnect"}


@pytest.mark.parametrize("frame", [{"text": json.dumps([SECRET])}, {"bytes": json.dumps([SECRET]).encode()}])
async def test_frames_of_a_websocket_are_redacted(frame):
    """Events come by websocket, as text or as bytes."""
    messages = [{"type": "websocket.connect"}, {"type": "websocket.receive", **frame}]
    _, first, second = await called({"type": "websocket"}, messages)
    assert first == {"type": "websocket.connect"}
    assert json.loads(second.get("text") or second["bytes"]) == ["***"]


@pytest.mark.parametrize("answered", [True, False])
async def test_answered_error_keeps_the_connection(answered):
    """An error that the application has answered is not raised to the web server; one that it has not is."""

    async def app(scope, receive, send):
        if answered:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"busy"})
        raise RuntimeError("locked")

    sent = []

    async def send(message):
        sent.append(message["type"])

    serving = RedactingApp(app, REDACTOR)({"type": "http", "method": "GET", "headers": []}, None, send)
    if answered:
        await serving
        assert sent == ["http.response.start", "http.response.body"]
    else:
        with pytest.raises(RuntimeError):
            await serving


async def test_reading_requests_pass_untouched():
    """A GET and a lifespan message are none of our business."""
    scope = {"type": "http", "method": "GET", "headers": [(b"x", b"1")]}
    inner, first = await called(scope, [{"type": "http.request", "body": b"", "more_body": False}])
    assert inner is scope
    assert first["body"] == b""
