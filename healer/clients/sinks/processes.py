"""What the kernel shows of this machine's processes: command lines to everybody, environments to their owner."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from healer.audit import Piece
from healer.holders import to_search

_PROC: Final = Path("/proc")


def are_shown() -> bool:
    """Say whether this system shows processes as files."""
    return (_PROC / "self/cmdline").exists()


def command_lines() -> Iterator[Piece]:
    """Give the command line of every process."""
    yield from (Piece(_place(path), argv) for path, argv in _processes())


def environments(settings: Sequence[str]) -> Iterator[Piece]:
    """Give the environment of every process that this user may read, without what that process may hold (`healer.holders`).

    `settings` are the names of secret settings.
    """
    for path, argv in _processes():
        try:
            environ, uid = (path / "environ").read_bytes(), path.stat().st_uid
        except OSError:
            continue  # another user's, or gone: nobody who reads as we do sees it
        words = argv.decode("utf-8", "replace").rstrip("\0").split("\0")
        yield Piece(_place(path), to_search(words, uid, environ, settings))


def _processes() -> Iterator[tuple[Path, bytes]]:
    for path in sorted(_PROC.glob("[0-9]*")):
        try:
            yield path, (path / "cmdline").read_bytes()
        except OSError:
            continue


def _place(path: Path) -> str:
    try:
        name = (path / "comm").read_text(errors="replace").strip()
    except OSError:
        name = "gone"
    return f"process {path.name} ({name})"
