"""Rules of what the handlers share."""

import time

from api.parts import UnderWay


async def _waited(under_way: UnderWay) -> float:
    began = time.monotonic()
    await under_way.give_way()
    return time.monotonic() - began


async def test_what_can_wait_gives_way_to_a_delivery_and_only_for_a_moment():
    """While a delivery is under way, other work waits a moment and then goes on; before and after, it does not wait."""
    under_way = UnderWay()
    assert await _waited(under_way) < 0.04
    with under_way:
        assert 0.04 < await _waited(under_way) < 1
    assert await _waited(under_way) < 0.04
