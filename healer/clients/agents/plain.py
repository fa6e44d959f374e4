"""Reads a file that a program may have left where it could leave anything: a link, a pipe or something endless is none."""

import os
import stat
from pathlib import Path


def read(path: Path, most: int) -> bytes | None:
    """Give the first `most` bytes of a regular file, None where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            return file.read(most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None
