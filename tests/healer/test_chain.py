"""Rules of the event chain."""

from datetime import timedelta

import pytest

from factories import NOW
from healer.chain import GENESIS, first_break, link
from healer.contracts import Event


def _chain(length: int = 4) -> list[Event]:
    events: list[Event] = []
    for number in range(length):
        previous = events[-1] if events else None
        events.append(
            link(previous, NOW + timedelta(seconds=number), "noted", {"n": number, "x": 1.0, "none": None, "ü": True})
        )
    return events


def test_links_count_from_one_and_hold_the_hash_before() -> None:
    """The first link stands on 64 zeros, each other on the hash before it."""
    events = _chain()
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert [event.previous for event in events] == [GENESIS, *(event.hash for event in events[:-1])]
    assert first_break(events) is None
    assert first_break([]) is None


def test_chain_survives_storage() -> None:
    """Events read back from JSON verify as before."""
    assert first_break([Event.model_validate_json(event.model_dump_json()) for event in _chain()]) is None


@pytest.mark.parametrize(
    "change",
    [{"kind": "other"}, {"at": NOW}, {"data": {"n": 2}}, {"previous": GENESIS}, {"hash": "0" * 64}, {"seq": 9}],
)
def test_changed_link_is_found(change: dict[str, object]) -> None:
    """A change of any field breaks the chain at that link."""
    events = _chain()
    events[2] = events[2].model_copy(update=change)
    assert first_break(events) == 3


def test_missing_and_swapped_links_are_found() -> None:
    """A link that was taken out, and two that changed places, break the chain."""
    one, two, three, four = _chain()
    assert first_break([one, three, four]) == 2
    assert first_break([one, three, two, four]) == 2
    assert first_break([two, three]) == 1
