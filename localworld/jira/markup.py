"""Wiki markup to HTML, for the page that a person reads. Whatever is not understood stays text; every text is escaped.

What is understood: headings, lists, tables, rules, `{code}`, `{noformat}`, `{quote}`, `{panel}`, `{color}`, `{anchor}`,
bold, italic, deleted, monospace, links (http, https, mailto), emoticons and backslash escapes.
"""

import re
from collections.abc import Callable

from markupsafe import Markup, escape

_FENCE = re.compile(r"\{(code|noformat|quote|panel)(?::([^}\n]*))?\}[ \t]*\n?(.*?)\n?[ \t]*\{\1\}", re.DOTALL)
_HEADING = re.compile(r"h([1-6])\.\s+(.*)")
_ITEM = re.compile(r"([*#-]+)\s+(.*)")
_ICONS = {"(/)": "✔", "(x)": "✘", "(!)": "⚠", "(i)": "🛈", "(?)": "❓", "(on)": "💡", "(*)": "★"}
_INLINE = re.compile(
    r"\\(?P<plain>[\\{}\[\]*_+\-^~|!#?()])"
    r"|\{\{(?P<mono>.+?)\}\}(?!\})"
    r"|\[(?:(?P<label>[^\]|\n]+)\|)?(?P<target>(?:https?://|mailto:)[^\]\s|]+)\]"
    r"|(?P<url>https?://[^\s\]|<>\"]*[^\s\]|<>\".,;:!?)])"
    r"|\{anchor:[^}\n]*\}"
    r"|\{color(?::[^}\n]*)?\}"
    r"|(?P<icon>\((?:/|x|!|i|\?|on|\*)\))"
    r"|(?<![\w*])\*(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w-])-(?P<del>[^\s-](?:[^-\n]*[^\s-])?)-(?![\w-])"
    r"|(?P<br>\\\\)"
)


def to_html(wiki: str) -> Markup:
    """Render a text. The result holds no script, no style and no address but http, https and mailto."""
    done, at = list[Markup](), 0
    for fence in _FENCE.finditer(wiki):
        done += [_blocks(wiki[at : fence.start()]), _fenced(fence)]
        at = fence.end()
    return Markup("").join([*done, _blocks(wiki[at:])])


def _fenced(fence: re.Match[str]) -> Markup:
    kind, options, text = fence[1], fence[2] or "", fence[3]
    if kind in ("code", "noformat"):
        shown = (_code_line(line) for line in text.split("\n")) if options.startswith("diff") else [escape(text)]
        return Markup("<pre><code>{}</code></pre>").format(Markup("\n").join(shown))
    if kind == "quote":
        return Markup("<blockquote>{}</blockquote>").format(to_html(text))
    title = re.search(r"title=([^|]*)", options)
    head = Markup("<header>{}</header>").format(title[1]) if title else Markup("")
    return Markup("<section class=panel>{}{}</section>").format(head, to_html(text))


def _code_line(line: str) -> Markup:
    kind = {"+": "added", "-": "removed", "@": "place"}.get(line[:1])
    return Markup("<span class={}>{}</span>").format(kind, line) if kind else escape(line)


def _blocks(text: str) -> Markup:
    """Render what stands outside fences: groups of lines of one kind."""
    done, group, kind = list[Markup](), list[str](), "blank"
    for line in [*text.split("\n"), ""]:
        now = _kind(line)
        if now != kind or now in ("heading", "rule"):
            done.append(_WRITERS[kind](group))
            group, kind = [], now
        group.append(line.strip())
    return Markup("").join([*done, _WRITERS[kind](group)])


def _kind(line: str) -> str:
    text = line.strip()
    if not text or re.fullmatch(r"\{anchor:[^}]*\}", text):
        return "blank"
    if re.fullmatch(r"-{4,}", text):
        return "rule"
    if _HEADING.fullmatch(text):
        return "heading"
    if text.startswith("|"):
        return "table"
    return "list" if _ITEM.fullmatch(text) else "paragraph"


def _heading(lines: list[str]) -> Markup:
    match = _HEADING.fullmatch(lines[0])
    level, text = (match[1], match[2]) if match else ("3", lines[0])
    return Markup("<h{0}>{1}</h{0}>").format(level, _inline(text))


def _paragraph(lines: list[str]) -> Markup:
    return Markup("<p>{}</p>").format(Markup("<br>").join(map(_inline, lines)))


def _list(lines: list[str]) -> Markup:
    """Render a list; deeper items are indented by their number of signs."""
    done, tag = list[Markup](), "ol" if lines[0].startswith("#") else "ul"
    for line in lines:
        signs, text = line.split(None, 1)
        done.append(Markup("<li class=depth{}>{}</li>").format(min(len(signs), 4), _inline(text)))
    return Markup("<{0}>{1}</{0}>").format(tag, Markup("").join(done))


def _table(lines: list[str]) -> Markup:
    return Markup("<table>{}</table>").format(Markup("").join(map(_row, lines)))


def _row(line: str) -> Markup:
    """Render `||head||head||` or `|cell|cell|`; a bar within a link or monospace parts no cells."""
    tag = "th" if line.startswith("||") else "td"
    text = re.sub(r"\[[^\]\n]*\]|\{\{.*?\}\}|\\\|", lambda m: m[0].replace("|", "\0"), line.strip("|"))
    cells = (cell.replace("\0", "|").strip() for cell in re.split(r"\|+", text))
    written = (Markup("<{0}>{1}</{0}>").format(tag, _inline(cell)) for cell in cells)
    return Markup("<tr>{}</tr>").format(Markup("").join(written))


_WRITERS: dict[str, Callable[[list[str]], Markup]] = {
    "blank": lambda _lines: Markup(""),
    "rule": lambda _lines: Markup("<hr>"),
    "heading": _heading,
    "table": _table,
    "list": _list,
    "paragraph": _paragraph,
}


def _inline(text: str) -> Markup:
    done, at = list[Markup](), 0
    for match in _INLINE.finditer(text):
        done += [escape(text[at : match.start()]), _piece(match)]
        at = match.end()
    return Markup("").join([*done, escape(text[at:])])


def _piece(match: re.Match[str]) -> Markup:
    kind = match.lastgroup
    if match["target"] or match["url"]:
        target = match["target"] or match["url"]
        label = match["label"] or target.removeprefix("mailto:")
        return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(target, label)
    if kind in ("strong", "em", "del"):
        return Markup("<{0}>{1}</{0}>").format(kind, _inline(match[kind]))
    if kind == "mono":
        return Markup("<code>{}</code>").format(re.sub(r"\\([\\{}\[\]*_|\-])", r"\1", match["mono"]))
    if kind == "icon":
        return escape(_ICONS[match["icon"]])
    if kind == "br":
        return Markup("<br>")
    return escape(match["plain"] or "")
