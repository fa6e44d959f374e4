"""Rich text in and out: wiki markup in API version 2, Atlassian Document Format in version 3; the store keeps wiki markup."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from localworld.jira.problem import Problem

LIMIT = 32_767
"""Characters that a comment or description may have."""
_MARKS = {"strong": "*{}*", "em": "_{}_", "code": "{{{{{}}}}}", "strike": "-{}-", "underline": "+{}+"}
_HEADING = re.compile(r"h([1-6])\.\s+(.*)")
_BULLET = re.compile(r"[*-]\s+(.*)")


def text_in(value: Any, version: str, field: str) -> str:
    """Read rich text as the API version demands it.

    Raises: Problem 400 for the other form, an empty or an overlong text.
    """
    if version == "3":
        if not (isinstance(value, Mapping) and value.get("type") == "doc" and isinstance(value.get("content"), list)):
            raise Problem(
                400, fields={field: "Operation value must be an Atlassian Document (see the Atlassian Document Format)"}
            )
        value = adf_to_wiki(value)
    if not isinstance(value, str):
        raise Problem(400, fields={field: "Operation value must be a string"})
    if len(value) > LIMIT:
        text = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
        raise Problem(400, fields={field: text})
    return value


def text_out(wiki: str, version: str) -> Any:
    """Give rich text as the API version shows it."""
    return wiki_to_adf(wiki) if version == "3" else wiki


# ---------------------------------------------------------------- from Atlassian Document Format


def adf_to_wiki(node: Mapping[str, Any]) -> str:
    """Write a document as wiki markup; a node that has no counterpart gives its text."""
    blocks = (_block(child) for child in node.get("content", ()))
    return "\n\n".join(block for block in blocks if block)


def _inline(node: Mapping[str, Any]) -> str:
    if node["type"] == "hardBreak":
        return "\n"
    if node["type"] != "text":
        return "".join(_inline(child) for child in node.get("content", ()))
    text: str = node["text"]
    for mark in node.get("marks", ()):
        if mark["type"] == "link":
            text = f"[{text}|{mark['attrs']['href']}]"
        text = _MARKS.get(mark["type"], "{}").format(text)
    return text


def _line(node: Mapping[str, Any]) -> str:
    return "".join(_inline(child) for child in node.get("content", ()))


def _list(bullet: str) -> Callable[[Mapping[str, Any]], str]:
    def write(node: Mapping[str, Any]) -> str:
        return "\n".join(f"{bullet} {adf_to_wiki(item)}" for item in node.get("content", ()))

    return write


_BLOCKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "heading": lambda node: f"h{node['attrs']['level']}. {_line(node)}",
    "bulletList": _list("*"),
    "orderedList": _list("#"),
    "codeBlock": lambda node: "{code}\n" + _line(node) + "\n{code}",
    "blockquote": lambda node: "{quote}\n" + adf_to_wiki(node) + "\n{quote}",
    "rule": lambda _node: "----",
}


def _block(node: Mapping[str, Any]) -> str:
    return _BLOCKS.get(node["type"], _line)(node)


# ---------------------------------------------------------------- to Atlassian Document Format


def wiki_to_adf(wiki: str) -> dict[str, Any]:
    """Write wiki markup as a document of headings, lists and paragraphs; marks within a line stay as they are typed."""
    parts = [part for part in re.split(r"\n\s*\n", wiki.strip()) if part]
    return {"type": "doc", "version": 1, "content": [_adf_block(part) for part in parts]}


def _adf_block(part: str) -> dict[str, Any]:
    lines = part.splitlines()
    if heading := _HEADING.fullmatch(part):
        return {"type": "heading", "attrs": {"level": int(heading[1])}, "content": [_adf_text(heading[2])]}
    bullets = [_BULLET.fullmatch(line) for line in lines]
    if all(bullets):
        items = [{"type": "listItem", "content": [_adf_paragraph([bullet[1]])]} for bullet in bullets if bullet]
        return {"type": "bulletList", "content": items}
    return _adf_paragraph(lines)


def _adf_paragraph(lines: list[str]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for line in lines:
        content += [{"type": "hardBreak"}] if content else []
        content += [_adf_text(line)] if line else []
    return {"type": "paragraph", "content": content}


def _adf_text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
