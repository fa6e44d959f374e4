"""The leak audit of this world: the product's own, and a search of what only the world can see into."""

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ahocorasick_rs import BytesAhoCorasick

from healer.encodings import needles, parts
from localworld.world import World

ARGV_S, INSPECT_S = 0.1, 0.4
_SHORTEST = 6
_DOCKER = shutil.which("docker") or "docker"
"""Looked up once: while a watch runs, its process may change its PATH."""
_GATE_USER = 65534


def _docker(*arguments: str) -> bytes:
    done = subprocess.run([_DOCKER, *arguments], capture_output=True, check=False)  # noqa: S603 - our own argv
    return done.stdout


def _inspections() -> bytes:
    ids = _docker("ps", "-aq", "--no-trunc").split()
    return _docker("inspect", *(i.decode() for i in ids)) if ids else b""


def _of_processes(name: str) -> Iterator[bytes]:
    """Give a file of every process; the fetch's environment, which holds the login, is passed over: it runs as the gate's user."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if name == "cmdline" or folder.stat().st_uid != _GATE_USER:
                yield (folder / name).read_bytes()


class Watch:
    """Samples argv and environment of every process and `docker inspect` of every container while a world runs."""

    def __init__(self) -> None:
        self.seen: dict[str, set[bytes]] = {"argv": set(), "environ": set(), "docker inspect": set()}
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._argv, daemon=True),
            threading.Thread(target=self._inspect, daemon=True),
        ]

    def _argv(self) -> None:
        while not self._over.wait(ARGV_S):
            self.seen["argv"].update(_of_processes("cmdline"))

    def _inspect(self) -> None:
        while not self._over.wait(INSPECT_S):
            self.seen["docker inspect"].add(_inspections())
            self.seen["environ"].update(_of_processes("environ"))

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


def sinks(world: World, watch: Watch) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give the places that only this world can see into, with their bytes: the product's audit does not reach them."""
    root = world.root
    yield "append-only file of Redis", _files(root / "redis")
    yield (
        "files of the GitHub stand-in: runs, summaries, exchanges",
        (data for path in _beside(root / "github", "repos") for data in _read(path)),
    )
    yield "files of the JIRA stand-in: tickets, exchanges", _files(root / "jira")
    yield "argv of every process, all along", iter(tuple(watch.seen["argv"]))
    yield "environment of every process but the fetch, all along", iter(tuple(watch.seen["environ"]))
    yield "docker inspect of every container, all along", iter(tuple(watch.seen["docker inspect"]))


def _beside(folder: Path, left_out: str) -> Iterator[Path]:
    return (p for p in folder.iterdir() if p.name != left_out)


def _read(path: Path) -> Iterator[bytes]:
    return _files(path) if path.is_dir() else iter([path.read_bytes()])


def search(world: World, watch: Watch, passwords: Sequence[str]) -> dict[str, int]:
    """Count hits of the passwords, in all encodings, in what only this world sees."""
    wanted = sorted({n.encode() for p in parts(passwords) for n in needles(p) if len(n) >= _SHORTEST})
    automaton = BytesAhoCorasick(wanted)
    return {
        name: sum(len(automaton.find_matches_as_indexes(data)) for data in contents)
        for name, contents in sinks(world, watch)
    }


@dataclass(frozen=True)
class Leaks:
    """What was found: hits by sink, and the sinks that the product's audit could not read or did not look at."""

    hits: Mapping[str, int]
    unread: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Tell whether there are none, and everything was looked at."""
        return not sum(self.hits.values()) and not self.unread

    def markdown(self) -> str:
        """Give the table of sinks and hits, as a page of GitHub shows it."""
        rows = [f"| {sink} | {hits} |" for sink, hits in self.hits.items()]
        return "\n".join(["### Leak audit", "", "| sink | hits |", "|---|---|", *rows, *self.unread]) + "\n"


def audit(world: World, watch: Watch) -> Leaks:
    """Run the product's leak audit, then look into what only this world sees."""
    document = world.audit()
    rows = document["sinks"]
    ours = search(world, watch, [fields["password"] for fields in world.layout.logins.values()])
    unread = tuple(f"{row['sink']}: {row['why']}" for row in rows if row["state"] != "searched")
    return Leaks({row["sink"]: row["hits"] for row in rows} | ours, unread)
