"""The event chain of a case (SPEC, "Event chain"): each link's hash covers its content and the hash before it."""

import hashlib
import json
from collections.abc import Container, Iterable
from datetime import datetime
from typing import Final

from healer.contracts import Event

GENESIS: Final = "0" * 64
canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
EventData = dict[str, str | int | float | bool | None]


def _hash(event: Event) -> str:
    content = event.model_dump(mode="json", exclude={"hash"})
    return hashlib.sha256(canonical(content).encode("utf-8")).hexdigest()


def link(previous: Event | None, at: datetime, kind: str, data: EventData) -> Event:
    """Give the event that follows `previous`, or the first one."""
    seq, before = (previous.seq + 1, previous.hash) if previous else (1, GENESIS)
    event = Event(seq=seq, at=at, kind=kind, data=data, previous=before, hash="")
    return event.model_copy(update={"hash": _hash(event)})


def first_break(events: Iterable[Event], masked: Container[int] = ()) -> int | None:
    """Give the sequence number at which a chain was changed, cut into, or reordered; None where it is whole.

    Of events out of which redaction took something (`masked`, by sequence number) the place in the chain is judged, not the content.
    """
    seq, before = 1, GENESIS
    for event in events:
        own = event.hash if event.seq in masked else _hash(event)
        if (event.seq, event.previous, event.hash) != (seq, before, own):
            return seq
        seq, before = seq + 1, event.hash
    return None
