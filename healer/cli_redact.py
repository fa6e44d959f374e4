"""`healer redact`: a filter for any pipeline, from standard input to standard output, in bounded memory.

Bytes that are no UTF-8 go through as they are. What may be the beginning of a secret is held back, for a moment where a reader waits.
"""

import codecs
import os
import re
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from healer.errors import Misconfigured, UpstreamError
from healer.redact import Redactor, is_maskable
from healer.stream import RedactedStream

_CHUNK: Final = 65_536
_PATIENCE_S: Final = 0.05
"""So long nothing must come before the few letters go out that are held back and too short to be a secret."""
_STDIN, _STDOUT = 0, 1
_BYTES_TOO: Final = "surrogateescape"
_ESCAPED: Final = re.compile(r"\\[n\\]")

_Secrets = Annotated[
    Path | None,
    typer.Option(
        "--secrets", help="A file with one secret a line; in it a line break is written \\n, a backslash \\\\."
    ),
]
_Personal = Annotated[bool, typer.Option("--personal", help="Mask e-mail addresses and account numbers too.")]


def redact(*, secrets: _Secrets = None, personal: _Personal = False) -> None:
    """Copy standard input to standard output with *** in place of secrets: those of a file, and all of known form.

    Exit codes: 0 all is through; 1 input or output failed; 2 wrong usage, or no secret can be read from the file: nothing is
    passed on then. A reader that goes away ends it silently, by SIGPIPE.
    """
    redactor = Redactor(_values(secrets) if secrets else (), personal=personal)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        _copy(RedactedStream(redactor))
    except OSError as error:
        raise UpstreamError(
            f"standard input or output failed ({error.strerror}); what came out is cut off.",
            service="pipe",
            reason="pipe",
        ) from None


def _copy(stream: RedactedStream) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")(_BYTES_TOO)
    for data in _arriving():
        _put(stream.feed(decoder.decode(data)) if data else stream.pause())
    _put(stream.feed(decoder.decode(b"", final=True)) + stream.finish())


def _arriving() -> Iterator[bytes]:
    """Give what comes, as it comes; and once nothing, where nothing comes for a moment."""
    patience: float | None = _PATIENCE_S
    while True:
        if not select.select([_STDIN], [], [], patience)[0]:
            patience = None
            yield b""
        elif data := os.read(_STDIN, _CHUNK):
            patience = _PATIENCE_S
            yield data
        else:
            return


def _put(text: str) -> None:
    data = memoryview(text.encode("utf-8", _BYTES_TOO))
    while data:
        data = data[os.write(_STDOUT, data) :]


def _values(path: Path) -> list[str]:
    """Read the secrets, each as it stands and with its escapes resolved, as nobody can know which one was meant."""
    lines = [line for line in map(_unended, _read(path).split("\n")) if line.strip()]
    if not lines:
        raise _unusable("is empty")
    left_out = sum(not is_maskable(_resolved(line)) for line in lines)
    if left_out:
        typer.echo(f"healer: {left_out} of {len(lines)} secrets are too short or too common to be masked.", err=True)
    return [*lines, *map(_resolved, lines)]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unusable(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _unusable("is not in UTF-8") from None


def _unusable(why: str) -> Misconfigured:
    return Misconfigured(
        f"the file of secrets {why}; nothing was passed on.",
        reason="secrets_file",
        remedy="Give a file with a secret a line, or none to mask by form alone.",
    )


def _unended(line: str) -> str:
    return line.removesuffix("\r")


def _resolved(line: str) -> str:
    return _ESCAPED.sub(lambda escape: "\n" if escape[0] == "\\n" else "\\", line)
