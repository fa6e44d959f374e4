"""What our orchestration around Claude Code costs, from a brief to a diff that the guard let through, beside the SDK's plain run of it.

Both sides run the real program behind one scripted model that does the same work in as many turns, in turns with one another. Memory is
proportional (PSS), of all processes of a side, taken in runs that are not timed; Claude Code's own is told apart.

`make bench-agent`, or `python -m bench.agent --runs 3 --output FILE` for a quick look.
"""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import claude_agent_sdk
import typer
import uvicorn
from claude_agent_sdk._cli_version import __cli_version__

from bench import figures, worlds
from bench.agent_runs import FILE, NEW, OLD, REPOSITORY
from healer.clients.agents import walls
from localworld.model.app import Model
from localworld.model.script import Step, Turn, answer, call, text
from localworld.seed import CHECKOUT, git

AIM_S: Final = 1.0
_LOOK_S: Final = 0.05
_PROGRAM: Final = "_bundled/claude"


_EDITS: Final[tuple[Turn, ...]] = (
    call("Read", file_path=FILE),
    call("Edit", file_path=FILE, old_string=OLD, new_string=NEW),
)
_TURNS: Final[dict[str, tuple[Turn, ...]]] = {
    "ours": (*_EDITS, answer(files=[FILE], changes=[f"{OLD} is {NEW} now"])),
    "stock": (*_EDITS, Step([text("Done.")])),
}
"""What the scripted model does on each side: the same work in as many turns."""


def _repository(folder: Path) -> Path:
    """Lay out a bare repository of the example importers."""
    source, bare = CHECKOUT / "localworld/importers", folder / REPOSITORY
    git("init", "--quiet", "--bare", "--initial-branch=main", str(bare), cwd=folder)
    place = ("--git-dir", str(bare), "--work-tree", str(source))
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    git(*place, "add", "--all", cwd=source)
    git(*place, *who, "commit", "--quiet", "--message", "The example importers", cwd=source)
    return bare


@contextmanager
def _model(side: str) -> Iterator[str]:
    """Serve the scripted model of one side; give its address."""
    app = Model(lambda: iter(_TURNS[side])).app
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Side:
    """One side: a process that makes runs when it is told to."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self.name, self._process = name, process

    def run(self) -> float:
        """Make one run, and give its seconds.

        Raises: RuntimeError where no mended importer comes of it.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline() or "{}")
        if not told.get("mended"):
            raise RuntimeError(f"{self.name} did not mend the importer: {told}")
        return float(told["seconds"])

    def memory(self) -> dict[str, float]:
        """Make one run, and give the most MiB that its processes took at once: Claude Code, and all the others."""
        peak, over = {"claude_code": 0.0, "others": 0.0}, threading.Event()

        def watch() -> None:
            while not over.wait(_LOOK_S):
                for what, mib in _pss(self._process.pid).items():
                    peak[what] = max(peak[what], mib)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            self.run()
        finally:
            over.set()
            thread.join()
        return {what: round(mib, 1) for what, mib in peak.items()}


def _pss(pid: int) -> dict[str, float]:
    """Give the proportional memory of a process and all below it now, in MiB (proc(5), smaps_rollup)."""
    found = {"claude_code": 0.0, "others": 0.0}
    for one in _family(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            program = str(Path(f"/proc/{one}/exe").readlink())
        except OSError:
            continue  # it has ended meanwhile
        kib = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
        found["claude_code" if program.endswith(_PROGRAM) else "others"] += kib / 1024
    return found


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


@contextmanager
def _side(name: str, room: Path) -> Iterator[Side]:
    with _model(name) as url:
        argv = [sys.executable, "-m", f"bench.agent_{name}", url, str(room)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own argv
            try:
                yield Side(name, process)
            finally:
                if process.stdin:
                    process.stdin.close()


def measure(runs: int) -> dict[str, Any]:
    """Run both sides in turns; the first run of each warms up and does not count."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        room = Path(folder)
        _repository(room)
        sides = {name: stack.enter_context(_side(name, room)) for name in ("ours", "stock")}
        for side in sides.values():
            side.run()
        others = figures.await_quiet()
        pairs = [{name: side.run() for name, side in sides.items()} for _ in range(runs)]
        memory = {name: side.memory() for name, side in sides.items()}
        time.sleep(_LOOK_S)
    spread = {name: worlds.spread([pair[name] for pair in pairs]) for name in sides}
    overhead = round(statistics.median(pair["ours"] - pair["stock"] for pair in pairs), 3)
    program = (Path(claude_agent_sdk.__file__).parent / _PROGRAM).resolve()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": figures.hardware(),
        "versions": {"claude-agent-sdk": version("claude-agent-sdk"), "claude-code": __cli_version__},
        "walls": walls.strongest(program).words,
        "runs": runs,
        "others": others,
        "brief_to_diff_s": spread,
        "overhead_s": overhead,
        "pss_mib": memory,
        "aim": {"aim": AIM_S, "found": overhead, "met": overhead < AIM_S},
    }


def main(
    runs: Annotated[int, typer.Option(help="Runs of each side that count.", min=1)] = 20,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = CHECKOUT / "bench/results/agent.json",
) -> None:
    """Measure both sides and write the figures."""
    found = measure(runs)
    figures.write(output, found)
    for name, one in found["brief_to_diff_s"].items():
        mib = found["pss_mib"][name]
        typer.echo(
            f"{name:6} p50 {one['p50']:.3f} s   p95 {one['p95']:.3f} s from brief to diff; "
            f"{mib['others']:.0f} MiB beside Claude Code's {mib['claude_code']:.0f}"
        )
    typer.echo(f"ours costs {found['overhead_s']:.3f} s more; others took {found['others']:.0%} of the machine")


if __name__ == "__main__":
    typer.run(main)
