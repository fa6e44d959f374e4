"""Child processes of the local world: each with its own log file, all gone when the world ends."""

import os
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from localworld.errors import WorldError

GRACE_S = 8.0
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # each client that is given none loads all authorities: 20 ms


class Process:
    """One program of the world. Its standard output and error go to `log`."""

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
        self._argv, self._env = list(argv), dict(env)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Give the process id while it runs."""
        return self._child.pid if self._child else None

    def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start in a session of its own, so that one signal reaches its children too; `extra` variables hold for this start."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(  # noqa: S603 - our own argv
                self._argv,
                env={**self._env, **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._child is not None and self._child.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and its children."""
        if self._child and self.alive():
            os.killpg(self._child.pid, number)

    def kill(self) -> None:
        """End it and its children at once, as a crash does (SIGKILL)."""
        if self._child:
            self.signal(signal.SIGKILL)
            self._child.wait()
            self._child = None

    def stop(self) -> None:
        """End it in order, by force after a grace period."""
        if self._child is None:
            return
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._child.wait()
        self._child = None

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until `ready` holds.

        Raises: WorldError with the end of the log when the program died or the time ran out.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive() or time.monotonic() > deadline:
                state = "died" if not self.alive() else f"was not ready within {seconds:.0f} s"
                raise WorldError(f"{self.name} {state}; the end of {self.log}:\n{self._tail()}")
            time.sleep(0.05)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def answers(url: str) -> Callable[[], bool]:
    """Make a readiness test: a GET of `url` answers below 500."""

    def ready() -> bool:
        try:
            answer = httpx.get(url, timeout=2, verify=_NO_TLS, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR

    return ready
