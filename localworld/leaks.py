"""Looks for the portal's passwords in every place where this world writes anything, in all their encodings."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ahocorasick_rs import BytesAhoCorasick

from healer.encodings import needles
from localworld.world import World

ARGV_S, INSPECT_S = 0.1, 0.4
_SHORTEST = 6
_DOCKER = shutil.which("docker") or "docker"
"""Looked up once: while a watch runs, its process may change its PATH."""


def _docker(*arguments: str) -> bytes:
    done = subprocess.run([_DOCKER, *arguments], capture_output=True, check=False)  # noqa: S603 - our own argv
    return done.stdout


def _inspections() -> bytes:
    ids = _docker("ps", "-aq", "--no-trunc").split()
    return _docker("inspect", *(i.decode() for i in ids)) if ids else b""


def _command_lines() -> Iterator[bytes]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield entry.read_bytes()


class Watch:
    """Samples argv of every process and `docker inspect` of every container while a world runs."""

    def __init__(self) -> None:
        self.seen: dict[str, set[bytes]] = {"argv": set(), "docker inspect": set()}
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._argv, daemon=True),
            threading.Thread(target=self._inspect, daemon=True),
        ]

    def _argv(self) -> None:
        while not self._over.wait(ARGV_S):
            self.seen["argv"].update(_command_lines())

    def _inspect(self) -> None:
        while not self._over.wait(INSPECT_S):
            self.seen["docker inspect"].add(_inspections())

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def _files(folder: Path) -> Iterator[bytes]:
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where) / name
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(OSError):
                    yield path.read_bytes()


def _database(path: Path) -> Iterator[bytes]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield from (line.encode() for line in connection.iterdump())


def _objects(bare: Path) -> Iterator[bytes]:
    argv = ["git", "-C", str(bare), "cat-file", "--batch-all-objects", "--batch", "--unordered"]
    yield subprocess.run(argv, capture_output=True, check=True).stdout  # noqa: S603 - our own argv


def sinks(world: World, watch: Watch) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give every place where a secret could have come to rest, with its bytes."""
    root = world.root
    yield "logs", _files(root / "log")
    yield "Redis", _files(root / "redis")
    yield "Prefect database", (line for db in (root / "prefect").rglob("*.db") for line in _database(db))
    yield "Prefect results", _files(root / "prefect-runner")
    for bare in sorted((root / "github/repos").rglob("*.git")):
        yield f"git objects of {bare.parent.name}/{bare.stem}", _objects(bare)
    yield (
        "GitHub: pull requests, runs, logs, summaries",
        (d for p in _beside(root / "github", "repos") for d in _read(p)),
    )
    yield "JIRA: tickets, comments", _files(root / "jira")
    yield "agent and git work area", _files(root / "work")
    yield "home and temporary files", (d for p in (root / "home", Path("/dev/shm")) for d in _files(p))  # noqa: S108 - looked at, not used
    yield "argv of every process", iter(watch.seen["argv"])
    yield "docker inspect of every container", iter(watch.seen["docker inspect"])


def _beside(folder: Path, left_out: str) -> Iterator[Path]:
    return (p for p in folder.iterdir() if p.name != left_out)


def _read(path: Path) -> Iterator[bytes]:
    return _files(path) if path.is_dir() else iter([path.read_bytes()])


def audit(world: World, watch: Watch, passwords: Sequence[str]) -> dict[str, int]:
    """Count hits of the passwords, in all encodings, by sink."""
    wanted = sorted({n.encode() for p in passwords for n in needles(p) if len(n) >= _SHORTEST})
    search = BytesAhoCorasick(wanted)
    return {
        name: sum(len(search.find_matches_as_indexes(data)) for data in contents)
        for name, contents in sinks(world, watch)
    }
