"""Rules of kept evidence, on a real Redis."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from factories import make_report
from healer.clients.evidence import Evidence
from healer.contracts import History, Trace
from healer.envelope import KeyRing
from healer.errors import Misconfigured
from healer.settings import StoreSettings, load

DAY_S = 24 * 3600


async def test_report_is_kept_once_and_sealed(redis: Redis, ring: KeyRing) -> None:
    """The first report of a run attempt stays; Redis holds it sealed and for a time only."""
    evidence = Evidence(redis, ring, report_days=1)
    assert await evidence.report(7001, 1) is None
    assert await evidence.keep_report(make_report())
    assert not await evidence.keep_report(make_report(summary="another"))
    assert await evidence.report(7001, 1) == make_report()
    stored = str(await redis.get("healer:report:7001:1"))
    assert stored.startswith("wego1.")
    assert "brightwater" not in stored
    assert 0 < await redis.ttl("healer:report:7001:1") <= DAY_S


async def test_a_repair_pack_is_kept_for_a_time_only(redis: Redis, ring: KeyRing) -> None:
    """What agents work from is gone after its time: the report with the page at the failing step, and the last-good trace; hashes stay."""
    evidence = Evidence(redis, ring, report_days=1, good_days=2)
    trace = Trace(importer="brightwater", pages={"p": "page"})
    await evidence.keep_report(make_report(trace=trace))
    await evidence.keep_good(make_report(trace=trace, history=History(key="0" * 32, bills=())))
    assert DAY_S - 60 < await redis.ttl("healer:report:7001:1") <= DAY_S
    assert 2 * DAY_S - 60 < await redis.ttl("healer:good:brightwater") <= 2 * DAY_S
    assert await redis.ttl("healer:history:brightwater") == -1
    kept = str(await redis.get("healer:good:brightwater"))
    await redis.pexpire("healer:report:7001:1", 1)
    await redis.pexpire("healer:good:brightwater", 1)
    await asyncio.sleep(0.01)
    assert await evidence.report(7001, 1) is None
    assert await evidence.good_trace("brightwater") is None
    await redis.set("healer:good:brightwater", kept)
    with pytest.raises(Misconfigured):  # a copy that somebody brought back from a backup does not open either
        await Evidence(redis, ring, now=lambda: time.time() + 2 * DAY_S + 1).good_trace("brightwater")


def test_the_time_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """`HEALER_EVIDENCE_DAYS` and `HEALER_GOOD_TRACE_DAYS` say how long; none is for ever."""
    monkeypatch.setenv("HEALER_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("HEALER_VAULT_KEYS", "k1:" + "A" * 43 + "=")
    settings = load(StoreSettings)
    assert (settings.evidence_days, settings.good_trace_days) == (30, 400)
    for name in ("HEALER_EVIDENCE_DAYS", "HEALER_GOOD_TRACE_DAYS"):
        monkeypatch.setenv(name, "0")
        with pytest.raises(Misconfigured, match=name):
            load(StoreSettings)
        monkeypatch.delenv(name)


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
