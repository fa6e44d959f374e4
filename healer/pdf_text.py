"""A text → a PDF that says it: one page, one font of even width, so that columns stay columns (ISO 32000-1, sections 7.5 and 9.4)."""

from typing import Final

_SIZE: Final = 8
_WIDTH: Final = 4.8
"""Of a character of Courier at that size."""
_LEADING: Final = 10
_MARGIN: Final = 20
_ESCAPED: Final = {ord(char): f"\\{char}" for char in "()\\"}


def made(text: str) -> bytes:
    """Give the PDF. What Windows-1252 lacks becomes a question mark."""
    lines = text.splitlines() or [""]
    width = round(2 * _MARGIN + _WIDTH * max(map(len, lines)))
    height = 2 * _MARGIN + _LEADING * len(lines)
    shown = "".join(f"({line.translate(_ESCAPED)})'\n" for line in lines)
    content = f"BT /F1 {_SIZE} Tf {_LEADING} TL {_MARGIN} {height - _MARGIN} Td\n{shown}ET".encode("cp1252", "replace")
    page = f"/MediaBox[0 0 {width} {height}]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"
    return _file(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R{page}>>".encode(),
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
    )


def _file(*objects: bytes) -> bytes:
    """Give the file: header, objects, their places, trailer."""
    body, places = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        places += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size = len(objects) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n%s" % (size, places) + trailer
