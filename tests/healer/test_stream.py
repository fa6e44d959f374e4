"""Rules of redaction in pieces: the same output as for the whole, and nothing held back without need."""

import random
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer import encodings
from healer.redact import MASK, MINIMUM, Redactor, is_maskable
from healer.shapes import PERSONAL, SECRETS
from healer.stream import LONGEST_HELD, RedactedStream
from writings import AWKWARD, WRITINGS

SHORT = [secret for secret in AWKWARD if len(secret) < 100]
ALONE = {
    secret: Redactor([secret]) for secret in AWKWARD if any(sign in secret for sign in ('"', "\u00e4", "abab", "\n"))
}
"""Quotes, letters beyond ASCII, a beginning that comes again, two lines: what makes a cut hard."""
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAAAA==\n-----END RSA PRIVATE KEY-----"
SHAPED = (
    "ghs_1234567_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnLW5h-dHVyZQ, then",
    f"key:\n{PEM}\nnext",
    f"first {PEM}{PEM} then",
    "-----BEGIN CERTIFICATE-----\nMIIEow",
    "AKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEX",
    "git clone https://x:abc@github.example/a.git https://github.example/a://b@c",
    "Authorization: Bearer abc.def\nCookie: a=b\nsent basic dXNlcjpwYXNzMQ== now",
    "paid by 4111 1111 1111 1111, not by 4111-1111-1111-1112 or 14111111111111111",
    "jane.doe@utility.example, a@b.example: account no. 70012345 and 7",
    '{"SecretAccessKey": "' + "wJalr/XUtn" * 4 + '"}',
)


def _in_pieces(redactor: Redactor, *pieces: str) -> str:
    stream = RedactedStream(redactor)
    return "".join([*map(stream.feed, pieces), stream.finish()])


@pytest.mark.parametrize("secret", SHORT)
def test_one_character_at_a_time_gives_the_same(secret: str) -> None:
    """In every writing, a text that comes by the character gives what the whole gives."""
    redactor = Redactor([secret])
    for name, write in WRITINGS.items():
        text = f"log: {write(secret)} end\n"
        assert _in_pieces(redactor, *text) == redactor.text(text), name


@pytest.mark.parametrize("name", WRITINGS)
def test_every_split_gives_the_same(name: str) -> None:
    """In every writing of a secret, wherever the text is cut in two, it gives what the whole gives."""
    for secret, redactor in ALONE.items():
        text = f"{secret[1:3]}{WRITINGS[name](secret)}{secret[:2]}"
        whole = redactor.text(text)
        cut = {at for at in range(len(text)) if _in_pieces(redactor, text[:at], text[at:]) != whole}
        assert not cut, secret


@pytest.mark.parametrize("text", SHAPED)
def test_every_split_of_a_shape_gives_the_same(text: str) -> None:
    """Wherever a secret of known form is cut in two or into characters, it gives what the whole gives."""
    redactor = Redactor(personal=True)
    assert _in_pieces(redactor, *text) == redactor.text(text)
    for at in range(len(text)):
        assert _in_pieces(redactor, text[:at], text[at:]) == redactor.text(text), at


def test_long_values_are_cut_anywhere_too() -> None:
    """A value of 520 characters in any writing gives the same in pieces of any size."""
    secret, chance = AWKWARD[-1], random.Random(4)  # noqa: S311 - cuts, the same each time
    redactor = Redactor([secret])
    for name, write in WRITINGS.items():
        text = f"log: {write(secret)} end\n"
        cuts = sorted(chance.sample(range(len(text)), 4))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert _in_pieces(redactor, *pieces) == redactor.text(text), name


_FRAGMENTS = st.sampled_from(
    [
        *(
            "hunter22",
            "hunter",
            "ter22",
            "HUNTER22",
            "h",
            "22",
            "aHVudGVyMjI=",
            "aHVudG",
            "VyMjI",
            "68756e746572",
            "3232",
        ),
        *(
            "abababab1abababab1x",
            "abab",
            "1x",
            "\\back\\slash\\ and $HOME `id`",
            "\\back",
            "\\n",
            "\\",
            "n",
            "=\n",
            "=",
        ),
        *(
            "\x1b[31m",
            "\x1b",
            "[",
            "31",
            "m",
            "\x1b]0;",
            "title\x07",
            "\x1b\\",
            "\u200b",
            "\u00e4",
            "\udce4",
            "p\u00e4ssw",
        ),
        *(
            "\u00f6rd-\u00fcn\u00ef-123",
            "\uff48",
            "\ufb01",
            "\n",
            " ",
            "\t",
            "-",
            "://",
            ":/",
            "/",
            "@",
            "a",
            "ghp_",
            "a1B2" * 5,
        ),
        *(
            "eyJhbGciOi",
            ".",
            "Authorization: ",
            "Bearer ",
            "Basic",
            "Cookie:",
            "-----BEGIN ",
            "PRIVATE KEY-----",
            "-----END ",
        ),
        *("4111", "1111", "4111111111111111", "AKIA", "IOSFODNN7EXAMPLE", "account ", "70012345", ".example", '"', ","),
    ]
)
_TEXTS = st.lists(st.one_of(_FRAGMENTS, st.text(max_size=3)), max_size=12).map("".join)
PERSONAL_TOO = Redactor(AWKWARD, personal=True)


