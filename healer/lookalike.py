"""Redaction by shape: a value loses what it says and keeps how it looks (SPEC §1, "Trace").

Digits are replaced by digits drawn from HMAC-SHA256 over the whole value, so that equal values stay equal under one
key, a date stays date-shaped and money money-shaped. Words stay: labels are what a page is recognised by.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit, urlunsplit

_EMAIL = r"(?P<email>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
_OPAQUE = r"(?P<opaque>[A-Za-z0-9_+=-]{20,})"
# One separator between digits belongs to the value; a space only where a group of thousands follows.
_DIGITS = r"(?P<digits>\d(?:\d|[.,:/-](?=\d)|[ \u00a0\u202f](?=\d{3}(?!\d)))*)"
_VALUES = re.compile(f"{_EMAIL}|{_OPAQUE}|{_DIGITS}")
_NUMBERS = re.compile(_DIGITS)
_LONG_NUMBERS = re.compile(r"\d{5,}")
_PLAIN_PART = re.compile(r"[A-Za-z]*|\d*")


class Lookalike:
    """The substitution under one `key`. Equal inputs give equal outputs; nothing else is remembered."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def text(self, text: str) -> str:
        """Replace e-mail addresses, long opaque tokens and digits; keep every other character."""
        return _VALUES.sub(self._value, text)

    def selector(self, selector: str) -> str:
        """Replace only numbers of five digits and more: shorter ones are positions such as `nth-child(4)`."""
        return _LONG_NUMBERS.sub(self._digits, selector)

    def number(self, literal: str) -> str:
        """Replace the digits of a JSON number; the result is a JSON number of the same length."""
        return _NUMBERS.sub(self._digits, literal)

    def token(self, kind: str, value: str) -> str:
        """Give a value-stable word that says only what `kind` of thing stood there; nothing for nothing."""
        return f"{kind}-{self._mac(value).hex()[:10]}" if value else ""

    def url(self, url: str) -> str:
        """Keep scheme, host and port, redact the path by shape, drop user info and query values."""
        address, fragment_mark, fragment = url.strip().partition("#")
        address, query_mark, query = address.partition("?")
        try:
            parts = urlsplit(address)
            host = parts.netloc.rpartition("@")[2]
        except ValueError:
            return self.text(url)
        if parts.scheme in {"javascript", "data", "vbscript"}:
            return f"{parts.scheme}:"
        place = urlunsplit((parts.scheme, host, self.text(parts.path), "", ""))
        fragment = "" if "=" in fragment else self.text(fragment)
        return f"{place}{query_mark}{self._query(query)}{fragment_mark}{fragment}"

    def _query(self, query: str) -> str:
        pairs = (pair.partition("=") for pair in query.split("&"))
        return "&".join(self.text(name) + equals for name, equals, _ in pairs)

    def _value(self, match: re.Match[str]) -> str:
        value = match.group()
        if match.lastgroup == "email":
            return f"{self.token('email', value)}@example.invalid"
        if match.lastgroup == "opaque":
            return _NUMBERS.sub(self._digits, value) if _is_words(value) else self.token("token", value)
        return self._digits(match)

    def _digits(self, match: re.Match[str]) -> str:
        value = match.group()
        stream = self._stream(value)
        replaced = "".join(next(stream) if char.isdecimal() else char for char in value)
        # A leading digit stays zero or non-zero, so that a number stays a number in JSON.
        if value[0] == "0":
            return "0" + replaced[1:]
        return ("7" if replaced[0] == "0" else replaced[0]) + replaced[1:]

    def _stream(self, value: str) -> Iterator[str]:
        for block in count():
            yield from (str(byte % 10) for byte in self._mac(f"{block}:{value}"))

    def _mac(self, value: str) -> bytes:
        return hmac.new(self._key, value.encode("utf-8", "replace"), hashlib.sha256).digest()


def _is_words(value: str) -> bool:
    """Tell `statement-2026-10-31` from a token: each part is letters or digits, never both."""
    return all(_PLAIN_PART.fullmatch(part) for part in re.split(r"[-_+=]", value))
