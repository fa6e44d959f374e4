"""Rules of redaction: known values in any writing, unknown ones by form, ordinary text untouched."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.encodings import needles
from healer.redact import MASK, Redactor, is_maskable

AWKWARD = (
    "S3cr3t/Pa+ss==w0rd!",
    'it\'s "x" #{y} & <z>',
    "pässwörd-ünï-123",
    "100%sure?&me=you",
    "abababab1abababab1x",
    "hunter22",
    "\\back\\slash\\ and $HOME `id`",
    "x9" + "Ab3-" * 128 + "z!",
)

Writing = Callable[[str], str]


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WRITINGS: dict[str, Writing] = {
    "as it is": str,
    "upper case": str.upper,
    "reversed": lambda s: s[::-1],
    "json": json.dumps,
    "json utf-8": lambda s: json.dumps(s, ensure_ascii=False),
    "json slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "json in json": lambda s: json.dumps(json.dumps(s)),
    "url": lambda s: quote(s, safe=""),
    "url path": quote,
    "url form": quote_plus,
    "url lower": lambda s: quote(s, safe="").lower(),
    "double url": lambda s: quote(quote(s, safe=""), safe=""),
    "html": html.escape,
    "xml": lambda s: html.escape(s).replace("&#x27;", "&apos;"),
    "erb": lambda s: html.escape(s).replace("&#x27;", "&#39;"),
    "html text": lambda s: html.escape(s, quote=False),
    "html decimal": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "html hex": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "html of json": lambda s: html.escape(json.dumps(s)),
    "json of html": lambda s: json.dumps(html.escape(s)),
    "url of json": lambda s: quote(json.dumps(s), safe=""),
    "shell": lambda s: "'" + s.replace("'", "'\\''") + "'",
    "shell quotes": lambda s: "'" + s.replace("'", "'\"'\"'") + "'",
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
    "unicode escapes": lambda s: "".join(f"\\u{ord(c):04X}" for c in s),
    "percent": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "base32": lambda s: base64.b32encode(s.encode()).decode().rstrip("="),
    "base64": _b64,
    "base64 bare": lambda s: _b64(s).rstrip("="),
    "base64 url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 twice": lambda s: _b64(_b64(s)),
    "base64 of utf-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 with line end": lambda s: _b64(s + "\n"),
    "base64 wrapped": lambda s: "\n".join(_b64(s)[i : i + 10] for i in range(0, len(_b64(s)), 10)),
    "base64 in json": lambda s: json.dumps(_b64(s)),
    "base64 in url": lambda s: quote(_b64(s), safe=""),
    "colours": lambda s: "\x1b[31m".join(s) + "\x1b[0m",
    "zero width": "\u200b".join,
    "blanks": " ".join,
    "nul": "\0".join,
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
}


@pytest.mark.parametrize("name", WRITINGS)
@pytest.mark.parametrize("secret", AWKWARD)
def test_known_value_is_masked_however_it_is_written(name: str, secret: str) -> None:
    """A known value is masked in full in every encoding of the table."""
    write = WRITINGS[name]
    masked = Redactor([secret]).text(write(secret))
    frame = write("")
    assert MASK in masked
    assert len(masked.replace(MASK, "")) <= len(frame)


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("secret", AWKWARD)
def test_value_inside_a_base64_text_is_masked(secret: str, before: str) -> None:
    """A known value inside a longer base64 text is masked at each of the three offsets, but for characters shared with neighbours."""
    written = _b64(before + secret + "tail")
    masked = Redactor([secret]).text(written)
    left, _, right = masked.partition(MASK)
    assert MASK in masked
    assert len(left) * 6 < len(before) * 8 + 6
    assert len(right.rstrip("=")) <= 7


def test_each_line_of_a_value_is_masked_by_itself() -> None:
    """Each line of a value with several lines is a secret of its own."""
    redactor = Redactor(["first-line-1\nsecond-line-2"])
    assert redactor.text("a second-line-2 b") == "a *** b"
    assert redactor.text(json.dumps("first-line-1\nsecond-line-2")) == '"***"'


@pytest.mark.parametrize("value", ["", "abc", "12345", "000000", "ababab", "password", "  x ", "Administrator"])
def test_short_or_common_values_leave_text_alone(value: str) -> None:
    """Values that are shorter than six characters, monotonous, or everyday words are not masked."""
    text = "the administrator set password to abc 12345 000000 ababab x"
    assert Redactor([value]).text(text) == text
    assert not is_maskable(value)


SHAPED = {
    "github": "ghp_" + "a1B2" * 9,
    "github installation": "ghs_1234567_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnLW5h-dHVyZQ",
    "github fine-grained": "github_pat_11ABCDEFG0123456789_abcdefghijkl",
    "anthropic": "sk-ant-api03-AbCdEf123456-_7890",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "atlassian": "ATATT3xFfGF0abcdefghijklmnopqrstuvwxyz=1234ABCD",
    "slack": "xoxb-123456789012-abcdefGHIJ",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl",
    "signing key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAAAA==\n-----END RSA PRIVATE KEY-----",
    "private key cut off": "-----BEGIN PRIVATE KEY-----\nMIIEowAAAA",
    "healer token": "healer_" + "Ab3-" * 10,
}


@pytest.mark.parametrize("name", SHAPED)
def test_token_is_masked_by_its_form(name: str) -> None:
    """A vendor's token is masked although nobody registered it."""
    assert Redactor().text(f"got {SHAPED[name]}, then") == "got ***, then"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("{'authorization': 'token abc'}", "{'authorization': 'token ***'}"),
        ("sent Basic dXNlcjpwYXNz now", "sent Basic dXNlcjpwYXNz now"),
        ("sent Basic dXNlcjpwYXNzMQ== now", "sent Basic *** now"),
        ("Set-Cookie: session=abc; Path=/\nnext", "Set-Cookie: ***\nnext"),
        ("git clone https://x-access-token:abc@github.example/a.git", "git clone https://***@github.example/a.git"),
        ("see https://github.example/a@b?c=d@e", "see https://github.example/a@b?c=d@e"),
        ("a basic understanding of bearer bonds", "a basic understanding of bearer bonds"),
    ],
)
def test_header_and_address_keep_their_frame(text: str, masked: str) -> None:
    """Of a header or an address only the secret part is masked; prose about them is left alone."""
    assert Redactor().text(text) == masked


