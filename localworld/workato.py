"""Plays Workato: signs deliveries by Standard Webhooks v1 as a recipe does, and repeats, forges or delays them as recipes will.

A recipe builds the body once as a string, signs that string and sends it raw. The id is derived from the ticket's event and is
no random number, so that a re-run of the job is the same delivery again (workato-connector-sdk: `hmac_sha256`, `encode_base64`).
The signing is written out here and not taken from the product, so that a mistake there is not made twice.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

FORGERS_KEY = "whsec_" + base64.b64encode(b"nobody gave us this key, we made it up").decode()


@dataclass(frozen=True)
class Signed:
    """A delivery ready to be posted, any number of times."""

    headers: dict[str, str]
    body: bytes


def delivery(
    body: Mapping[str, object] | bytes,
    key: str,
    *,
    id: str | None = None,  # noqa: A002 - the header is called webhook-id
    at: int | None = None,
    event: str = "created",
) -> Signed:
    """Sign a delivery. `key` is `whsec_…`; another key forges, an old `at` (Unix seconds) replays, another `event` is news."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    told = id or event_id(raw if isinstance(body, bytes) else str(body.get("ticket")).encode(), event)
    moment = str(int(time.time()) if at is None else at)
    secret = base64.b64decode(key.partition(";")[0].removeprefix("whsec_"))
    digest = hmac.new(secret, f"{told}.{moment}.".encode() + raw, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    headers = {"webhook-id": told, "webhook-timestamp": moment, "webhook-signature": signature}
    return Signed({"content-type": "application/json", **headers}, raw)


def event_id(subject: bytes, event: str) -> str:
    """Name a ticket's event: the same event has the same id, in every run of the recipe."""
    return "wk_" + hashlib.sha256(subject + b"\n" + event.encode()).hexdigest()[:32]


def post(url: str, signed: Signed, *, times: int = 1, wait_s: float = 0.0) -> list[httpx.Response]:
    """Post a delivery after a delay, once or again and again, and give the answers. A recipe follows no redirect."""
    time.sleep(wait_s)
    with httpx.Client(timeout=180, trust_env=False) as http:
        return [http.post(url, content=signed.body, headers=signed.headers) for _ in range(times)]
