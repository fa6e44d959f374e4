"""The two sides that are compared, each with a Redis of its own, fresh for each measurement."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from bench.load import Plan, Result
from localworld.intake import WORKATO_KEY, Intake
from localworld.processes import answers
from localworld.redis import RedisServer, free_port


@dataclass(frozen=True)
class Server:
    """What is under load: the port to send to, and the process that answers."""

    port: int
    pid: int


@dataclass(frozen=True)
class Side(Server):
    """A server with a Redis of its own."""

    redis: Redis


def _redis(server: RedisServer, fsync: str) -> Redis:
    client = Redis(port=server.port)
    client.config_set("appendfsync", fsync)
    client.config_set("latency-monitor-threshold", 10)
    return client


@contextmanager
def gateway(room: Path, fsync: str) -> Iterator[Side]:
    """Serve the gateway, dispatcher and all. It starts on `always`, as it demands; `fsync` is set after that."""
    with (
        tempfile.TemporaryDirectory(dir=room) as folder,
        Intake(Path(folder)) as intake,
        _redis(intake.redis, fsync) as client,
    ):
        yield Side(int(intake.url.rpartition(":")[2]), intake.gateway.pid or 0, client)


@contextmanager
def bare(room: Path, fsync: str) -> Iterator[Side]:
    """Serve the bare handler."""
    with (
        tempfile.TemporaryDirectory(dir=room) as folder,
        RedisServer(Path(folder)) as server,
        _redis(server, fsync) as client,
    ):
        port = free_port()
        argv = [sys.executable, "-m", "bench.bare", str(port), str(server.port)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - our own argv
            if process.stdin:
                process.stdin.write(WORKATO_KEY + "\n")
                process.stdin.close()
            try:
                _wait(process, port)
                yield Side(port, process.pid, client)
            finally:
                process.terminate()


def _wait(process: "subprocess.Popen[str]", port: int) -> None:
    ready = answers(f"http://127.0.0.1:{port}/livez")
    while not ready():
        if process.poll() is not None:
            raise RuntimeError("the bare handler did not start")


def longest_fsync_ms(side: Side) -> int:
    """Give how long the disk held Redis up at most (redis.io, "LATENCY LATEST"); 0 where it was always below 10 ms."""
    rows: Any = side.redis.execute_command("LATENCY", "LATEST")  # type: ignore[no-untyped-call] # redis-py types no such command
    return max((int(row[3]) for row in rows if b"fsync" in row[0]), default=0)


def load(side: Server, **plan: Any) -> Result:
    """Run the generator, the same for each side, in a process of its own."""
    told = json.dumps(asdict(Plan(port=side.port, key=WORKATO_KEY, **plan)))
    argv = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(argv, input=told, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own argv
    return Result(**json.loads(done.stdout))
