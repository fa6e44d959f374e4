"""A real PostgreSQL of our own on loopback, for a Prefect server under load; gone with its data when the world ends."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from localworld.errors import WorldError
from localworld.redis import free_port
from localworld.standing import Standing

_SYSTEM_USER: Final = "postgres"
_UP_S: Final = 30.0


def programs() -> Path | None:
    """Give the folder of PostgreSQL's programs, the newest where there are several; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


class Postgres(Standing):
    """One server process. It refuses to run as root, so root runs it as `postgres`."""

    def __init__(self, bin_: Path) -> None:
        self._bin, self.port, self._password = bin_, free_port(), secrets.token_urlsafe(18)
        # Not in the checkout: the system's user may not be allowed to look into it.
        self._home = Path(tempfile.mkdtemp(prefix="healer-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give the address as Prefect takes it."""
        return f"postgresql+asyncpg://healer:{self._password}@127.0.0.1:{self.port}/postgres"

    def version(self) -> str:
        """Say which PostgreSQL it is."""
        done = subprocess.run([self._bin / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own argv
        return done.stdout.strip()

    def start(self) -> None:
        """Make a cluster and start it; wait until it answers.

        Raises: WorldError.
        """
        (self._home / "password").write_text(self._password)
        if os.geteuid() == 0:
            for path in (self._home, self._home / "password"):
                shutil.chown(path, _SYSTEM_USER, _SYSTEM_USER)
        data = str(self._home / "data")
        options = ["-D", data, "-U", "healer", "-A", "scram-sha-256", "--pwfile", str(self._home / "password")]
        with (self._home / "log").open("ab") as log:
            made = subprocess.run(self._as_user("initdb", *options), stdout=log, stderr=log, cwd="/", check=False)  # noqa: S603 - our own argv
            if made.returncode:
                raise WorldError(f"initdb failed; {self._home}/log says why")
            argv = self._as_user("postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._home))
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, cwd="/")  # noqa: S603 - our own argv
        self._wait()

    def _wait(self) -> None:
        asked = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + _UP_S
        while subprocess.run(asked, check=False).returncode:  # noqa: S603 - our own argv
            if time.monotonic() > deadline:
                raise WorldError(f"PostgreSQL does not answer; {self._home}/log says why")
            time.sleep(0.1)

    def _as_user(self, program: str, *options: str) -> list[str]:
        switch = ["setpriv", f"--reuid={_SYSTEM_USER}", f"--regid={_SYSTEM_USER}", "--clear-groups"]
        return [*(switch if os.geteuid() == 0 else []), str(self._bin / program), *options]

    def stop(self) -> None:
        """End it, and remove its data."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)
