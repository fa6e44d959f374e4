"""The bytes in which redaction searches, made from a text, with the way back from each byte to its character.

`fold` evens out case and compatibility forms; `tighten` takes away what may stand between the letters of one value.
Both cost next to nothing where a text is plain ASCII and without escapes, as logs mostly are.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from itertools import accumulate
from typing import Final, NamedTuple

Span = tuple[int, int]

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_UNSEEN_THOUGH_LETTERS: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)
"""Joiners, fillers and variation selectors, which Unicode counts among the letters, marks and symbols."""
_BLANK: Final = bytes([*range(0x21), ord("="), 0x7F])
"""Blanks and controls; and the sign of quoted-printable's soft line breaks and of base64's padding."""
_LATIN_1_ESCAPED: Final = range(0xDC80, 0xDD00)
_BLOCK: Final = 1024


class _Gap(NamedTuple):
    """What may stand between letters and is longer than a byte.

    It occurs only where one of `signs` does. `begun` is what a text may end with that becomes one when it goes on; then it holds a
    sign or ends with `ending`. All lengths are bounded, so that a stream knows when none can come any more.
    """

    whole: bytes
    begun: bytes
    signs: tuple[bytes, ...]
    ending: bytes


_TERMINAL: Final = _Gap(  # colours and titles
    rb"\x1b\[[0-9;?]{0,64}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)",
    rb"\x1b(?:\[[0-9;?]{0,64}[ -/]{0,8}|\][^\x07\x1b]{0,2048}\x1b?)?",
    (b"\x1b",),
    b"\x1b",
)
_LINE_BREAK: Final = _Gap(rb"\\{1,16}[nrt]", rb"\\{1,16}", (b"\\n", b"\\r", b"\\t"), b"\\")  # written as an escape
_GAPS: Final = (_TERMINAL, _LINE_BREAK)


class _Fold(dict[str, bytes]):
    """Compatibility decomposition and case folding by character, computed once each; NUL for what cannot be seen."""

    def __missing__(self, char: str) -> bytes:
        self[char] = folded = self._folded(char)
        return folded

    def _folded(self, char: str) -> bytes:
        code = ord(char)
        if code in _LATIN_1_ESCAPED:  # a byte that was no UTF-8: most likely Latin-1
            return self[chr(code - 0xDC00)]
        category = unicodedata.category(char)
        if category in _UNSEEN or code in _UNSEEN_THOUGH_LETTERS:
            return b"\0"
        return b"\xff" if category == "Cs" else unicodedata.normalize("NFKD", char).casefold().encode()


_FOLD: Final = _Fold()


class _Stretches:
    """Pieces of bytes, and where each of them began in what they were taken from; `end` is the length of that."""

    def __init__(self, pieces: Sequence[bytes], begins: Sequence[int], end: int) -> None:
        self._marks, self._origins = [0, *accumulate(map(len, pieces))], [*begins, end]

    def origin(self, index: int) -> int:
        number = bisect_right(self._marks, index) - 1
        if number + 1 == len(self._origins):
            return self._origins[number]
        # One character may have become several bytes.
        return min(self._origins[number] + index - self._marks[number], self._origins[number + 1] - 1)


class View(NamedTuple):
    """Bytes to search in. `origin` gives for an index of the bytes that of what they were made from; the end has one too.

    `gaps` are the longer gaps that were taken away, as spans of what they were taken from; `until` is how much of that was looked
    at: the rest may be the beginning of a gap.
    """

    data: bytes
    origin: Callable[[int], int]
    gaps: Sequence[Span]
    until: int


def _same(index: int) -> int:
    return index


def fold(text: str) -> View:
    """Give a text in lower case, compatibility forms resolved, as UTF-8; what cannot be seen beyond ASCII is NUL."""
    if text.isascii():
        return View(text.lower().encode("ascii"), _same, (), len(text))
    pieces: list[bytes] = []
    begins: list[int] = []
    for at in range(0, len(text), _BLOCK):
        _fold_block(text[at : at + _BLOCK], at, pieces, begins)
    return View(b"".join(pieces), _Stretches(pieces, begins, len(text)).origin, (), len(text))


def _fold_block(block: str, at: int, pieces: list[bytes], begins: list[int]) -> None:
    """Add the pieces of a block that stands at the index `at`: to tell whether it is ASCII costs less than to search it."""
    done = 0
    for run in () if block.isascii() else _BEYOND_ASCII.finditer(block):
        pieces += [block[done : run.start()].lower().encode("ascii"), *(_FOLD[char] for char in run[0])]
        begins += [at + done, *range(at + run.start(), at + run.end())]
        done = run.end()
    pieces.append(block[done:].lower().encode("ascii"))
    begins.append(at + done)


@cache
def _gap_pattern(gaps: tuple[_Gap, ...], *, final: bool) -> re.Pattern[bytes]:
    begun = [] if final else [rb"(?P<begun>(?:" + b"|".join(gap.begun for gap in gaps) + rb")\Z)"]
    return re.compile(b"|".join([*(gap.whole for gap in gaps), *begun]))


def _possible(gap: _Gap, data: bytes, *, final: bool) -> bool:
    # A byte is found much faster than two of which the second is frequent.
    seen = any(sign[0] in data and sign in data for sign in gap.signs)
    return seen or (not final and data.endswith(gap.ending))


def _without_gaps(data: bytes, *, final: bool) -> View:
    possible = tuple(gap for gap in _GAPS if _possible(gap, data, final=final))
    if not possible:
        return View(data, _same, (), len(data))
    found = list(_gap_pattern(possible, final=final).finditer(data))
    until = found.pop().start() if found and found[-1].lastgroup == "begun" else len(data)
    gaps = [gap.span() for gap in found]
    begins, ends = [0, *(end for _, end in gaps)], [*(start for start, _ in gaps), until]
    pieces = [data[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return View(b"".join(pieces), _Stretches(pieces, begins, until).origin, gaps, until)


class _Unblanked:
    """Bytes without `_BLANK`. The way back is searched for, as most texts never ask for it."""

    def __init__(self, data: bytes) -> None:
        self._whole = data
        self.data = data.translate(None, _BLANK)

    @cached_property
    def _kept(self) -> list[int]:
        """How many bytes are kept of all before each block."""
        blocks = range(0, len(self._whole), _BLOCK)
        return [0, *accumulate(_count(self._whole[at : at + _BLOCK]) for at in blocks)]

    @cached_property
    def _kept_before_tail(self) -> int:
        """How many bytes are kept of all before the last `_BLOCK` ones, of which a stream asks most."""
        return len(self.data) - _count(self._whole[-_BLOCK:])

    def origin(self, index: int) -> int:
        if index >= len(self.data):
            return len(self._whole)
        if index >= self._kept_before_tail:
            begin, kept = max(0, len(self._whole) - _BLOCK), self._kept_before_tail
        else:
            number = bisect_right(self._kept, index) - 1
            begin, kept = number * _BLOCK, self._kept[number]
        block, wanted = self._whole[begin : begin + _BLOCK], index - kept + 1
        return begin + bisect_left(range(len(block)), wanted, key=lambda at: _count(block[: at + 1]))


def _count(data: bytes) -> int:
    return len(data.translate(None, _BLANK))


def tighten(data: bytes, *, final: bool = True) -> View:
    """Give folded bytes without blanks, controls, soft line breaks, terminal colours, and line breaks written as escapes.

    Where more bytes will follow (not `final`), a gap that has only begun and all after it are left out.
    """
    lean = _without_gaps(data, final=final)
    dense = _Unblanked(lean.data)
    return View(dense.data, lambda index: lean.origin(dense.origin(index)), lean.gaps, lean.until)
