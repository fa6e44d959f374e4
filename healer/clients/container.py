"""Docker by its command line: makes the gate's image and runs one hardened container with a login on its standard input.

The command line rather than the Engine API, because it follows the machine's own context, socket and login, and starts in 20 ms.
"""

import json
import os
import select
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from pydantic import SecretStr

from healer.clients import room
from healer.clients.context import pack
from healer.errors import UpstreamError

OUTPUT_MAX: Final = 1 << 20
"""Bytes of output that are kept, the last ones."""
OUT: Final = "/out"
"""Where a container finds the writable directory."""
GATE: Final = "importer-healer.gate"
"""Label of what the gate makes."""
_BUILD_S: Final = 300.0
_COMMAND_S: Final = 30.0
_LOOK_S: Final = 0.25
"""How often the size of the writable directory is looked at; the machine writes some hundred MiB in that time."""
_KILLED: Final = 137

# The login arrives as assignments on standard input. `eval` is a builtin: no argv holds a value. What runs has none to read.
_ENTRY: Final = 'umask 0; eval "$(cat)"; exec "$@" </dev/null'

# Ruby at the limit of processes waits for ever: the wall clock in `run` is part of this list.
_HARDENED: Final = (
    *("--interactive", "--init", "--pull", "never", "--log-driver", "none", "--hostname", "gate"),
    *("--read-only", "--tmpfs", "/tmp:rw,noexec,nosuid,nodev,size=64m"),  # noqa: S108 - inside the container
    *("--user", "65534:65534", "--workdir", "/app", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--pids-limit", "128", "--memory", "512m", "--memory-swap", "512m", "--cpus", "1"),
    *("--ulimit", "core=0", "--ulimit", f"fsize={64 << 20}"),
)


@dataclass(frozen=True)
class Job:
    """One container: `env` is public (anybody may inspect it), `login` is not; `out` is mounted read-write at `OUT`.

    `network` are options that choose another network than Docker's own.
    """

    name: str
    image: str
    command: Sequence[str]
    env: Mapping[str, str]
    login: Mapping[str, SecretStr]
    out: Path
    seconds: float
    network: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunResult:
    """How it ended. `exit_code` is None where the wall clock ended it; `output` is the end of both streams, as hostile as what ran."""

    exit_code: int | None
    out_of_memory: bool
    output: bytes
    out_of_room: bool = False


class _End(Enum):
    """Who ended a container: itself, its wall clock, or the bound of its writable directory."""

    ITSELF = auto()
    TIME = auto()
    ROOM = auto()


class Containers:
    """The machine's Docker engine."""

    def build(self, tree: Path, dockerfile: Path, base_image: str, name: str, label: str = GATE) -> str:
        """Make an image of `tree` by our own Dockerfile and give its `name`. Nothing of the tree runs.

        Equal trees share an image: only a name of one's own keeps it while another run discards its.

        Raises: UpstreamError `build_failed`, where the base image is missing or the engine does not answer.
        """
        options = ("--quiet", "--pull=false", "--network", "none", "--label", f"{label}=1")
        context = pack(dockerfile, tree)
        build_args = ("--build-arg", f"BASE_IMAGE={base_image}", "--tag", name)
        docker("build", *options, *build_args, "-", stdin=context, seconds=_BUILD_S)
        return name

    def run(self, job: Job) -> RunResult:
        """Run a job to its end or its wall clock; the container is gone afterwards in any case.

        Raises: UpstreamError where the container could not be created or started: the engine's fault, not the job's.
        """
        try:
            docker("create", *_arguments(job))
            output, end = _attend(job)
            state = _state(job.name)
        finally:
            self.remove(job.name)
        if end is _End.ROOM:
            return RunResult(_KILLED, out_of_memory=False, output=output, out_of_room=True)
        in_time = end is _End.ITSELF
        if in_time and (state["Status"] != "exited" or state["Error"]):
            raise _failed("start", str(state["Error"]))
        code = state["ExitCode"] if in_time else None
        # An older engine does not hear of the kernel's kill on a newer kernel. Nobody else kills what we run: we ask first.
        return RunResult(code, bool(state["OOMKilled"]) or code == _KILLED, output)

    def remove(self, name: str) -> None:
        """Kill and remove a container, if there is one."""
        _gone("rm", "--force", "--volumes", name)

    def made(self, label: str) -> tuple[set[str], set[str]]:
        """Give the names of all containers and of all images that have this label.

        Raises: UpstreamError.
        """
        having = ("--filter", f"label={label}", "--format")
        containers = docker("ps", "--all", *having, "{{.Names}}")
        images = docker("images", *having, "{{.Repository}}")
        return set(containers.split()), set(images.split())

    def prune(self, label: str, age: str) -> None:
        """Remove stopped containers and unused images that have this label and this age (`2h`), whoever made them.

        Raises: UpstreamError.
        """
        old = ("--force", "--filter", f"label={label}", "--filter", f"until={age}")
        docker("container", "prune", *old)
        docker("image", "prune", "--all", *old)

    def discard(self, image: str) -> None:
        """Remove an image by its name, if there is one; with its last name it is gone."""
        _gone("image", "rm", image)


def _gone(*arguments: str) -> None:
    """Remove something that may be gone already. Where that fails, the job's last step tries again."""
    with suppress(UpstreamError):
        docker(*arguments)


def _arguments(job: Job) -> list[str]:
    env = [part for name, value in job.env.items() for part in ("--env", f"{name}={value}")]
    place = ["--name", job.name, "--mount", f"type=bind,src={job.out},dst={OUT}"]
    entry = ["--entrypoint", "/bin/sh", job.image, "-c", _ENTRY, "entry"]
    return [*_HARDENED, *job.network, *place, *env, *entry, *job.command]


def _attend(job: Job) -> tuple[bytes, _End]:
    """Start a created container, hand over the login, and read until it ends or has used up its time or room."""
    deadline = time.monotonic() + job.seconds
    login = "".join(f"export {name}={shlex.quote(value.get_secret_value())}\n" for name, value in job.login.items())
    argv = ["docker", "start", "--attach", "--interactive", job.name]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as start:  # noqa: S603 - our own argv
        try:
            _hand_over(start.stdin, login.encode())
            return _read(start.stdout, deadline, job.out)
        finally:
            start.kill()


def _hand_over(pipe: IO[bytes] | None, login: bytes) -> None:
    try:
        with pipe or BytesIO() as stdin:
            stdin.write(login)
    except BrokenPipeError:
        return  # it ended before it read: its state tells why


def _read(pipe: IO[bytes] | None, deadline: float, out: Path) -> tuple[bytes, _End]:
    """Give the last `OUTPUT_MAX` bytes, and who ended it."""
    stream, kept, look = pipe or BytesIO(), bytearray(), time.monotonic() + _LOOK_S
    while (now := time.monotonic()) < deadline:
        if now >= look:
            if room.is_overfull(out):
                return bytes(kept), _End.ROOM
            look = time.monotonic() + _LOOK_S
        if not select.select([stream], [], [], min(deadline, look) - now)[0]:
            continue
        chunk = os.read(stream.fileno(), 1 << 16)
        if not chunk:
            return bytes(kept), _End.ROOM if room.is_overfull(out) else _End.ITSELF
        kept += chunk
        del kept[:-OUTPUT_MAX]
    return bytes(kept), _End.TIME


def _state(name: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(docker("inspect", "--type", "container", "--format", "{{json .State}}", name))
    return state


def docker(*arguments: str, stdin: bytes = b"", seconds: float = _COMMAND_S) -> str:
    """Run a command of Docker's and give its standard output, without the blanks around it.

    Raises: UpstreamError `<command>_failed` with the last line of what it said.
    """
    command = arguments[0]
    try:
        done = subprocess.run(  # noqa: S603 - our own argv
            ["docker", *arguments],  # noqa: S607 - the PATH's docker is the machine's
            input=stdin,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except OSError as error:
        raise _failed(command, f"there is no docker on the PATH that starts ({type(error).__name__})") from None
    except subprocess.TimeoutExpired:
        raise _failed(command, f"no answer within {seconds:.0f} s") from None
    if done.returncode:
        raise _failed(command, done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="replace").strip()


def _failed(command: str, said: str) -> UpstreamError:
    last = (said.strip().splitlines() or ["it did not say why"])[-1][:300]
    return UpstreamError(
        f"docker {command} failed: {last}",
        service="docker",
        reason=f"{command}_failed",
        remedy="Check the runner's Docker engine and the base image (HEALER_BASE_IMAGE), then dispatch again.",
    )
