"""A clone of the demo importers, a brief about a broken one, and a scripted model: what an agent needs to be run for real."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from factories import make_failure, make_importer
from flow_desk import IMPORTERS, broken_trace
from flow_site import wait_for
from healer.clients.agents.claude import ClaudeAgent, ClaudeConfig
from healer.clients.agents.seam import Progress
from healer.contracts import AgentAnswer, Brief, Ceiling, FileChange, Trace
from localworld.model.app import Model
from localworld.model.script import Step, Turn, answer, call
from prompts import PROMPT_VERSION, write
from serving import serving

FILE = "lib/gatherers/brightwater.rb"
OLD, NEW = "table#bills", "table#statements"
KEY = "sk-ant-planted-key-of-the-model-0123456789"


def make_brief(**fields: Any) -> Brief:
    """Give the brief about Brightwater, whose table of bills has another id."""
    good = Trace.model_validate_json((IMPORTERS / "recordings/brightwater.json").read_text())
    return Brief(
        **{
            "case": "UTIL-101",
            "attempt": 1,
            "importer": make_importer(),
            "failure": make_failure(line=10),
            "now": broken_trace(),
            "last_good": good,
            "prompt_version": PROMPT_VERSION,
            **fields,
        }
    )


def clone_in(folder: Path) -> Path:
    """Lay a clone of the demo importers out."""
    shutil.copytree(IMPORTERS, folder / "clone")
    return folder / "clone"


def edit(old: str = OLD, new: str = NEW) -> Step:
    """Make a turn that edits the importer."""
    return call("Edit", file_path=FILE, old_string=old, new_string=new)


HEALING: tuple[Turn, ...] = (
    call("Read", file_path=FILE),
    call("mcp__healer__find_moved", selector="table#bills tbody tr"),
    edit(),
    answer(files=[FILE], changes=[f"{OLD} is {NEW} now"]),
)


@dataclass
class Bench:
    """One agent run seen from outside. `told` are its steps."""

    clone: Path
    model: Model
    url: str
    told: list[str] = field(default_factory=list)

    def work(self, brief: Brief | None = None, **config: Any) -> AgentAnswer:
        """Let Claude Code work on the clone, with little patience."""
        usual: dict[str, Any] = {
            "key": SecretStr(KEY),
            "model": "claude-sonnet-5",
            "url": self.url,
            "ceiling": Ceiling(usd=1.0, seconds=60),
            "require_isolation": False,
            "cli_retries": 1,
            "pauses_s": (),
        }
        agent = ClaudeAgent(ClaudeConfig(**{**usual, **config}), write)
        return asyncio.run(agent.work(brief or make_brief(), self.clone, self.tell))

    def tell(self, step: Progress) -> None:
        """Keep a step."""
        self.told.append(step.line)

    def text(self, path: str = FILE) -> str:
        """Give a file of the clone."""
        return (self.clone / path).read_text()


@contextlib.contextmanager
def bench(folder: Path, turns: Sequence[Turn]) -> Iterator[Bench]:
    """Give a bench whose model plays these turns in each session; afterwards nothing of the run may be left."""
    model = Model(lambda: iter(turns))
    with serving(lambda _url: model.app) as url:
        yield Bench(clone_in(folder), model, url)
    # It has been killed; on a busy machine the kernel takes its time, also with what a test beside this one has left.
    wait_for(lambda: not leftovers(), 20)


def leftovers() -> list[str]:
    """Give the processes whose agent's folder is gone: other tests have agents of their own, whose folders are there."""
    found = [(command, re.search(r"\S*/healer-agent-[^/ ]+", command)) for command in map(_command, _processes())]
    return [command for command, place in found if place and not Path(place[0]).exists()]


def agents_in(folder: Path) -> list[str]:
    """Give the processes of agents whose folders are made in this one."""
    return [command for command in map(_command, _processes()) if f"{folder}/healer-agent-" in command]


def seen(session: str) -> tuple[dict[str, str], str]:
    """Give the environment and the network namespace of the Claude Code that has this session."""
    named = [pid for pid in _processes() if session in _command(pid) and "_bundled/claude" in _command(pid)]
    pid = max(named, key=int)  # the helper that became it, not what it was started by
    return _variables(pid), str(Path(f"/proc/{pid}/ns/net").readlink())


def _processes() -> list[str]:
    return [place.name for place in Path("/proc").iterdir() if place.name.isdigit()]


def _command(pid: str) -> str:
    return _read(pid, "cmdline").replace("\0", " ")


def _variables(pid: str) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in _read(pid, "environ").split("\0") if entry]
    return {name: value for name, _, value in pairs}


def _read(pid: str, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_text(errors="replace")
    except OSError:
        return ""


def changes(clone: Path) -> list[FileChange]:
    """Compare a clone with the demo importers, file by file."""
    paths = {str(path.relative_to(top)) for top in (IMPORTERS, clone) for path in top.rglob("*") if path.is_file()}
    return [change for path in sorted(paths) if (change := _change(clone, path))]


def _change(clone: Path, path: str) -> FileChange | None:
    old, new = (_text(top / path) for top in (IMPORTERS, clone))
    if old == new:
        return None
    status = "modified" if old is not None and new is not None else "added" if old is None else "deleted"
    return FileChange(path=path, status=status, old_mode="100644", new_mode="100644", old_text=old, new_text=new)


def _text(path: Path) -> str | None:
    return path.read_text(errors="replace") if path.is_file() else None
