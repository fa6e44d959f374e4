"""The Workato stand-in signs as the standard says, and its ids are a function of the ticket's event."""

import json
import time
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from healer.errors import Rejected
from healer.signing import parse_keys, verify
from localworld.workato import FORGERS_KEY, delivery, event_id, post
from serving import serving

VECTOR = json.loads((Path(__file__).parents[1] / "contracts/standard-webhooks-vectors.json").read_text())[
    "standard_webhooks"
]
KEY = VECTOR["secret"]
BODY = {"ticket": "UTIL-101", "importer": "brightwater"}


def raw(signed):
    return [(name.encode(), value.encode()) for name, value in signed.headers.items()]


def test_it_signs_the_official_vector():
    """The vector of Standard Webhooks is reproduced to the byte."""
    signed = delivery(VECTOR["payload"].encode(), KEY, id=VECTOR["id"], at=VECTOR["timestamp"])
    assert signed.headers["webhook-signature"] == VECTOR["signature"]


def test_the_gateway_believes_it():
    """What it signs is accepted by the product's own check."""
    signed = delivery(BODY, KEY)
    assert verify(raw(signed), signed.body, parse_keys(KEY), time.time()).id == signed.headers["webhook-id"]


@pytest.mark.parametrize(
    ("signed", "reason"),
    [(delivery(BODY, FORGERS_KEY), "bad_signature"), (delivery(BODY, KEY, at=1_700_000_000), "stale_timestamp")],
)
def test_a_forged_or_late_one_is_refused(signed, reason):
    """Another key forges, an old moment replays."""
    with pytest.raises(Rejected) as caught:
        verify(raw(signed), signed.body, parse_keys(KEY), time.time())
    assert caught.value.reason == reason


def test_the_same_event_has_the_same_id_and_another_event_another():
    """A re-run of a recipe's job is the same delivery; news about the ticket is another."""
    first, again, news = delivery(BODY, KEY, at=1), delivery(BODY, KEY, at=2), delivery(BODY, KEY, event="reopened")
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == event_id(b"UTIL-101", "created")
    assert news.headers["webhook-id"] != first.headers["webhook-id"]


def test_a_delivery_is_posted_as_often_as_wanted_with_the_bytes_that_were_signed():
    """A repeat sends the same bytes again; a redirect is not followed."""
    seen = []

    async def app(scope, receive, send):
        request = Request(scope, receive)
        seen.append((request.headers["webhook-id"], await request.body()))
        await PlainTextResponse("elsewhere", 307, {"Location": "/x"})(scope, receive, send)

    signed = delivery(BODY, KEY)
    with serving(lambda _url: app) as url:
        answers = post(url, signed, times=2)
    assert [a.status_code for a in answers] == [307, 307]
    assert seen == [(signed.headers["webhook-id"], signed.body)] * 2
