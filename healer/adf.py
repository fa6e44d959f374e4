"""Atlassian Document Format → the words of its paragraphs as lines of text, for what a person commands on JIRA Cloud. Pure.

What is no plain paragraph (code, a quotation, a list) gives a line that begins with `>`, and code within one is in back quotes, so that a
quoted command commands nothing. Form: developer.atlassian.com, "Atlassian Document Format"; what has another form gives no words.
"""

from collections.abc import Mapping, Sequence


def words(document: object) -> str:
    """Give the words of a document."""
    return "\n".join(_line(block) for block in _content(document))


def _line(block: object) -> str:
    said = "".join(_word(one) for one in _content(block))
    return said if _type(block) == "paragraph" else f"> {said}"


def _word(node: object) -> str:
    if not isinstance(node, Mapping):
        return ""
    if _type(node) == "hardBreak":
        return "\n"
    text, marks = node.get("text"), node.get("marks")
    if not isinstance(text, str):
        return ""
    is_code = isinstance(marks, Sequence) and any(_type(mark) == "code" for mark in marks)
    return f"`{text}`" if is_code else text


def _content(node: object) -> Sequence[object]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return content if isinstance(content, list) else ()


def _type(node: object) -> object:
    return node.get("type") if isinstance(node, Mapping) else None
