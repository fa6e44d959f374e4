"""What lies in folders: logs, temporary files, the work folder. Regular files only: a link's target is searched where it lies."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from healer.audit import Piece
from healer.errors import UpstreamError

_CHUNK: Final = 8 << 20
_OVERLAP: Final = 64 << 10
"""More than the longest writing of a value, so that none is lost between two chunks."""


class FilesSink:
    """The files below some folders. `without` are the names of folders that are left out, because another sink reads them."""

    def __init__(self, folders: Sequence[Path], without: Sequence[str] = ()) -> None:
        self._folders, self._without = folders, without

    def pieces(self) -> Iterator[Piece]:
        """Give every file in chunks, by its path. What vanishes meanwhile holds nothing any more.

        Raises: UpstreamError `unread`, after all that can be read, where something cannot.
        """
        refused: list[str] = []
        for folder in self._folders:
            if not folder.is_dir():
                refused.append(str(folder))
            for path in self._paths(folder, refused):
                yield from _chunks(path, refused)
        if refused:
            raise UpstreamError(
                f"{len(refused)} files or folders could not be read, the first {refused[0]}",
                service="files",
                reason="unread",
            )

    def _paths(self, folder: Path, refused: list[str]) -> Iterator[Path]:
        def note(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                refused.append(str(error.filename))

        for where, folders, names in os.walk(folder, onerror=note):
            folders[:] = sorted(name for name in folders if name not in self._without)
            yield from (Path(where, name) for name in sorted(names))


def _chunks(path: Path, refused: list[str]) -> Iterator[Piece]:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return
        with path.open("rb") as file:
            yield from (Piece(str(path), chunk) for chunk in _read(file))
    except FileNotFoundError:
        return
    except OSError:
        refused.append(str(path))


def _read(file: IO[bytes]) -> Iterator[bytes]:
    tail = b""
    while chunk := file.read(_CHUNK):
        yield tail + chunk
        tail = (tail + chunk)[-_OVERLAP:]
