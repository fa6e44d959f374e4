"""Runs git alone with our own configuration: no system or user configuration, no hooks, no prompts, one protocol, a wall clock."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from healer.errors import UpstreamError

OUTPUT_LIMIT: Final = 16 * 1024 * 1024
_LOOK_S: Final = 0.02
_CONFIG: Final = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    # Names that another file system would read as `.git` are refused when a tree is made or checked out.
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "credential.helper": "",
    "submodule.recurse": "false",
    "transfer.fsckObjects": "true",
    # A redirect would carry the login to where it points; a renamed repository is for an operator to see.
    "http.followRedirects": "false",
    # Housekeeping in the background would outlive the wall clock.
    "gc.autoDetach": "false",
}
_ENVIRONMENT: Final = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS": "/bin/false",
    "GIT_SSH_VARIANT": "ssh",
}


@dataclass(frozen=True)
class Output:
    """What a git command left: exit code, standard output and standard error."""

    code: int
    out: bytes
    err: str


def configuration(pairs: Mapping[str, str]) -> dict[str, str]:
    """Write settings as the environment variables by which git takes them, so that none is an argument (git-config(1))."""
    lines = {f"GIT_CONFIG_KEY_{n}": key for n, key in enumerate(pairs)}
    lines |= {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(pairs.values())}
    return {"GIT_CONFIG_COUNT": str(len(pairs)), **lines}


class GitCommand:
    """Runs git in one repository. `protocol` is the only one that git may speak; each call has `wall_s` seconds."""

    def __init__(self, repository: Path, home: Path, protocol: str, wall_s: float) -> None:
        self._wall_s = wall_s
        # HOME is an empty folder of our own: git and ssh look for more than the variables above forbid.
        self._environment = {
            **_ENVIRONMENT,
            "HOME": str(home),
            "GIT_DIR": str(repository),
            "GIT_ALLOW_PROTOCOL": protocol,
        }

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        folder: Path | None = None,
        given: bytes = b"",
        limit: int = OUTPUT_LIMIT,
    ) -> Output:
        """Run `git arguments` in `folder` with `given` on its standard input.

        Raises: UpstreamError (service `git`) `timed_out` or `output_too_large`; its whole process group is gone then.
        """
        settings = configuration({**_CONFIG, **(config or {})})
        with TemporaryFile() as stdin, TemporaryFile() as out, TemporaryFile() as err:
            stdin.write(given)
            stdin.seek(0)
            child = subprocess.Popen(  # noqa: S603 - our own argv, no shell
                ["git", *arguments],  # noqa: S607 - found on the PATH that we set
                stdin=stdin,
                stdout=out,
                stderr=err,
                cwd=folder or "/",
                env={**self._environment, **settings, **(environment or {})},
                start_new_session=True,
            )
            self._watch(child, arguments[0], out, limit)
            return Output(child.returncode, _content(out, limit), _content(err, limit).decode("utf-8", "replace"))

    def _watch(self, child: subprocess.Popen[bytes], name: str, out: IO[bytes], limit: int) -> None:
        deadline = time.monotonic() + self._wall_s
        try:
            while child.poll() is None:
                if time.monotonic() > deadline:
                    raise _stopped(f"git {name} took longer than {self._wall_s:g} s.", "timed_out")
                if _size(out) > limit:
                    break
                _wait(child)
            if _size(out) > limit:
                raise _stopped(f"git {name} wrote more than {limit} bytes.", "output_too_large")
        finally:
            _end(child)


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the whole group: git's transports are children of their own."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _content(file: IO[bytes], limit: int) -> bytes:
    file.seek(0)
    return file.read(limit)


def _stopped(what: str, reason: str) -> UpstreamError:
    return UpstreamError(what, service="git", reason=reason)
