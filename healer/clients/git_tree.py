"""What differs between two git trees, read by plumbing commands and never from a checked-out file."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from healer.clients.git_command import GitCommand, Output
from healer.contracts import FileChange
from healer.errors import PolicyViolation, UpstreamError

MAX_CHANGES: Final = 100
TEXT_LIMIT: Final = 512 * 1024
"""Larger files count as binary: nobody reads them, and the guard refuses them."""
_MAX_PATHS: Final = 50_000
_ABSENT: Final = "000000"
_GITLINK: Final = "160000"
_STATUS: Final[dict[str, Literal["added", "modified", "deleted", "type_changed"]]] = {
    "A": "added",
    "M": "modified",
    "D": "deleted",
    "T": "type_changed",
}


@dataclass(frozen=True)
class _Entry:
    """One line of `git diff-tree --raw`."""

    path: str
    letter: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str

    def blobs(self) -> Iterator[str]:
        """Give the ids of the sides that are files or symbolic links; a gitlink names a commit elsewhere."""
        for mode, number in ((self.old_mode, self.old_id), (self.new_mode, self.new_id)):
            if mode not in (_ABSENT, _GITLINK):
                yield number


@dataclass(frozen=True)
class _Blob:
    """A file's content; None where it is larger than `TEXT_LIMIT`."""

    size: int
    data: bytes | None

    def text(self) -> str | None:
        """Give the content where it is text."""
        if self.data is None or b"\0" in self.data:
            return None
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            return None


_NOTHING = _Blob(0, b"")


def refuse_unreadable(tree: Path) -> None:
    """Refuse a tree that git would not read as it stands.

    Raises: PolicyViolation `nested_repository` for anything called `.git`, `too_many_changes` for a flood of files.
    """
    paths = 0
    for folder, names, files in os.walk(tree):
        paths += len(names) + len(files)
        if any(name.lower() == ".git" for name in (*names, *files)):
            inside = Path(folder).relative_to(tree)
            raise PolicyViolation(f"there is a .git in {inside} of the tree.", reason="nested_repository")
        if paths > _MAX_PATHS:
            raise PolicyViolation(f"the tree has more than {_MAX_PATHS} paths.", reason="too_many_changes")


def changes_between(git: GitCommand, base: str, made: str, place: Mapping[str, str]) -> tuple[FileChange, ...]:
    """Compare two tree-ishes; `place` is the environment that finds their objects.

    Raises: PolicyViolation `too_many_changes`; UpstreamError `git_failed`.
    """
    done = _good(
        git.run("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", base, made, environment=place)
    )
    entries = list(_entries(done.out))
    if len(entries) > MAX_CHANGES:
        raise PolicyViolation(f"{len(entries)} files differ; {MAX_CHANGES} are allowed.", reason="too_many_changes")
    blobs = _read(git, {number for entry in entries for number in entry.blobs()}, place)
    return tuple(_change(entry, blobs) for entry in entries)


def text_at(git: GitCommand, sha: str, path: str) -> str | None:
    """Give a file's text at a commit; None where it has no such file, or one that is not UTF-8."""
    done = git.run("cat-file", "blob", f"{sha}:{path}")
    try:
        return None if done.code else done.out.decode()
    except UnicodeDecodeError:
        return None


def _entries(raw: bytes) -> Iterator[_Entry]:
    """Read `:old_mode new_mode old_id new_id letter NUL path NUL` (git-diff-tree(1), "Raw output format")."""
    parts = raw.decode("utf-8", "backslashreplace").split("\0")
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, letter = head.removeprefix(":").split(" ")
        yield _Entry(path, letter[0], old_mode, new_mode, old_id, new_id)


def _change(entry: _Entry, blobs: Mapping[str, _Blob]) -> FileChange:
    old, new = blobs.get(entry.old_id), blobs.get(entry.new_id)
    sides = [side for side in (old, new) if side]
    return FileChange(
        path=entry.path,
        status=_STATUS[entry.letter],
        old_mode=entry.old_mode,
        new_mode=entry.new_mode,
        old_text=old.text() if old else None,
        new_text=new.text() if new else None,
        binary=any(side.text() is None for side in sides),
        size=(new or old or _NOTHING).size,
    )


def _read(git: GitCommand, ids: Iterable[str], place: Mapping[str, str]) -> dict[str, _Blob]:
    """Read blobs in two commands: sizes first, then those that are small enough."""
    wanted = sorted(ids)
    sizes = dict(zip(wanted, _sizes(git, wanted, place), strict=True))
    small = [number for number in wanted if sizes[number] <= TEXT_LIMIT]
    asked = "".join(f"{number}\n" for number in small).encode()
    room = sum(sizes[number] + 100 for number in small)
    out = _good(git.run("cat-file", "--batch", environment=place, given=asked, limit=room)).out
    blobs = {number: _Blob(size, None) for number, size in sizes.items()}
    for number in small:
        start = out.index(b"\n") + 1
        blobs[number] = _Blob(sizes[number], out[start : start + sizes[number]])
        out = out[start + sizes[number] + 1 :]
    return blobs


def _sizes(git: GitCommand, ids: list[str], place: Mapping[str, str]) -> list[int]:
    asked = "".join(f"{number}\n" for number in ids).encode()
    out = _good(git.run("cat-file", "--batch-check=%(objectsize)", environment=place, given=asked)).out
    return [int(line) for line in out.split()]


def _good(done: Output) -> Output:
    if done.code:
        raise UpstreamError("git could not compare two trees.", service="git", reason="git_failed")
    return done
