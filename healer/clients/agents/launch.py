"""What a wrapper runs on the host: it forgets the environment, leaves its number, and becomes the agent's program.

A file of its own, run by path: it needs nothing but the standard library, and no secret comes near an argument.
"""

import json
import os
import sys
from pathlib import Path

PARTS = 2
"""A pid file holds the process's number and when it started, since numbers are used again."""
_START = 19
"""Place of the start time among the fields that follow the program's name in /proc/PID/stat (proc(5))."""


def started_at(pid: int) -> str | None:
    """Give the start time of a process as the kernel counts it, None where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[_START]


def main(plan_file: str, arguments: list[str]) -> None:
    """Become the plan's program with `arguments` added, as leader of a process group."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    if os.getpgrp() != os.getpid():
        os.setsid()
    Path(plan["pid"]).write_text(f"{os.getpid()} {started_at(os.getpid())}", encoding="utf-8")
    kept = {name: os.environ[name] for name in plan["kept"] if name in os.environ}
    os.execve(plan["argv"][0], [*plan["argv"], *arguments], {**plan["env"], **kept})  # noqa: S606 - our own argv, no shell


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
