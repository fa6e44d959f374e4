"""A process that does one step of a flow run's end, and can be killed at one message on the wire; no flow runs there."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flow_site import environment
from localworld.crash.tripwire import Tripwire, Wire

PROGRAM = Path(__file__).parent / "teller.py"


@dataclass
class Teller:
    """The process that waits for something to do, for all tests: what it imports takes long."""

    process: subprocess.Popen[str]

    def begin(self, step: str, case: str, env: dict[str, str]) -> int:
        """Begin; give the id of the process that is at it."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"step": step, "case": case, "env": env}) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def ended(self) -> int:
        """Wait for its end; give how it ended, as `waitpid` tells it."""
        return int(self._line())

    def killed(self, tripwire: Tripwire, wire: Wire, step: str, case: str, env: dict[str, str]) -> None:
        """Begin, and kill who does it right where the wire lies."""
        tripwire.arm(wire)
        child = self.begin(step, case, env)
        try:
            assert tripwire.tripped.wait(20)
            os.kill(child, signal.SIGKILL)
            assert self.ended() == signal.SIGKILL
        finally:
            tripwire.release(drop=True)

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


@contextlib.contextmanager
def running(home: Path, prefect_url: str) -> Iterator[Teller]:
    """Run it against a Prefect server."""
    env = environment(PREFECT_HOME=str(home), PREFECT_API_URL=prefect_url)
    program, cwd = [sys.executable, str(PROGRAM)], PROGRAM.parents[1]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, env=env, cwd=cwd, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield Teller(process)
        process.stdin.close()
