"""Rules of sealing everything anew under another key, on a real Redis: under load, and killed in between."""

import asyncio
import base64
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr
from redis.asyncio import Redis

from factories import make_report
from healer.clients.evidence import Evidence
from healer.clients.rewrap import Rewrapped
from healer.clients.vault import Vault
from healer.contracts import History, Trace
from healer.envelope import KeyRing
from healer.fernet import make

OLD, NEW = b"o" * 32, b"n" * 32
BEFORE, BETWEEN, AFTER = KeyRing({"k1": OLD}), KeyRing({"k2": NEW, "k1": OLD}), KeyRing({"k2": NEW})
ROOT = Path(__file__).resolve().parents[3]
# What the command does, without the second that the command takes to start, and shot a moment after the first record.
PROGRAM = """
import asyncio, os, signal, sys, threading
from pydantic import SecretStr
from healer.clients import store
from healer.clients.vault import Vault
from healer.envelope import KeyRing

async def main():
    redis = store.connect(SecretStr(sys.argv[1]))
    shot = threading.Timer(float(sys.argv[2]), os.kill, (os.getpid(), signal.SIGKILL))
    async for _ in Vault(redis, KeyRing({"k2": b"n" * 32, "k1": b"o" * 32})).rewrap():
        shot.is_alive() or shot.start()

asyncio.run(main())
"""


def _fields(n: int) -> dict[str, SecretStr]:
    return {"username": SecretStr(f"robot-{n}"), "password": SecretStr(f"value-{n}")}


async def _fill(redis: Redis, count: int) -> list[str]:
    vault, refs = Vault(redis, BEFORE), [f"ref-{n:03}" for n in range(count)]
    await asyncio.gather(*(vault.put(ref, _fields(n)) for n, ref in enumerate(refs)))
    return refs


async def _outcomes(told: AsyncIterator[tuple[str, Rewrapped]]) -> Counter[Rewrapped]:
    return Counter([outcome async for _, outcome in told])


async def test_everything_ends_under_the_writing_key(redis: Redis) -> None:
    """Credentials keep fields, number and expiry under the new key; a second run finds nothing to do; the old key can go."""
    refs = await _fill(redis, 5)
    await Vault(redis, BEFORE).expire(refs[0], at := int(datetime.now(UTC).timestamp()) + 3600)
    vault = Vault(redis, BETWEEN)
    assert await _outcomes(vault.rewrap()) == {Rewrapped.RENEWED: 5}
    assert await _outcomes(vault.rewrap()) == {Rewrapped.CURRENT: 5}
    after = Vault(redis, AFTER)
    assert [await after.open(ref) for ref in refs] == [_fields(n) for n in range(5)]
    stored = await after.list()
    assert [(one.key_id, one.counter) for one in stored] == [("k2", 2), *[("k2", 1)] * 4]
    assert stored[0].expires_at == datetime.fromtimestamp(at, UTC)


async def test_other_schemes_and_what_is_gone(redis: Redis) -> None:
    """A value of another scheme is sealed in ours; an expired one is taken away; one that does not open is told and left."""
    await _fill(redis, 3)
    key = base64.urlsafe_b64encode(OLD).decode()
    token = Fernet(key).encrypt(b'{"pin": "4711-0815"}').decode()
    vault = Vault(redis, BETWEEN, {"fernet": make([SecretStr(key)])})
    await vault.adopt("ref-000", f"fernet.{token}")
    await vault.expire("ref-001", 1)
    await redis.hset("healer:vault:ref-002", "sealed", "wego1.AAAA")  # type: ignore[misc]
    assert [told async for told in vault.rewrap()] == [
        ("ref-000", Rewrapped.RENEWED),
        ("ref-001", Rewrapped.GONE),
        ("ref-002", Rewrapped.UNREADABLE),
    ]
    assert (await Vault(redis, AFTER).open("ref-000"))["pin"].get_secret_value() == "4711-0815"
    assert await redis.hget("healer:vault:ref-001", "sealed") is None  # type: ignore[misc]
    assert await redis.hget("healer:vault:ref-002", "sealed") == "wego1.AAAA"  # type: ignore[misc]


async def test_evidence_keeps_its_place_and_time(redis: Redis) -> None:
    """Reports, last-good traces and histories are sealed anew too; what holds pages keeps the time at which Redis forgets it."""
    before = Evidence(redis, BEFORE)
    await before.keep_report(report := make_report())
    trace, remembered = Trace(importer="brightwater", steps=(), pages={}), History(key="0" * 32, bills=())
    await before.keep_good(make_report(trace=trace, history=remembered))
    assert await _outcomes(Evidence(redis, BETWEEN).rewrap()) == {Rewrapped.RENEWED: 3}
    assert await _outcomes(Evidence(redis, BETWEEN).rewrap()) == {Rewrapped.CURRENT: 3}
    after = Evidence(redis, AFTER)
    assert await after.report(report.run_id, report.run_attempt) == report
    assert await after.good_trace("brightwater") == trace
    assert await after.history("brightwater") == remembered
    assert 0 < await redis.ttl(f"healer:report:{report.run_id}:{report.run_attempt}") <= 30 * 24 * 3600
    assert 0 < await redis.ttl("healer:good:brightwater") <= 400 * 24 * 3600
    assert await redis.ttl("healer:history:brightwater") == -1
    assert await _outcomes(Evidence(redis, KeyRing({"k3": NEW})).rewrap()) == {Rewrapped.UNREADABLE: 3}


async def test_no_read_fails_and_no_write_is_lost_under_load(redis: Redis) -> None:
    """While all is sealed anew, every read gives a whole value, and a value put meanwhile stays."""
    refs = await _fill(redis, 40)
    vault, reads, over = Vault(redis, BETWEEN), 0, asyncio.Event()

    async def read() -> None:
        nonlocal reads
        chance = random.Random(7)  # noqa: S311 - which record is read next is no secret
        while not over.is_set():
            n = chance.randrange(len(refs))
            assert (await vault.open(refs[n]))["username"].get_secret_value() == f"robot-{n}"
            reads += 1

    async def write() -> None:
        for n, ref in enumerate(refs[:20]):
            await vault.put(ref, {**_fields(n), "password": SecretStr("put meanwhile")})

    async def rewrap() -> None:
        await asyncio.gather(_outcomes(vault.rewrap()), _outcomes(vault.rewrap()), write())
        over.set()

    await asyncio.gather(rewrap(), read(), read(), read())
    assert reads > len(refs)
    after = Vault(redis, AFTER)
    passwords = [(await after.open(ref))["password"].get_secret_value() for ref in refs]
    assert passwords == ["put meanwhile"] * 20 + [f"value-{n}" for n in range(20, 40)]


async def test_killed_anywhere_it_can_be_run_again(redis: Redis, redis_url: str) -> None:
    """Killed (SIGKILL) at any moment, everything opens; run again, everything is under the new key."""
    refs = await _fill(redis, 120)
    moment = str(random.uniform(0, 0.06))  # noqa: S311 - when it dies is no secret
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, redis_url, moment, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    between, after = Vault(redis, BETWEEN), Vault(redis, AFTER)
    assert [await between.open(ref) for ref in refs] == [_fields(n) for n in range(len(refs))], moment
    again = await _outcomes(between.rewrap())
    assert again[Rewrapped.CURRENT] > 0, moment
    assert again[Rewrapped.RENEWED] > 0, moment
    assert [await after.open(ref) for ref in refs] == [_fields(n) for n in range(len(refs))], moment
