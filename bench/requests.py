"""What the generator sends: signed distinct deliveries, and bad requests of every kind that an intake meets."""

import hmac
import json
import random
import time
from collections.abc import Callable
from typing import Final

from bench import wire
from localworld import workato

PATH: Final = "/v1/hooks/workato"
_IMPORTER: Final = "brightwater"


def signed(key: str, first: int, count: int) -> list[bytes]:
    """Sign deliveries of the tickets UTIL-`first` and on; each has an id of its own."""
    return [_signed(key, number) for number in range(first, first + count)]


def signed_body(key: str, first: int, count: int) -> list[bytes]:
    """Make the same deliveries, each signed as GitHub does: over the body alone."""
    return [_signed_body(key, number) for number in range(first, first + count)]


SIGNED: Final = {"message": signed, "body": signed_body}


def _post(delivery: workato.Signed, **headers: str) -> bytes:
    return wire.post("gateway", PATH, {**delivery.headers, **headers}, delivery.body)


def _signed(key: str, number: int) -> bytes:
    return _post(workato.delivery({"ticket": f"UTIL-{number}", "importer": _IMPORTER}, key))


def _signed_body(key: str, number: int) -> bytes:
    body = json.dumps({"ticket": f"UTIL-{number}", "importer": _IMPORTER}, separators=(",", ":")).encode()
    digest = hmac.digest(key.encode(), body, "sha256").hex()
    return wire.post("gateway", PATH, {"x-hub-signature-256": f"sha256={digest}"}, body)


def _bodies(dice: random.Random) -> bytes:
    return dice.choice((b"[" * 2000, b'{"ticket":"UTIL-1","ticket":"UTIL-2"}', b"\xff\xfe", b'{"a":NaN}', b"x" * 4000))


def bad(key: str, seed: int, count: int) -> list[bytes]:
    """Make bad requests, in an order that the seed decides; each must be refused with a 4xx."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets: it must repeat
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: wire.post("gateway", PATH, {}, _bodies(dice)),
        lambda: _post(workato.delivery(_bodies(dice), key)),
        lambda: _post(workato.delivery({"ticket": "UTIL-1"}, workato.FORGERS_KEY)),
        lambda: _post(workato.delivery({"ticket": "UTIL-1"}, key, at=int(time.time()) - 900)),
        lambda: _post(workato.delivery({"ticket": "UTIL-1", "importer": "nobody"}, key)),
        lambda: _post(workato.delivery({}, key), **{"webhook-signature": "v1," + "é"}),
        lambda: wire.post("gateway", PATH, {"webhook-id": "x" * 9000}, b"{}"),
        lambda: wire.post("gateway", PATH, {}, b"x" * 70_000),
    )
    return [dice.choice(kinds)() for _ in range(count)]
