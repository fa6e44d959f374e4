"""Judges an agent's changes before anybody sees them: a refusal for each rule that is broken, and no rule may be argued with.

The rules are for git trees, not for diffs, which can be written to say less than they do. What cannot be judged is refused.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from healer import ruby_rules, shapes
from healer.contracts import FileChange, Importer, Refusal

POLICY_VERSION: Final = "1"
"""Of the rules by which changes are judged; raised with each change of theirs. Commits and receipts carry it."""
MOST_FILES: Final = 5
MOST_LINES: Final = 200
LARGEST_FILE: Final = 256 * 1024
_PLAIN_FILE: Final = "100644"
_MODES: Final = {"120000": "symlink", "160000": "submodule"}
_PROTECTED: Final = re.compile(
    r"(?:^|/)(?:\.[^/]+|claude\.md|agents\.md|gemfile(?:\.lock)?|[^/]+\.gemspec|gems\.(?:rb|locked)|rakefile|[^/]+\.rake|dockerfile[^/]*"
    r"|importers\.toml|docker-compose[^/]*|makefile|codeowners)$"
    r"|(?:^|/)(?:\.[^/]+|spec|specs|test|tests|features|fixtures|recordings|cassettes|schema|bin|vendor|node_modules)/"
    r"|_spec\.rb$|_test\.rb$|(?:^|/)\.\.?(?:/|$)|^/|\\|//"
)
# Invisible or direction-changing characters make a reader see other code than Ruby does.
_HIDDEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u00ad\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def judge(changes: Sequence[FileChange], importer: Importer) -> tuple[Refusal, ...]:
    """Give every reason to refuse these changes; an empty tuple lets them pass.

    Only plain, existing files of `importer.paths` may change, within limits, and what is added must keep the rules for Ruby
    (`ruby_rules`).
    """
    refusals: list[Refusal] = []
    if len(changes) > MOST_FILES:
        refusals.append(
            Refusal(code="too_many_files", path="", detail=f"{len(changes)} files changed, at most {MOST_FILES} may")
        )
    for change in changes:
        place = list(_place(change, importer))
        refusals += place or _content(change, importer)
    return tuple(refusals)


def _refusal(code: str, change: FileChange, detail: str, line: int | None = None) -> Refusal:
    return Refusal(code=code, path=change.path, line=line, detail=detail)


def _place(change: FileChange, importer: Importer) -> Iterator[Refusal]:
    """Judge where a change is and of what kind, before its text is looked at."""
    yield from _path(change, importer)
    if change.status != "modified":
        yield _refusal(
            change.status, change, "an importer's files may be edited, not added, deleted or turned into something else"
        )
    if change.new_mode in _MODES or change.old_mode in _MODES:
        yield _refusal(_MODES.get(change.new_mode) or _MODES[change.old_mode], change, "links are not allowed")
    elif change.status == "modified" and not change.old_mode == change.new_mode == _PLAIN_FILE:
        yield _refusal("mode", change, "the file's mode changed, or is not that of a plain file")
    if change.binary:
        yield _refusal("binary", change, "the file is binary")
    elif change.status == "modified" and (change.old_text is None or change.new_text is None):
        yield _refusal("unreadable", change, "the file is no UTF-8 text")
    if change.size > LARGEST_FILE or len(change.new_text or "") > LARGEST_FILE:
        yield _refusal("too_large", change, f"the file has more than {LARGEST_FILE} bytes")


def _path(change: FileChange, importer: Importer) -> Iterator[Refusal]:
    path = change.path
    if path not in importer.paths:
        seen = _as_seen(path)
        alike = any(seen == _as_seen(allowed) for allowed in importer.paths)
        code = "look_alike" if alike else "outside_paths"
        yield _refusal(code, change, f"only these may change: {', '.join(importer.paths)}")
    if _PROTECTED.search(_as_seen(path)):
        yield _refusal(
            "protected", change, "this file decides about what runs or how it is judged; a person changes it"
        )


def _as_seen(path: str) -> str:
    """Give a path as file systems and readers that know neither case nor Unicode forms take it."""
    return _HIDDEN.sub("", unicodedata.normalize("NFKC", path)).casefold()


def _content(change: FileChange, importer: Importer) -> list[Refusal]:
    """Judge the texts of a plain, edited file."""
    old, new = change.old_text or "", change.new_text or ""
    added = _added(old, new)
    refusals = list(_lines(change, added))
    if not change.path.endswith(".rb"):
        return [*refusals, _refusal("not_ruby", change, "only Ruby can be judged")]
    found = ruby_rules.added(old, new, importer.hosts)
    return [*refusals, *(_refusal(finding.code, change, finding.detail, finding.line) for finding in found)]


def _added(old: str, new: str) -> list[tuple[int, str]]:
    """Give the added lines with their numbers. Lines end where Ruby ends them."""
    before, after = old.split("\n"), new.split("\n")
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [
        (index + 1, after[index]) for tag, _, _, start, end in blocks if tag != "equal" for index in range(start, end)
    ]


def _lines(change: FileChange, added: list[tuple[int, str]]) -> Iterator[Refusal]:
    if len(added) > MOST_LINES:
        yield _refusal("too_many_lines", change, f"{len(added)} lines added, at most {MOST_LINES} may")
    for number, line in added:
        if _HIDDEN.search(line.replace("\t", " ").removesuffix("\r")):
            yield _refusal("hidden_characters", change, "invisible or direction-changing characters", number)
        if any(True for _ in shapes.find(line)):
            yield _refusal("secret", change, "this looks like a secret", number)
