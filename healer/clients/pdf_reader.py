"""The process behind `healer.clients.pdf`: lengths as one line of JSON and the files on standard input, their texts as JSON out."""

import io
import json
import resource
import sys
from typing import Final, Literal

import pypdf

_MEMORY: Final = 1 << 30
_CPU_S: Final = 20
_TEXT_MAX: Final = 200_000
_PAGES_MAX: Final = 20


def main() -> None:
    """Read standard input and answer, within limits that a hostile file runs into alone."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    lengths = json.loads(sys.stdin.buffer.readline())
    found = [_text(sys.stdin.buffer.read(length)) for length in lengths]
    sys.stdout.write(json.dumps(found))


def _text(content: bytes) -> tuple[str, str] | None:
    if not content.startswith(b"%PDF-"):
        return None
    try:
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        count = len(pages)
    except Exception:  # noqa: BLE001 - whatever the file did to its reader, it did not open
        return None
    if not count:
        return None
    plain, layout = (
        "\n".join(_page(pages[number], mode) for number in range(min(count, _PAGES_MAX)))[:_TEXT_MAX]
        for mode in ("plain", "layout")
    )
    return plain, layout


def _page(page: pypdf.PageObject, mode: Literal["plain", "layout"]) -> str:
    try:
        return str(page.extract_text(extraction_mode=mode))
    except Exception:  # noqa: BLE001 - a page that opens and cannot be read is one of pictures
        return ""


if __name__ == "__main__":
    main()
