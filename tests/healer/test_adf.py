"""What people say on JIRA Cloud."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.adf import words
from healer.spoken import is_addressed


def text(said: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": said, "marks": [{"type": mark} for mark in marks]}


def block(kind: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "content": list(content)}


def doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, **block("doc", *blocks)}


def test_paragraphs_are_lines_as_they_were_typed():
    """Words that are parted by marks stand together; a break within a paragraph begins a line."""
    said = block(
        "paragraph",
        text("/healer "),
        text("retry", "strong"),
        text(" it +1\\moved"),
        {"type": "hardBreak"},
        text("thanks"),
    )
    assert words(doc(said, block("paragraph", text("Ann")))) == "/healer retry it +1\\moved\nthanks\nAnn"


@pytest.mark.parametrize(
    "quoting",
    [
        block("codeBlock", text("/healer stop")),
        block("blockquote", block("paragraph", text("/healer stop"))),
        block("bulletList", block("listItem", block("paragraph", text("/healer stop")))),
        block("heading", text("/healer stop")),
        block("paragraph", text("/healer stop", "code")),
        block("paragraph", {"type": "mention", "attrs": {"id": "1", "text": "@ann"}}, text(" /healer stop")),
    ],
)
def test_quoted_command_is_no_command(quoting: dict[str, Any]):
    """What stands in code, a quotation, a list, a heading or behind something else is talk about a command."""
    assert not is_addressed(words(doc(quoting)).replace(" /", "x/"))


ANY = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "content", "text", "marks", "x"]), inner),
)


@given(ANY)
def test_anything_has_words(document: Any):
    """Whatever JIRA sends gives a text."""
    assert isinstance(words(document), str)
