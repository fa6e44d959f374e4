"""One temporary folder for each run of an agent: a copy of the clone, a home, and what starts the program. It ends with the run."""

import fcntl
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from healer.clients.agents import launch
from healer.errors import UpstreamError

NOBODY: Final = 65534
_PREFIX, _LOCK = "healer-agent-", "lock"
_FOLDERS: Final = ("repo", "home", "config", "tmp")


class Home:
    """The folder of one run. What the agent may write belongs to `uid`; what starts and ends it belongs to us."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repo, self.home, self.config, self.tmp = (root / name for name in _FOLDERS)
        self.wrapper, self.door, self.papers = root / "agent", root / "door", root / "papers"
        self._plan, self._pid = root / "plan.json", root / "pid"

    def arm(self, argv: Sequence[str], env: Mapping[str, str], kept: Sequence[str] = ()) -> None:
        """Write the wrapper: a program that becomes `argv` with `env` alone, and those variables of its starter named in `kept`."""
        plan = {"pid": str(self._pid), "argv": list(argv), "env": dict(env), "kept": list(kept)}
        self._plan.touch(mode=0o600)
        self._plan.write_text(json.dumps(plan))
        # -I and -S: no module of the folder or of the user is imported on the way.
        line = shlex.join([sys.executable, "-I", "-S", launch.__file__, str(self._plan)])
        self.wrapper.touch(mode=0o700)
        self.wrapper.write_text(f'#!/bin/sh\nexec {line} "$@"\n')

    def end(self) -> None:
        """Kill the agent and its whole process group; do nothing where it has ended, or never began."""
        started = self._pid.read_text().split() if self._pid.exists() else []
        # A leader that is gone leaves its group's number to the group until that is gone too.
        if len(started) == launch.PARTS and launch.started_at(int(started[0])) in {started[1], None}:
            with suppress(ProcessLookupError):
                os.killpg(int(started[0]), signal.SIGKILL)

    def bring_back(self, clone: Path) -> None:
        """Make `clone` what the agent's copy is now: links as links, modes as they are, so that the guard sees all of it.

        Raises: UpstreamError (service `agent`, reason `unreadable`) where the copy holds what is neither file, folder nor link.
        """
        replace(clone, self.repo)


def replace(clone: Path, tree: Path) -> None:
    """Make `clone` what `tree` is.

    Raises: UpstreamError as `Home.bring_back` does.
    """
    try:
        _empty(clone)
        shutil.copytree(tree, clone, symlinks=True, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise UpstreamError(
            f"the agent's tree cannot be copied ({type(error).__name__}).", service="agent", reason="unreadable"
        ) from None


@contextmanager
def draft(clone: Path) -> Iterator[Path]:
    """Give a copy of `clone` to work on until it is known whether the work counts.

    Raises: UpstreamError as `made` does.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as place, _held(Path(place)):
        copy = Path(os.path.realpath(place)) / "tree"
        try:
            shutil.copytree(clone, copy, symlinks=True)
        except (OSError, shutil.Error) as error:
            raise UpstreamError(
                f"no folder for the agent ({type(error).__name__}).", service="agent", reason="no_room"
            ) from None
        yield copy


@contextmanager
def made(clone: Path, uid: int | None) -> Iterator[Home]:
    """Give a run its folder with a copy of `clone`, all of it in the hands of `uid` where one is given; remove it at the end.

    Raises: UpstreamError (service `agent`, reason `no_room`) where the folder cannot be made.
    """
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as place, _held(Path(place)):
        home = Home(Path(os.path.realpath(place)))
        try:
            _furnish(home, clone, uid)
        except (OSError, shutil.Error) as error:
            raise UpstreamError(
                f"no folder for the agent ({type(error).__name__}).", service="agent", reason="no_room"
            ) from None
        try:
            yield home
        finally:
            home.end()


def _sweep() -> None:
    """Remove what a host left that died: a folder whose lock nobody holds. One without a lock is still being made."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError), (folder / _LOCK).open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _furnish(home: Home, clone: Path, uid: int | None) -> None:
    # Another uid must pass through, and read nothing: the plan beside its folders is ours.
    home.root.chmod(0o711)
    for folder in (home.home, home.config, home.tmp, home.door):
        folder.mkdir(mode=0o700)
    home.papers.mkdir(mode=0o755)
    shutil.copytree(clone, home.repo, symlinks=True)
    if uid is not None:
        for top in (home.repo, home.home, home.config, home.tmp, home.door):
            _give(top, uid)


def _give(top: Path, uid: int) -> None:
    os.chown(top, uid, uid, follow_symlinks=False)
    for place, folders, files in os.walk(top):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), uid, uid, follow_symlinks=False)  # noqa: PTH118 - a walk gives strings


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
