"""PDFs as text, read by a process of its own: a file that a scraper left may be made to choke its reader."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

_SECONDS: Final = 30.0


class Said(NamedTuple):
    """What a PDF says: its text, and the text as it stands on the page, with columns kept by spaces; empty where it has none."""

    text: str
    layout: str


class Reader:
    """The process, started at once: by the time that there is something to read it is ready. It reads once."""

    def __init__(self) -> None:
        argv = [sys.executable, "-I", "-m", "healer.clients.pdf_reader"]
        self._child = subprocess.Popen(  # noqa: S603 - our own argv
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        )

    def texts(self, contents: Sequence[bytes]) -> list[Said | None]:
        """Give the text of each file; None where it does not open as a PDF, or took the reader with it."""
        if not contents:
            return []
        lengths = json.dumps([len(content) for content in contents]).encode()
        try:
            told, _ = self._child.communicate(b"\n".join((lengths, b"".join(contents))), timeout=_SECONDS)
            read = [Said(*said) if said else None for said in json.loads(told)]
        except (subprocess.SubprocessError, OSError, ValueError):
            return [None] * len(contents)
        return read if self._child.returncode == 0 else [None] * len(contents)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        with self._child:
            pass
