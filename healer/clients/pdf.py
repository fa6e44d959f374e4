"""PDFs as text, read by a process of its own: a file that a scraper left may be made to choke its reader."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

_SECONDS: Final = 30.0


class Said(NamedTuple):
    """What a PDF says: its text, and the text as it stands on the page, with columns kept by spaces; empty where it has none."""

    text: str
    layout: str


def texts(contents: Sequence[bytes]) -> list[Said | None]:
    """Give the text of each file; None where it does not open as a PDF, or took the reader with it."""
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
        read = [Said(*said) if said else None for said in json.loads(done.stdout)]
    except (subprocess.SubprocessError, ValueError):
        return [None] * len(contents)
    return read
