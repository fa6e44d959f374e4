"""What a container left in its writable directory. It is as hostile as what ran there.

No link is followed, no device or pipe is opened for long, nothing larger than agreed is read.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from healer import strict_json
from healer.bills import Pdf
from healer.clients import pdf
from healer.errors import Rejected

RESULT_MAX: Final = 4 << 20
TRACE_MAX: Final = 4 << 20
BODY_MAX: Final = 2 << 20
BODIES_MAX: Final = 60
PDF_MAX: Final = 20 << 20
PDFS_MAX: Final = 256 << 20
"""Bytes of all PDFs together; those beyond count as absent."""
_DEPTH_MAX: Final = 6
_BODY: Final = re.compile(r"[0-9]{1,6}\.body")
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK a pipe would hold us until somebody writes.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read(root: Path, name: str, most: int) -> bytes | None:
    """Give a file below `root`; None where `name` is no regular file of at most `most` bytes reached without any link."""
    parts = name.split("/")
    if len(parts) > _DEPTH_MAX or "\0" in name or any(part in {"", ".", ".."} for part in parts):
        return None
    try:
        with ExitStack() as opened:
            place = _open(opened, str(root), None, _DIRECTORY)
            for part in parts[:-1]:
                place = _open(opened, part, place, _DIRECTORY)
            return _content(_open(opened, parts[-1], place, _FILE), most)
    except OSError:
        return None


def read_json(root: Path, name: str, most: int) -> dict[str, Any] | None:
    """Give a JSON object below `root`; None where there is none that everybody reads alike."""
    raw = read(root, name, most)
    try:
        return None if raw is None else strict_json.parse(raw)
    except Rejected:
        return None


def read_pdfs(root: Path, names: tuple[str, ...], reader: pdf.Reader) -> dict[str, Pdf]:
    """Give what matters of those files that are there."""
    found: dict[str, bytes] = {}
    room = PDFS_MAX
    for name in names:
        content = read(root, name, min(PDF_MAX, room))
        if content is not None:
            room -= len(content)
            found[name] = content
    texts = reader.texts(list(found.values()))
    told = zip(found.items(), texts, strict=True)
    return {name: _pdf(content, said) for (name, content), said in told}


def _pdf(content: bytes, said: pdf.Said | None) -> Pdf:
    digest = hashlib.sha256(content).hexdigest()
    return Pdf(digest, said.text, said.layout) if said else Pdf(digest, None)


def read_bodies(root: Path, trace: Mapping[str, Any]) -> dict[str, bytes]:
    """Give the bodies that a raw trace names, by file name."""
    found = {name: read(root, name, BODY_MAX) for name in _body_names(trace)}
    return {name: body for name, body in found.items() if body is not None}


def _body_names(trace: Mapping[str, Any]) -> Iterator[str]:
    steps = trace.get("steps")
    for step in steps[:BODIES_MAX] if isinstance(steps, list) else ():
        name = step.get("body") if isinstance(step, dict) else None
        if isinstance(name, str) and _BODY.fullmatch(name):
            yield name


def _open(opened: ExitStack, name: str, place: int | None, flags: int) -> int:
    descriptor = os.open(name, flags, dir_fd=place)
    opened.callback(os.close, descriptor)
    return descriptor


def _content(descriptor: int, most: int) -> bytes | None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most:
        return None
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read(most)