@given(st.lists(_TEXTS, max_size=5))
def test_pieces_of_anything_give_the_same(pieces: list[str]) -> None:
    """Whatever comes, and however it is cut, pieces give what the whole gives."""
    assert _in_pieces(PERSONAL_TOO, *pieces) == PERSONAL_TOO.text("".join(pieces))


def _plainly_folded(text: str) -> list[tuple[str, int]]:
    """Fold character by character, each with its index."""
    folded = []
    for index, char in enumerate(text):
        char = chr(ord(char) - 0xDC00) if "\udc80" <= char <= "\udcff" else char  # noqa: PLW2901 - what it stands for
        kind = unicodedata.category(char)
        if kind == "Cs":
            folded.append(("\uffff", index))
        elif kind in {"Cf", "Cc", "Zs", "Zl", "Zp"} and not char.isascii():
            folded.append(("\0", index))
        else:
            folded += [(one, index) for one in unicodedata.normalize("NFKD", char).casefold()]
    return folded


_GAP = re.compile(
    r"\x1b\[[0-9;?]{0,64}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)|\\{1,16}[nrt]|[\0- \x7f=]"
)


def _plainly_tight(folded: list[tuple[str, int]]) -> list[tuple[str, int]]:
    gaps = [gap.span() for gap in _GAP.finditer("".join(one for one, _ in folded))]
    gone = {index for start, end in gaps for index in range(start, end)}
    return [pair for index, pair in enumerate(folded) if index not in gone]


def _plainly_found(needles: set[str], letters: list[tuple[str, int]]) -> set[int]:
    whole, marked = "".join(one for one, _ in letters), set()
    for needle in needles:
        at = whole.find(needle)
        while at >= 0:
            marked.update(range(letters[at][1], letters[at + len(needle) - 1][1] + 1))
            at = whole.find(needle, at + 1)
    return marked


def _plain_needles() -> tuple[set[str], set[str]]:
    values = [part for part in encodings.parts(AWKWARD) if is_maskable(part)]
    folded = [_plainly_folded(needle) for value in values for needle in encodings.needles(value)]
    exact = {"".join(one for one, _ in needle) for needle in folded}
    tight = {"".join(one for one, _ in _plainly_tight(needle)) for needle in folded}
    return {n for n in exact if len(n.encode()) >= MINIMUM}, {n for n in tight if len(n.encode()) >= 8}


EXACT, TIGHT = _plain_needles()


def _plainly_masked(text: str) -> set[int]:
    """Find what is to be masked, but for cards, by the slowest and simplest means: each needle, each shape at each place."""
    folded = _plainly_folded(text)
    marked = _plainly_found(EXACT, folded) | _plainly_found(TIGHT, _plainly_tight(folded))
    for shape in SECRETS + PERSONAL:
        for at in range(len(text)):
            if found := shape.pattern.match(text, at):
                marked.update(range(*found.span("secret" if "secret" in shape.pattern.groupindex else 0)))
    return marked


@given(_TEXTS)
def test_the_fast_way_masks_what_the_plain_way_masks(text: str) -> None:
    """Heads, hints, views and maps find exactly what a search for each needle and each shape at each place finds."""
    text = re.sub(r"[0-9]{4}(?=[0-9 -]{9})", "x", text)  # cards have tests of their own
    found = {index for start, end in PERSONAL_TOO.scan(text).spans for index in range(start, end)}
    assert found == _plainly_masked(text)


def test_plain_lines_go_out_at_once() -> None:
    """What cannot be the beginning of a secret is not held back."""
    stream = RedactedStream(Redactor(["hunter22"]))
    assert (
        stream.feed("see https://portal.example/bills?page=2 at 19:47 [ok]\n")
        == "see https://portal.example/bills?page=2 at 19:47 [ok]\n"
    )
    assert stream.feed("password: hunt") == "password: "
    assert stream.feed("er22!\n") == "***!\n"


def test_a_pause_lets_short_beginnings_go_and_masks_the_rest() -> None:
    """In a pause the first characters of what may be a secret go out; if it is one, the rest is masked."""
    stream = RedactedStream(Redactor(["hunter22"]))
    assert (stream.feed("is it hunt"), stream.pause(), stream.pause()) == ("is it ", "hunt", "")
    assert (stream.feed("er22?"), stream.finish()) == ("***?", "")
    assert (stream.feed("hunter2"), stream.pause(), stream.finish()) == ("", "", "hunter2")


def test_an_endless_beginning_is_let_go() -> None:
    """What may be a secret for longer than any is goes out, so that memory is bounded."""
    stream = RedactedStream(Redactor(["hunter2x"]))
    given_out = stream.feed("hunt") + "".join(stream.feed(" " * 65_536) for _ in range(5))
    assert len(given_out) > LONGEST_HELD
    assert stream.feed("hunter2x!\n").endswith("***!\n")


def test_values_known_midway_count_from_then_on() -> None:
    """A value that becomes known while a stream runs is masked from then on."""
    redactor = Redactor()
    stream = RedactedStream(redactor)
    assert stream.feed("hunter2x!\n") == "hunter2x!\n"
    redactor.add(["hunter2x"])
    assert stream.feed("hunter2x!\n") == f"{MASK}!\n"
