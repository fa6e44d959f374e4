"""Git's objects, unpacked: commits, trees and blobs of a clone, or of the healer's branches at the remote."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from healer.audit import Piece
from healer.clients.git_command import GitCommand
from healer.clients.git_remote import Remote
from healer.errors import UpstreamError

_BATCH: Final = 8 << 20
_LIST_LIMIT: Final = 256 << 20
_WALL_S: Final = 300.0
_HEALER: Final = "refs/heads/heal/"

Opened = Callable[[GitCommand], Remote]


class CloneSink:
    """A bare clone on this machine. With a case, what only its branch has; else all objects, whether a branch reaches them or not."""

    def __init__(self, repository: Path, case: str | None = None) -> None:
        self._repository, self._case = repository, case

    def pieces(self) -> Iterator[Piece]:
        """Give the branches' names and every object.

        Raises: UpstreamError, where there is no clone or git fails.
        """
        if not (self._repository / "objects").is_dir():
            raise UpstreamError(f"{self._repository} is no git repository", service="git", reason="unread")
        with TemporaryDirectory() as home:
            yield from _objects(GitCommand(self._repository, Path(home), "file", _WALL_S), self._case)


class RemoteSink:
    """The healer's branches at the remote, fetched anew into a folder of their own: our clone may differ from what others see."""

    def __init__(self, remote: Opened, protocol: str, case: str | None = None) -> None:
        self._remote, self._protocol, self._case = remote, protocol, case

    def pieces(self) -> Iterator[Piece]:
        """Give the branches' names and every object that they reach.

        Raises: UpstreamError.
        """
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            command = GitCommand(folder / "remote.git", folder, self._protocol, _WALL_S)
            _git(command, "init", "--quiet", "--bare", "--template=", str(folder / "remote.git"))
            self._remote(command).fetch(f"{_HEALER}{self._case or ''}*")
            yield from _objects(command, self._case)


def _objects(command: GitCommand, case: str | None) -> Iterator[Piece]:
    yield Piece("names of branches", _git(command, "for-each-ref", "--format=%(refname)"))
    listed = _git(command, "cat-file", "--batch-check", given=_named(command, case)) if case else _all(command)
    wanted = [(name, int(size)) for name, _, size in (line.split() for line in listed.decode().splitlines())]
    for batch in _batches(wanted):
        yield from _unpacked(_git(command, "cat-file", "--batch", given="\n".join(batch).encode()))


def _all(command: GitCommand) -> bytes:
    return _git(command, "cat-file", "--batch-all-objects", "--batch-check", "--unordered")


def _named(command: GitCommand, case: str) -> bytes:
    """Name the objects that no branch has but the case's."""
    branch = f"{_HEALER}{case}"
    if not _git(command, "for-each-ref", branch):
        return b""
    lines = _git(command, "rev-list", "--objects", branch, "--not", f"--exclude={_HEALER}*", "--glob=refs/heads/*")
    return b"\n".join(line.split(b" ")[0] for line in lines.splitlines())


def _batches(wanted: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    batch, size = list[str](), 0
    for name, length in wanted:
        if batch and size + length > _BATCH:
            yield batch
            batch, size = [], 0
        batch, size = [*batch, name], size + length
    if batch:
        yield batch


def _unpacked(out: bytes) -> Iterator[Piece]:
    """Part what `cat-file --batch` wrote: a line `name type size`, the content, a line break."""
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        name, kind, size = out[at:end].decode().split()
        yield Piece(f"{kind} {name}", out[end + 1 : end + 1 + int(size)])
        at = end + 2 + int(size)


def _git(command: GitCommand, *arguments: str, given: bytes = b"") -> bytes:
    done = command.run(*arguments, given=given, limit=_LIST_LIMIT)
    if done.code:
        raise UpstreamError(f"git {arguments[0]} failed", service="git", reason="unread")
    return done.out
