"""Prefect as tests use it: our server on SQLite, our runner, the gateway's own way of creating runs."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from healer.clients.orchestrator import Orchestrator
from healer.contracts import RunRequest
from healer.errors import UpstreamError
from localworld.redis import free_port
from loopback import NO_TLS

BIN = Path(sys.executable).parent
VAULT_KEYS = "t1:" + "A" * 43 + "="
PLANTED = {
    "HEALER_GITHUB_TOKEN": "ghp_plantedtokenofthehealer0123456789abcd",
    "HEALER_JIRA_TOKEN": "planted-token-of-the-healer",
    "HEALER_WORKATO_KEYS": "whsec_cGxhbnRlZC1rZXktb2Ytd29ya2F0by0wMQ==",
    "HEALER_VAULT_KEYS": VAULT_KEYS,
    "HEALER_RECEIPT_KEYS": "r1:" + "B" * 42 + "A=",
}
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def environment(**values: str) -> dict[str, str]:
    """Give a clean environment for a program of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", **values}


def wait_for(what: Callable[[], Any], seconds: float = 60, pause_s: float = 0.03) -> Any:
    """Give what becomes true; look again after each pause."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(pause_s)
    raise AssertionError("it did not happen in time")


@contextlib.contextmanager
def program(
    argv: list[str], env: Mapping[str, str], log: Path, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our programs until the context ends; by force, where it does not obey."""
    with log.open("ab") as out:
        child = subprocess.Popen(argv, env=dict(env), stdin=stdin, stdout=out, stderr=out, cwd="/")
    try:
        yield child
    finally:
        if child.stdin:
            child.stdin.close()
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@dataclass(frozen=True)
class Prefect:
    """One running server."""

    port: int
    home: Path

    @property
    def api_url(self) -> str:
        """Give the API's address."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def database(self) -> bytes:
        """Give everything that the server has written to its disk."""
        return b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())

    def call(self, method: str, path: str, json: Any = None) -> Any:
        """Call the API, as Prefect's own client does: again where SQLite was locked, which the server answers by 503."""

        def answered() -> httpx.Response | None:
            answer = httpx.request(
                method, f"{self.api_url}{path}", json=json, timeout=30, verify=NO_TLS, trust_env=False
            )
            return answer if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE else None

        answer: httpx.Response = wait_for(answered)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def settle(self) -> None:
        """Wait until the server has written what it was told: of events and of tasks it writes once a second what came in it."""
        for _ in range(2):
            told = {"event": f"healer.settled.{uuid4()}", "occurred": datetime.now(UTC).isoformat(), "id": str(uuid4())}
            self.call("POST", "/events", [{**told, "resource": {"prefect.resource.id": "healer.settled"}}])
            asked = {"filter": {"event": {"name": [told["event"]]}}}
            wait_for(lambda asked=asked: self.call("POST", "/events/filter", asked)["events"], pause_s=0.2)

    def start(self, request: RunRequest) -> str:
        """Create a flow run as the gateway's dispatcher does, again where the server is busy; give its id."""

        async def start() -> str | None:
            async with httpx.AsyncClient(base_url=self.api_url, timeout=10, verify=NO_TLS, trust_env=False) as http:
                with contextlib.suppress(UpstreamError):
                    return await Orchestrator(http).start(request)
            return None

        run: str = wait_for(lambda: asyncio.run(start()))
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        """Give a flow run."""
        found: dict[str, Any] = self.call("GET", f"/flow_runs/{run_id}")
        return found

    def ended(self, run_id: str, seconds: float = 30) -> dict[str, Any]:
        """Wait for a flow run's end and give it."""
        # A look by the API costs the server as much as a step of the run that it is asked about.
        with contextlib.closing(sqlite3.connect(f"file:{self.home / 'prefect.db'}?mode=ro", uri=True)) as database:
            state = "select state_type from flow_run where id = ?"
            wait_for(lambda: database.execute(state, [run_id]).fetchone()[0] in ENDED, seconds)
        return self.run(run_id)

    def artifacts(self, run_id: str) -> list[dict[str, Any]]:
        """Give the artifacts of a flow run."""
        found: list[dict[str, Any]] = self.call("POST", "/artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
        return found

    def logs(self, run_id: str) -> list[str]:
        """Give what a flow run has logged."""
        found = self.call("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
        return [line["message"] for line in found]

    @contextlib.contextmanager
    def runner(self, env: Mapping[str, str], log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run our runner against this server until the context ends."""
        settings = {**env, "PREFECT_API_URL": self.api_url}
        with program([str(BIN / "healer-runner"), *options], settings, log) as child:
            wait_for(lambda: "runner ready" in log.read_text() or child.poll() is not None)
            assert child.poll() is None, log.read_text()
            yield child

    @contextlib.contextmanager
    def hand(self, env: Mapping[str, str], log: Path) -> Iterator["Hand"]:
        """Run what executes flow runs without a process for each, until the context ends."""
        argv = [sys.executable, str(Path(__file__).with_name("flow_hand.py"))]
        with program(argv, {**env, "PREFECT_API_URL": self.api_url}, log, stdin=subprocess.PIPE) as child:
            wait_for(lambda: "hand ready" in log.read_text() or child.poll() is not None)
            assert child.poll() is None, log.read_text()
            yield Hand(child, log)


@dataclass(frozen=True)
class Hand:
    """Executes flow runs (`flow_hand`)."""

    child: subprocess.Popen[bytes]
    log: Path

    def take(self, environment: Mapping[str, str]) -> None:
        """Give it the environment of the runs that come now."""
        self._say(environment=dict(environment))

    def execute(self, run_id: str) -> None:
        """Have a flow run executed; it does not wait for its end."""
        self._say(run=run_id)

    def flush(self) -> None:
        """Wait until the server has all that the runs have logged."""
        word = f"flushed {uuid4()}"
        self._say(flush=word)
        wait_for(lambda: word in self.log.read_text() or self.child.poll() is not None)
        assert self.child.poll() is None, self.log.read_text()

    def _say(self, **what: Any) -> None:
        assert self.child.poll() is None, self.log.read_text()
        assert self.child.stdin
        self.child.stdin.write(json.dumps(what).encode() + b"\n")
        self.child.stdin.flush()


_LOOPS = ("LATE_RUNS", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP", "REPOSSESSOR", "FOREMAN")
"""What the server looks for every few seconds, and no rule here is about."""


@contextlib.contextmanager
def prefect_server(home: Path, **env: str) -> Iterator[Prefect]:
    """Run our server with its data in `home`, until the context ends."""
    site = Prefect(free_port(), home)
    home.mkdir(parents=True, exist_ok=True)
    argv = [str(BIN / "healer-prefect-server"), "--port", str(site.port)]
    quiet = {f"PREFECT_SERVER_SERVICES_{loop}_ENABLED": "false" for loop in _LOOPS}
    with program(argv, environment(PREFECT_HOME=str(home), **quiet, **env), home.parent / "server.log") as child:
        wait_for(lambda: child.poll() is not None or _is_ready(site))
        assert child.poll() is None, (home.parent / "server.log").read_text()
        yield site


def _is_ready(site: Prefect) -> bool:
    try:
        return httpx.get(f"{site.api_url}/ready", timeout=5, verify=NO_TLS, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def kill_children(parent: int) -> None:
    """Kill what a process has started, as a machine out of memory would."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
