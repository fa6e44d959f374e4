"""Foreign text made harmless."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from healer.prose import LIMIT, code, markdown, tame, wiki

HOSTILE = st.lists(
    st.sampled_from(
        [
            "@octocat", "fixes #12", "closes acme/importers#3", "resolves https://github.com/a/b/issues/1", "GH-7",
            "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "[click](http://evil.example)", "www.evil.example",
            "{html}", "[~admin]", "!https://evil.example/i.png!", "{{mono}}", "h1. Big", "||cell||", "\u202egnol", "a\u200bb",
            "\U000e0041", "\r\n\r\n# Head", "- item", "1. one", "`tick`", "$x$", "*bold*", "_it_", "~~s~~", "| t |", "\\", "&lt;b&gt;",
            ":smile:", "---", "> quote", "<!-- c -->",
        ]
    )
    | st.text(max_size=20),
    max_size=12,
).map(" ".join)  # fmt: skip


@given(HOSTILE, st.integers(10, LIMIT))
def test_tamed_text_is_one_line_in_which_nothing_acts(text, limit):
    """No line break, invisible character, mention, reference or address survives, and the limit holds."""
    line = tame(text, limit)
    assert len(line) <= limit
    assert not [c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}]
    assert "@" not in line
    assert "://" not in line
    assert not re.search(r"#\d|\bwww\.\S|\bGH-\d", line, re.IGNORECASE)


@given(HOSTILE)
def test_markdown_shows_foreign_text_as_it_reads(text):
    """A Markdown parser finds one paragraph of plain text in it, and that text is the tamed one."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    blocks = parser.parse(f"- {markdown(text)}")
    inline = [token for token in blocks if token.type == "inline"]
    shown = "".join(child.content for token in inline for child in token.children)
    assert {child.type for token in inline for child in token.children} <= {"text", "text_special"}
    assert [t.type for t in blocks if t.nesting == 1] == ["bullet_list_open", "list_item_open"] + [
        "paragraph_open"
    ] * len(inline)
    assert shown == tame(text)


@given(HOSTILE)
def test_code_span_stays_in_its_cell(text):
    """A code span is one span, also as a table's cell."""
    span = code(text)
    inner = span[1:-1]
    assert span == (f"`{inner}`" if inner else "")
    assert not set(inner) & set("`|\\\n")


@given(HOSTILE)
def test_wiki_leaves_no_markup(text):
    """Each character that begins a macro, link, image, mention or emphasis is escaped."""
    assert not re.search(r"(?<!\\)[{}\[\]!*_?+^~|]", wiki(text))
    assert not re.search(r"\\(?![{}\[\]!*_?+^~|])", wiki(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask @octocat", "ask (at)octocat"),
        ("fixes #12 and GH-3", "fixes no. 12 and GH 3"),
        ("see https://evil.example/x", "see https: //evil.example/x"),
        ("table#bills tr", "table#bills tr"),
        ("a\u202eb\u200bc\u2060d", "abcd"),
        ("x" * 400, "x" * (LIMIT - 1) + "…"),
    ],
)
def test_what_is_taken_away_can_be_seen(text, shown):
    """A reader sees that there was a mention, a reference, an address; ordinary selectors stay."""
    assert tame(text) == shown
