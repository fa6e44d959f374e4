"""Every way in which a secret value may be written down: the needles that redaction searches for.

Pure text in, texts out. What cannot be searched for (compressed, encrypted, hashed values) is not here.
"""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

Encoder = Callable[[str], str]


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _json_utf8(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _json_slashed(value: str) -> str:
    return _json(value).replace("/", "\\/")


def _escaped(specials: str, replacement: Callable[[str], str]) -> Encoder:
    pattern = re.compile(specials)
    return lambda value: pattern.sub(lambda match: replacement(match[0]), value)


def _json_for_html(specials: str) -> Encoder:
    """As JSON is written into pages."""
    escape = _escaped(specials, lambda char: f"\\u{ord(char):04x}")
    return lambda value: escape(_json_utf8(value))


def _every(form: Callable[[int], str]) -> Encoder:
    return lambda value: "".join(form(ord(char)) for char in value)


def _every_byte(form: Callable[[int], str]) -> Encoder:
    return lambda value: "".join(form(byte) for byte in _bytes(value))


def _ruby_inspect(value: str) -> str:
    escaped = _json_utf8(value).replace("\\u001b", "\\e")
    return re.sub(r"#(?=[{$@])", "\\#", escaped)


def _byte_escapes(value: str) -> str:
    r"""As Ruby and Python show a binary string: what is not ASCII as `\xc3`."""
    return "".join(chr(b) if b < 0x80 else f"\\x{b:02x}" for b in _bytes(_ruby_inspect(value)))  # noqa: PLR2004 - ASCII


_HTML_MARKUP = r"[&<>]"
_HTML_ALL = r"""[&<>"']"""

_ONCE: tuple[Encoder, ...] = (
    _json,
    _json_utf8,
    _json_slashed,
    _json_for_html(r"[&<>]"),  # Rails and Go
    _json_for_html(r"[&<>']"),  # Django and PHP
    lambda value: quote(value, safe=""),
    quote,
    quote_plus,
    lambda value: quote(value, safe="!*'()"),
    _every_byte(lambda byte: f"%{byte:02x}"),
    html.escape,
    lambda value: html.escape(value).replace("&#x27;", "&apos;"),
    lambda value: html.escape(value).replace("&#x27;", "&#39;"),
    lambda value: html.escape(value).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    lambda value: html.escape(value, quote=False),
    _escaped(_HTML_MARKUP, lambda char: f"&#{ord(char)};"),
    _escaped(_HTML_ALL, lambda char: f"&#{ord(char)};"),
    _escaped(_HTML_ALL, lambda char: f"&#x{ord(char):x};"),
    _every(lambda code: f"&#{code};"),
    _every(lambda code: f"&#x{code:x};"),
    _every(lambda code: f"\\u{code:04x}"),
    _every_byte(lambda byte: f"\\x{byte:02x}"),
    _every_byte(lambda byte: f"\\{byte:03o}"),
    lambda value: _bytes(value).hex(":"),
    lambda value: value.replace("'", "'\"'\"'"),
    lambda value: value.replace("'", "'\\''"),
    _escaped(r'["$`\\!]', lambda char: f"\\{char}"),
    _escaped(r"[^A-Za-z0-9_\-.,:+/@\n]", lambda char: f"\\{char}"),
    _escaped(r"[^A-Za-z0-9_]", lambda char: f"\\{char}"),
    _escaped(r"[\\']", lambda char: f"\\{char}"),
    lambda value: value.replace("'", "''"),
    lambda value: value.replace('"', '""'),
    _ruby_inspect,
    _byte_escapes,
    lambda value: repr(value)[1:-1],
    lambda value: quopri.encodestring(_bytes(value)).decode("ascii").replace("=\n", ""),
    lambda value: value[::-1],
    lambda value: _bytes(value).hex(),
    lambda value: base64.b32encode(_bytes(value)).decode("ascii").rstrip("="),
)

_AGAIN: tuple[Encoder, ...] = (_json, _json_slashed, lambda value: quote(value, safe=""), quote_plus, html.escape)
"""What is commonly wrapped around an encoding that is there already: JSON in JSON, a doubly quoted URL, JSON in a page."""


def _base64(data: bytes) -> Iterator[str]:
    """Give the whole encoding, and at each of the three offsets the part that no neighbouring byte can change."""
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        yield encoded.decode("ascii")
        yield encoded.decode("ascii").rstrip("=")
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        shifted = b"\0" * offset + data
        for encoded in (base64.b64encode(shifted), base64.urlsafe_b64encode(shifted)):
            yield encoded.decode("ascii")[first:last]


def _base64s(value: str) -> Iterator[str]:
    sources = {_bytes(text) for text in (value, value + "\n", _json(value), quote(value, safe=""))}
    sources.add(value.encode("utf-16-le", "surrogatepass"))
    for source in sources:
        yield from _base64(source)
    for once in set(_base64(_bytes(value))):
        yield from _base64(once.encode("ascii"))


def _variants(value: str) -> Iterator[str]:
    once = {encode(value) for encode in _ONCE} | set(_base64s(value)) | {value}
    yield from once
    for text in once:
        yield from (encode(text) for encode in _AGAIN)


def parts(values: Iterable[str]) -> Iterator[str]:
    """Give each value, and each line of those that have several, without surrounding blanks."""
    for value in values:
        yield value.strip()
        yield from (line.strip() for line in value.splitlines())


def needles(value: str) -> set[str]:
    """Give every text by which `value` may appear, itself included. Case is not varied: the search ignores it."""
    return set(_variants(value))
