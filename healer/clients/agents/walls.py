"""What stands between an agent's program and the machine: another uid, and namespaces of its own, as far as the host allows.

bubblewrap gives the program a mount, pid and network namespace in which there are the system's programs, its own folders and
`inside`'s way out, nothing else. The parent-death signal ends it with us, whatever ends us.
"""

import inspect
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from healer.clients.agents import inside
from healer.clients.agents.home import NOBODY, Home
from healer.errors import Misconfigured

_PROBE_S: Final = 10
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
_SYSTEM_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Walls:
    """How a program is shut in. `uid` is who it runs as, None for our own; `namespaces` are those of bubblewrap."""

    uid: int | None
    namespaces: bool

    @property
    def words(self) -> str:
        """Say it to people."""
        who = f"uid {self.uid}" if self.uid is not None else "our own uid"
        where = "own mount, pid and network namespace" if self.namespaces else "NO namespaces on this host"
        return f"{where}, {who}"

    def argv(self, home: Home, program: Sequence[str], reads: Sequence[Path] = ()) -> list[str]:
        """Give the command that runs `program` (its path first) in the home's clone; in namespaces it also sees `reads`."""
        out = _out(self.uid)
        if not self.namespaces:
            return [*out, *program]
        # Its text, not its path: another uid may have no way into the folder that we are installed in.
        helper = [_python(), "-I", "-S", "-c", inspect.getsource(inside), str(home.door / "way")]
        seen = [Path(program[0]), *_python_folders(), *reads]
        return [*out, *_bubble(seen), *_furniture(home), "--", *helper, *program]


@cache
def strongest(program: Path, reads: tuple[Path, ...] = ()) -> Walls:
    """Give the strongest walls within which this host lets `program` be run.

    Raises: Misconfigured where it cannot be run at all, or the parent-death signal cannot be set.
    """
    uids = (NOBODY, None) if os.geteuid() == 0 else (None,)
    options = [Walls(uid, namespaces) for namespaces in (True, False) for uid in uids]
    for walls in options:
        if _holds(walls, program, reads):
            return walls
    raise Misconfigured(
        f"{program.name} cannot be run with a parent-death signal on this host.",
        reason="agent_program",
        remedy="Install util-linux (setpriv) and see that the program can be read by everybody.",
    )


def required(program: Path, reads: tuple[Path, ...] = (), *, must: bool) -> Walls:
    """Give the strongest walls, which must be namespaces where `must` is set.

    Raises: Misconfigured (`isolation`), and as `strongest` does.
    """
    walls = strongest(program, reads)
    if must and not walls.namespaces:
        raise Misconfigured(
            "this host gives the agent no namespaces of its own.",
            reason="isolation",
            remedy="Install bubblewrap and allow user namespaces, or run each agent in a container of its own and set "
            "HEALER_AGENT_REQUIRE_ISOLATION=false.",
        )
    return walls


def _holds(walls: Walls, program: Path, reads: tuple[Path, ...]) -> bool:
    if not shutil.which("setpriv") or (walls.namespaces and not shutil.which("bwrap")):
        return False
    # The uid must also reach the folder in which runs have theirs.
    reach = ["/usr/bin/test", "-x", tempfile.gettempdir()]
    bubble = [*_bubble([program, *_python_folders(), *reads]), "--"] if walls.namespaces else []
    argv = [*bubble, "/usr/bin/test", "-x", str(program)]
    return _succeeds([*_out(walls.uid), *reach]) and _succeeds([*_out(walls.uid), *argv])


def _succeeds(argv: Sequence[str]) -> bool:
    try:
        return not subprocess.run(argv, env={}, capture_output=True, timeout=_PROBE_S, check=False, cwd="/").returncode  # noqa: S603 - our own argv
    except (OSError, subprocess.TimeoutExpired):
        return False


def _out(uid: int | None) -> list[str]:
    """Drop the uid first: the kernel forgets the parent-death signal when it changes (prctl(2))."""
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    drop = [setpriv, f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"] if uid is not None else []
    return [*drop, setpriv, "--no-new-privs", "--pdeathsig", "KILL", "--"]


def _bubble(seen: Sequence[Path]) -> list[str]:
    argv = [shutil.which("bwrap") or "/usr/bin/bwrap", "--unshare-all", "--die-with-parent", "--hostname", "agent"]
    for place in _SYSTEM:
        here = Path(place)
        if here.is_symlink():
            argv += ["--symlink", os.readlink(here), place]  # noqa: PTH115 - the text of the link, not where it leads
        elif here.exists():
            argv += ["--ro-bind", place, place]
    argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - inside the namespace
    for path in seen:
        argv += ["--ro-bind", str(path), str(path)]
    return argv


def _furniture(home: Home) -> list[str]:
    own = [
        part
        for folder in (home.repo, home.home, home.config, home.tmp)
        for part in ("--bind", str(folder), str(folder))
    ]
    ours = ["--ro-bind", str(home.door), str(home.door), "--ro-bind", str(home.papers), str(home.papers)]
    return [*own, *ours, "--chdir", str(home.repo)]


def _python() -> str:
    """Give the system's own, which everybody may run and every namespace has; ours may be in a folder of our user alone."""
    return _system_python() or os.path.realpath(sys.executable)


def _python_folders() -> list[Path]:
    return [] if _system_python() else [Path(sys.base_prefix), Path(_python())]


def _system_python() -> str | None:
    return shutil.which("python3", path=_SYSTEM_PATH)
