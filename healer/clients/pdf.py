"""PDFs as text, read by a process of its own: a file that a scraper left may be made to choke its reader."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

_SECONDS: Final = 30.0


def texts(contents: Sequence[bytes]) -> list[str | None]:
    """Give the text of each file, empty where it has none; None where it does not open as a PDF, or took the reader with it."""
    if not contents:
        return []
    lengths = json.dumps([len(content) for content in contents]).encode()
    argv = [sys.executable, "-I", "-m", "healer.clients.pdf_reader"]
    try:
        done = subprocess.run(  # noqa: S603 - our own argv
            argv,
            input=b"\n".join((lengths, b"".join(contents))),
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            env={},
        )
        read: list[str | None] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return [None] * len(contents)
    return read
