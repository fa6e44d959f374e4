"""A scraper's output, made fit to be shown."""

import re

from hypothesis import given
from hypothesis import strategies as st

from actions.log import LINES_MAX, TAIL_MAX, lines, tail
from healer.redact import Redactor

pieces = st.sampled_from(
    ["::", "##[", "error", "]x", " ", "\t", "\r", "\n", "\x1b[31m", "\x1b]0;t\x07", "\u200b", "\u2028", "\x00", "a"]
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_no_line_is_a_workflow_command(text):
    """However a scraper composes its output, no shown line opens with `::` or holds `##[`."""
    shown = lines(text.encode(), Redactor())
    for line in shown:
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert not re.search("[\x00-\x08\x0a-\x1f\x7f]", line)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_shown(output):
    """Bytes that are no UTF-8 are shown as far as they can be."""
    assert all(line.encode() is not None for line in lines(output, Redactor()))


def test_a_secret_that_is_spread_over_colours_and_lines_is_removed():
    """Redaction sees the whole text without colours, before it is cut into lines."""
    shown = lines(b"a \x1b[1mopen\x1b[0msesame-99\nb open-\nsesame", Redactor(["opensesame-99", "open-\nsesame"]))
    assert "sesame" not in "".join(shown)


def test_log_and_tail_have_an_end():
    """The last lines count; the tail begins at a line's beginning."""
    shown = lines("\n".join(f"line {n:05d}" for n in range(LINES_MAX * 2)).encode(), Redactor())
    assert (len(shown), shown[-1]) == (LINES_MAX, f"line {LINES_MAX * 2 - 1:05d}")
    kept = tail(shown)
    assert len(kept) <= TAIL_MAX
    assert all(re.fullmatch(r"line \d{5}", line) for line in kept.splitlines())
    assert tail(("a", "b")) == "a\nb"


def test_colours_and_titles_leave_no_trace():
    """Terminal sequences are gone whole, not only their first character."""
    assert lines(b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain\x1b(B", Redactor()) == ("red plain",)
