"""Rules of kept evidence, on a real Redis."""

import pytest
from redis.asyncio import Redis

from factories import make_report
from healer.clients.evidence import Evidence
from healer.contracts import History, Trace
from healer.envelope import KeyRing
from healer.errors import Misconfigured


async def test_report_is_kept_once_and_sealed(redis: Redis, ring: KeyRing) -> None:
    """The first report of a run attempt stays; Redis holds it sealed and for a time only."""
    evidence = Evidence(redis, ring, report_ttl_s=60)
    assert await evidence.report(7001, 1) is None
    assert await evidence.keep_report(make_report())
    assert not await evidence.keep_report(make_report(summary="another"))
    assert await evidence.report(7001, 1) == make_report()
    stored = str(await redis.get("healer:report:7001:1"))
    assert stored.startswith("wego1.")
    assert "brightwater" not in stored
    assert 0 < await redis.ttl("healer:report:7001:1") <= 60


async def test_latest_good_trace_replaces_the_one_before(redis: Redis, ring: KeyRing) -> None:
    """An importer has one last-good trace, the latest."""
    evidence = Evidence(redis, ring)
    assert await evidence.good_trace("brightwater") is None
    for page in ("old", "new"):
        await evidence.keep_good(make_report(trace=Trace(importer="brightwater", pages={"p": page})))
    trace = await evidence.good_trace("brightwater")
    assert trace
    assert trace.pages == {"p": "new"}


async def test_history_outlives_a_good_fetch_that_has_none(redis: Redis, ring: KeyRing) -> None:
    """What is remembered of an importer's bills is kept sealed, and stays where a green report brings nothing new."""
    evidence = Evidence(redis, ring)
    assert await evidence.history("brightwater") is None
    await evidence.keep_good(make_report(history=History(key="0" * 32, bills=())))
    await evidence.keep_good(make_report())
    assert await evidence.history("brightwater") == History(key="0" * 32, bills=())
    assert str(await redis.get("healer:history:brightwater")).startswith("wego1.")


async def test_evidence_moved_to_another_key_does_not_open(redis: Redis, ring: KeyRing) -> None:
    """A sealed report that somebody copies under another run is refused."""
    evidence = Evidence(redis, ring)
    await evidence.keep_report(make_report())
    await redis.copy("healer:report:7001:1", "healer:report:7002:1")
    with pytest.raises(Misconfigured):
        await evidence.report(7002, 1)