def test_value_inside_a_token_masks_the_whole_token() -> None:
    """A known value inside a token does not save the rest of the token."""
    assert Redactor(["JpcFake9X"]).text("eyJhbGciOiJ9.eyJpc3MiJpcFake9X.sig") == MASK


def test_data_is_redacted_in_keys_values_and_numbers() -> None:
    """JSON-like values are walked: keys, texts, numbers; other values stay as they are."""
    redactor = Redactor(["hunter22", "70012345"])
    data = {"hunter22": [1, "a hunter22", None, True, 70012345, {"x": ("y",)}]}
    assert redactor.data(data) == {MASK: [1, "a ***", None, True, MASK, {"x": ("y",)}]}


def test_values_may_come_later() -> None:
    """A value counts from the moment at which it is added, beside the earlier ones."""
    redactor = Redactor(["hunter22"])
    redactor.add(["correct-horse"])
    assert redactor.text("hunter22 correct-horse") == "*** ***"


@given(st.text(), st.text(min_size=8).filter(is_maskable), st.text())
def test_no_text_breaks_redaction(before: str, secret: str, after: str) -> None:
    """Whatever surrounds a secret, it is masked, and a second pass changes nothing."""
    redactor = Redactor([secret])
    masked = redactor.text(before + secret + after)
    assert secret.strip() not in masked or secret.strip() in MASK
    assert redactor.text(masked) == masked


@given(st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF)))
def test_any_text_passes(text: str) -> None:
    """Lone surrogates, controls and combining characters are no reason to fail."""
    assert isinstance(Redactor(["hunter22"]).text(text), str)


@pytest.mark.parametrize("secret", AWKWARD)
def test_needles_hold_the_value_and_stay_few(secret: str) -> None:
    """A value's needles include itself and number fewer than 300."""
    assert secret in needles(secret)
    assert len(needles(secret)) < 300


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1B2" * 9,
        "ghs_123456_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
        "github_pat_11ABCDEFG0plantedplantedplanted",
        "sk-ant-api03-" + "x9" * 12,
        "AKIAABCDEFGHIJKLMNOP",
        "ATATT3xFfGF0" + "Qw3-" * 8,
        "xoxb-1234567890-abcdefghij",
        "whsec_" + "QUJDREVGR0hJSktMTU5PUA==",
    ],
)
def test_a_token_of_known_form_alone_in_a_text_is_masked(token):
    """Each vendor's token goes by its form, with nothing else in the text that could hint at it."""
    assert token[-10:] not in Redactor().text(f"value {token} end")
