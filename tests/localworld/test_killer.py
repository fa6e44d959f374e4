"""Rules of the killer."""

import os
import sys
import time

import pytest

from localworld.killer import Killer, Pace, Victim
from localworld.processes import Process
from localworld.redis import RedisServer

FAST = Pace(alive_s=(0.0, 0.02), dead_s=(0.0, 0.01))


def _noted(log: list[str], *names: str) -> list[Victim]:
    return [Victim(n, lambda n=n: log.append(f"-{n}"), lambda n=n: log.append(f"+{n}")) for n in names]


def _first_deaths(seed: int, count: int) -> list[tuple[str, ...]]:
    with Killer(_noted([], "redis", "gateway"), seed, FAST) as killer:
        while len(killer.deaths) < count:
            time.sleep(0.005)
    return killer.deaths[:count]


def test_same_seed_kills_the_same():
    """A seed decides who dies and in which order; another seed decides otherwise."""
    assert _first_deaths(1, 12) == _first_deaths(1, 12) != _first_deaths(2, 12)


def test_everybody_serves_in_the_end():
    """At exit each victim was started as often as it was killed, and what comes first was started first."""
    log: list[str] = []
    with Killer(_noted(log, "redis", "gateway"), 1, FAST) as killer:
        while ("redis", "gateway") not in killer.deaths:
            time.sleep(0.005)
    assert log.count("-redis") == log.count("+redis") > 0
    assert "-redis-gateway+redis+gateway" in "".join(log)


def test_a_restart_that_fails_is_raised():
    """What goes wrong in the killer's thread is raised where its block ends."""

    def fail() -> None:
        raise RuntimeError("does not come back")

    with pytest.raises(RuntimeError, match="does not come back"), Killer([Victim("x", lambda: None, fail)], 1, FAST):
        time.sleep(0.1)


def test_process_dies_at_once_and_starts_again(tmp_path):
    """A killed process is gone when `kill` returns, also where it ignores a request to end; it can be started again."""
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    process = Process("stubborn", [sys.executable, "-c", stubborn], dict(os.environ), tmp_path / "log")
    process.start()
    pid = process.pid
    process.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    process.start()
    assert process.alive()
    process.kill()


def test_killed_redis_keeps_what_it_acknowledged(tmp_path):
    """After kill -9 and a restart Redis has what it said it took."""
    with RedisServer(tmp_path) as server:
        with server._client() as client:
            client.set("here", "1")
        server.kill()
        server.start()
        with server._client() as client:
            assert client.get("here") == b"1"
