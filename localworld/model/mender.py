"""A script that mends importers as a model would: it reads the source, asks where each selector went, edits, tries, and answers.

It knows nothing of any importer, so it serves whatever the local world is given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from localworld.model.script import Body, Step, Turn, answer, call, results, tool

_PATHS: Final = re.compile(r"^- `([^`\n]+\.rb)`$", re.MULTILINE)
# Any literal may be a selector: what is none has not moved.
_LITERAL: Final = re.compile(r'"((?:[^"\\\n]|\\.)+)"')
_MOVED: Final = re.compile(r"^`(.+)` \(confidence ([0-9.]+)\)$", re.DOTALL)
_FIND, _REPLAY = "mcp__healer__find_moved", "mcp__healer__replay_fetch"


@dataclass
class _Work:
    """One session. `moves` are (old, new) selectors."""

    path: str = ""
    selectors: list[str] = field(default_factory=list)
    moves: list[tuple[str, str]] = field(default_factory=list)
    sure: float = 1.0

    def read(self, body: Body) -> Step:
        """Read the importer that the brief names."""
        found = _PATHS.search(_told(body))
        self.path = found[1] if found else ""
        return call("Read", file_path=self.path) if found else self.give_up("The brief names no file.")

    def ask(self, body: Body) -> Step:
        """Ask where each selector of the source went."""
        self.selectors = list(dict.fromkeys(_LITERAL.findall(results(body)[-1][1])))
        if not self.selectors:
            return self.give_up("There is nothing in the source that could have moved.")
        return Step([tool(_FIND, selector=selector) for selector in self.selectors])

    def edit(self, body: Body) -> Step:
        """Edit what moved."""
        answers = [text for _, text in results(body)[-len(self.selectors) :]]
        for selector, said in zip(self.selectors, answers, strict=False):
            if moved := _MOVED.match(said):
                self.moves.append((selector, moved[1]))
                self.sure = min(self.sure, float(moved[2]))
        if not self.moves:
            return self.give_up("Nothing on the page as it is now is surely what was there before.")
        return Step(
            [
                tool("Edit", file_path=self.path, old_string=f'"{old}"', new_string=_literal(new), replace_all=True)
                for old, new in self.moves
            ]
        )

    def attempt(self, body: Body) -> Step:
        """Try it where that can be tried, and answer."""
        offered = {tool["name"] for tool in body["tools"]}
        return call(_REPLAY) if _REPLAY in offered else self.end(body)

    def end(self, _body: Body) -> Step:
        """Answer with what was done."""
        changes = [f"`{old}` is `{new}` now" for old, new in self.moves]
        diagnosis = f"The portal's pages changed; {len(changes)} selectors found nothing any more."
        return answer(diagnosis=diagnosis, files=[self.path], changes=changes, confidence=self.sure)

    def give_up(self, why: str) -> Step:
        """Answer that nothing can be done."""
        return answer(diagnosis=why, breakage="unknown", confidence=0.0, not_fixable_because=why)


def script() -> Iterator[Turn]:
    """Give the turns of one session."""
    work = _Work()
    yield from (work.read, work.ask, work.edit, work.attempt, work.end)


def _told(body: Body) -> str:
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    blocks = [block for content in said for block in ([{"text": content}] if isinstance(content, str) else content)]
    return "\n".join(str(block.get("text", "")) for block in blocks)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("#{", "\\#{")
    return f'"{escaped}"'
