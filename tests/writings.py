"""How a secret may be written down: the table that redaction is held against, and secrets that are hard to write."""

import base64
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote, quote_plus

Writing = Callable[[str], str]

AWKWARD = (
    "S3cr3t/Pa+ss==w0rd!",
    'it\'s "x" #{y} & <z>',
    "pässwörd-ünï-123",
    "100%sure?&me=you",
    "abababab1abababab1x",
    "hunter22",
    "\\back\\slash\\ and $HOME `id`",
    "line-one=1\nline-two=2",
    "x9" + "Ab3-" * 129 + "z!",
)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def wrapped(text: str, width: int, end: str = "\n") -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


def _once_html(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;")


WRITINGS: dict[str, Writing] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "reversed": lambda s: s[::-1],
    "json": json.dumps,
    "json utf-8": lambda s: json.dumps(s, ensure_ascii=False),
    "json slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "json for pages": lambda s: (
        json.dumps(s, ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    ),
    "json in json": lambda s: json.dumps(json.dumps(s)),
    "url": lambda s: quote(s, safe=""),
    "url path": quote,
    "url form": quote_plus,
    "url lower": lambda s: quote(s, safe="").lower(),
    "double url": lambda s: quote(quote(s, safe=""), safe=""),
    "double url form": lambda s: quote_plus(quote_plus(s)),
    "percent": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "html": html.escape,
    "xml": lambda s: html.escape(s).replace("&#x27;", "&apos;"),
    "erb": _once_html,
    "html text": lambda s: html.escape(s, quote=False),
    "html decimal": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "html hex": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "html decimal of markup": lambda s: "".join(f"&#{ord(c)};" if c in "<>&\"'" else c for c in s),
    "html of json": lambda s: html.escape(json.dumps(s)),
    "json of html": lambda s: json.dumps(html.escape(s)),
    "url of json": lambda s: quote(json.dumps(s), safe=""),
    "json of url": lambda s: json.dumps(quote(s, safe="")),
    "shell": lambda s: "'" + s.replace("'", "'\\''") + "'",
    "shell quotes": lambda s: "'" + s.replace("'", "'\"'\"'") + "'",
    "json of shell": lambda s: json.dumps("'" + s.replace("'", "'\\''") + "'"),
    "yaml": lambda s: "'" + s.replace("'", "''") + "'",
    "csv": lambda s: '"' + s.replace('"', '""') + '"',
    "ruby": lambda s: json.dumps(s, ensure_ascii=False).replace("#{", "\\#{"),
    "repr": repr,
    "repr of bytes": lambda s: repr(s.encode()),
    "hex": lambda s: s.encode().hex(),
    "hex upper": lambda s: s.encode().hex().upper(),
    "hex pairs": lambda s: s.encode().hex(" "),
    "hex colons": lambda s: s.encode().hex(":"),
    "hex escapes": lambda s: "".join(f"\\x{b:02x}" for b in s.encode()),
    "octal escapes": lambda s: "".join(f"\\{b:03o}" for b in s.encode()),
    "unicode escapes": lambda s: "".join(f"\\u{ord(c):04X}" for c in s),
    "quoted-printable": lambda s: quopri.encodestring(s.encode()).decode().removesuffix("=\n"),
    "base32": lambda s: base64.b32encode(s.encode()).decode().rstrip("="),
    "base64": b64,
    "base64 bare": lambda s: b64(s).rstrip("="),
    "base64 url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 url bare": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "base64 twice": lambda s: b64(b64(s)),
    "base64 of json": lambda s: b64(json.dumps(s)[1:-1]),
    "base64 of url": lambda s: b64(quote(s, safe="")),
    "base64 of utf-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 with line end": lambda s: b64(s + "\n"),
    "base64 wrapped": lambda s: wrapped(b64(s), 10),
    "base64 wrapped by mail": lambda s: wrapped(b64(s), 76, "\r\n"),
    "base64 wrapped in json": lambda s: json.dumps(wrapped(b64(s), 60)),
    "base64 in json": lambda s: json.dumps(b64(s)),
    "base64 in url": lambda s: quote(b64(s), safe=""),
    "utf-16": lambda s: s.encode("utf-16-le").decode("utf-8", "surrogateescape"),
    "latin-1": lambda s: s.encode("latin-1").decode("utf-8", "surrogateescape"),
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
    "colours": lambda s: "\x1b[31m".join(s) + "\x1b[0m",
    "colours in base64": lambda s: "\x1b[1;31m".join(b64(s)) + "\x1b[0m",
    "zero width": "\u200b".join,
    "zero width in hex": lambda s: "\u2060".join(s.encode().hex()),
    "blanks": " ".join,
    "lines": "\r\n".join,
    "nul": "\0".join,
}
