"""GitHub's webhooks: headers, signature, payload."""

import hashlib
import hmac
import re
from collections.abc import Iterator

from contracts.checker.dialect import Json
from contracts.checker.document import media
from contracts.checker.exchanges import Exchanges
from contracts.checker.finding import Kind, Note
from contracts.checker.record import headers, parse

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_HEADERS: tuple[tuple[str, str, Kind], ...] = (
    ("x-github-delivery", _UUID, "VIOLATION"),
    ("content-type", r"application/json.*", "VIOLATION"),
    ("user-agent", r"GitHub-Hookshot/.+", "WARN"),
    ("x-github-hook-id", r"\d+", "WARN"),
)


def label(entry: Json) -> str:
    """Name a webhook by event and action."""
    body = parse(str(entry.get("raw")), otherwise=None)
    action = body.get("action") if isinstance(body, dict) else None
    return ".".join(filter(None, [headers(entry.get("headers")).get("x-github-event", "?"), action]))


def check_webhook(exchanges: Exchanges, entry: Json, secret: str | None) -> Iterator[Note]:
    """Judge one sent webhook; without the secret only the signature's form."""
    sent, raw = headers(entry.get("headers")), entry.get("raw")
    for name, form, kind in _HEADERS:
        if not re.fullmatch(form, sent.get(name, "")):
            yield kind, f"header {name}: {sent.get(name)!r} is not of the form that GitHub sends"
    if not _signed(sent.get("x-hub-signature-256"), str(raw), secret):
        yield "VIOLATION", "X-Hub-Signature-256 does not verify"
    body = parse(str(raw), otherwise=None)
    if not isinstance(body, dict):
        yield "VIOLATION", "the payload is not a JSON object"
        return
    spec = exchanges.document.tree["x-webhooks"].get(_key(sent.get("x-github-event", ""), body.get("action")))
    if spec is None:
        yield "VIOLATION", "no such webhook in the contract"
        return
    yield from exchanges.judge_body(media(exchanges.document.resolve(spec["post"]["requestBody"]))["schema"], body)


def _signed(signature: str | None, raw: str, secret: str | None) -> bool:
    if secret is None:
        return signature is None or bool(re.fullmatch(r"sha256=[0-9a-f]{64}", signature))
    right = hmac.new(secret.encode(), raw.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature or "", f"sha256={right}")


def _key(event: str, action: Json) -> str:
    return "-".join(filter(None, [event, action if isinstance(action, str) else None])).replace("_", "-")
