"""Makes foreign text harmless for people's eyes: the agent's words, the portal's, the ticket's.

`tame` takes away what acts wherever it stands: invisible and reordering characters, mentions, references that close issues,
addresses that become links. `markdown` and `wiki` then escape what acts in one place: GitHub's Markdown, JIRA's wiki markup.
What is taken away is replaced by something that can be seen, so that a reader knows that there was something.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Final, NamedTuple

LIMIT: Final = 300

# Invisible although Unicode files them under letters and marks: fillers, joiners, variation selectors.
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*):(?=//)", re.IGNORECASE)
_WWW = re.compile(r"\b(www)\.(?=\S)", re.IGNORECASE)
_REFERENCE = re.compile(r"#(?=\d)")
_GH_REFERENCE = re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_\[\]#!|~$])")
_LIST_MARK = re.compile(r"^(\d*)(?=[-+.)])")
_WIKI = re.compile(r"([{}\[\]!*_?+^~|])")


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"} or character.isspace()


def tame(text: str, limit: int = LIMIT) -> str:
    """Give text as one line of at most `limit` characters in which nothing acts on its own."""
    line = "".join(filter(_is_visible, unicodedata.normalize("NFC", text)))
    line = _BLANK_LETTERS.sub(" ", line)
    line = line.replace("@", "(at)")
    line = _ADDRESS.sub(r"\1: ", line)
    line = _WWW.sub(r"\1 .", line)
    line = _GH_REFERENCE.sub(r"\1 ", _REFERENCE.sub("no. ", line))
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(text: str, limit: int = LIMIT) -> str:
    """Give foreign text for GitHub's Markdown: it shows as it reads, and is no markup, HTML, image, link or mention."""
    line = _LIST_MARK.sub(r"\1\\", _MARKDOWN.sub(r"\\\1", tame(text, limit)))
    return html.escape(line, quote=False)


def code(text: str, limit: int = LIMIT) -> str:
    """Give foreign text as a Markdown code span, also inside a table's cell."""
    line = tame(text, limit).replace("`", "'").replace("|", "¦").replace("\\", "∖")  # noqa: RUF001 - look-alikes by intent
    return f"`{line}`" if line else ""


def wiki(text: str, limit: int = LIMIT) -> str:
    """Give foreign text for JIRA's wiki markup: no macro, link, image, mention or heading is left in it."""
    line = tame(text, limit).replace("\\", "/")
    # A heading or quotation begins with a letter at the start of a line only; we never put foreign text there.
    return _WIKI.sub(r"\\\1", line)


class Style(NamedTuple):
    """How one markup writes what our texts are made of. `foreign` and `code` make foreign text harmless in it."""

    heading: str
    bold: str
    item: str
    foreign: Callable[..., str]
    code: Callable[[str], str]
    link: str
    """With `{words}`, which must be harmless, and `{url}`."""


MARKDOWN: Final = Style("# ", "**", "- ", markdown, code, "[{words}]({url})")
WIKI: Final = Style("h3. ", "*", "* ", wiki, lambda text: f"{{{{{wiki(text)}}}}}", "[{words}|{url}]")
