"""Templates that extend and include others → one whole template, as their engine would put it together."""

import re
from collections.abc import Mapping
from typing import Final

_EXTENDS: Final = re.compile(r"\{%-?\s*extends\s+[\"']([^\"']+)[\"'].*?%\}")
_INCLUDE: Final = re.compile(r"\{%-?\s*include\s+[\"']([^\"']+)[\"'].*?%\}", re.DOTALL)
_BLOCK: Final = re.compile(r"\{%-?\s*(?:block\s+([\w.-]+)|(endblock))\b.*?%\}", re.DOTALL)
_DEEPEST: Final = 4
_LARGEST: Final = 300_000


def whole(name: str, templates: Mapping[str, str], depth: int = 0) -> str:
    """Give a template with what it extends around it and what it includes in it, as far as both are among `templates`."""
    text = templates[name]
    base = _EXTENDS.search(text)
    if base and depth < _DEEPEST:
        above = _named(base[1], templates, not_this=name)
        text = _EXTENDS.sub("", text)
        if above is not None:
            text = _filled(whole(above, templates, depth + 1), _blocks(text))
    return _included(text, templates, depth)[:_LARGEST]


def _included(text: str, templates: Mapping[str, str], depth: int) -> str:
    def put(include: re.Match[str]) -> str:
        below = _named(include[1], templates, not_this="")
        return whole(below, templates, depth + 1) if below is not None and depth < _DEEPEST else ""

    return _INCLUDE.sub(put, text)


def _named(path: str, templates: Mapping[str, str], not_this: str) -> str | None:
    path = path.lstrip("./")
    ending = [name for name in templates if name != not_this and (name == path or name.endswith("/" + path))]
    return min(ending, key=len, default=None)


def _spans(text: str) -> list[tuple[str, int, int, int, int]]:
    """Give every block: its name, where it begins, where what is in it begins and ends, and where it ends."""
    found, open_ = [], []
    for tag in _BLOCK.finditer(text):
        if tag[1]:
            open_.append((tag[1], tag.start(), tag.end()))
        elif open_:
            name, begin, inner = open_.pop()
            found.append((name, begin, inner, tag.start(), tag.end()))
    return found


def _blocks(text: str) -> dict[str, str]:
    return {name: text[inner:end] for name, _, inner, end, _ in _spans(text)}


def _filled(base: str, blocks: Mapping[str, str]) -> str:
    """Give `base` with the contents of its blocks replaced; the innermost last, as they may be replaced with what is around them."""
    out, done = [], 0
    for name, begin, inner, end, after in sorted(_spans(base), key=lambda span: span[1]):
        if begin >= done and name in blocks:
            out += [base[done:inner], blocks[name], base[end:after]]
            done = after
    return "".join([*out, base[done:]])
