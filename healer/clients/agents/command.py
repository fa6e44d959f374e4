"""Any other agent's command line as an agent: the same clone, walls, way out, limits and guards, and a brief in a file.

The command runs in the clone and finds: `BRIEF_FILE`, `PAGES_DIR` (the pages that the brief names), `ANSWER_FILE` (where it may leave
its answer as JSON), `FILES` (what it may edit, blank between), and `MODEL_URL` and `MODEL_KEY` for its model.
"""

import asyncio
import os
import shutil
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process, create_subprocess_exec
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr, ValidationError

from healer.clients.agents import answer, home, model_proxy, plain, review, trials, walls
from healer.clients.agents.answer import Opinion, Said
from healer.clients.agents.home import Home
from healer.clients.agents.model_proxy import Endpoint, ModelProxy
from healer.clients.agents.purse import Purse
from healer.clients.agents.seam import Progress, Tell, Writer
from healer.clients.agents.walls import Walls
from healer.contracts import AgentAnswer, Brief, Ceiling, Spend, Trace
from healer.errors import Misconfigured, UpstreamError

_CHUNK: Final = 1 << 16
_GOODBYE_S: Final = 10
_MOST_LINES: Final = 300
_LARGEST_ANSWER: Final = 1 << 16
_ANSWER: Final = "answer.json"


@dataclass(frozen=True)
class CommandConfig:
    """How the command is run.

    `reads`: folders that it needs to see; `url`, `key`: the one model endpoint that it may reach; `review`: whether it is run again to
    judge what it changed; `sweeps`: whether trials may lie about here that a dead host left.
    """

    argv: tuple[str, ...]
    ceiling: Ceiling
    reads: tuple[Path, ...] = ()
    url: str = ""
    key: SecretStr | None = None
    require_isolation: bool = True
    silence_s: float = 180.0
    review: bool = False
    sweeps: bool = False


class CommandAgent:
    """See `Agent`.

    Raises: Misconfigured where there is no such program.
    """

    name = "command"

    def __init__(self, config: CommandConfig, write: Writer) -> None:
        found = shutil.which(config.argv[0]) if config.argv else None
        if found is None:
            raise Misconfigured(
                "agent `command` has no program that could be run.",
                reason="settings",
                remedy="Set HEALER_AGENT_COMMAND.",
            )
        self._config, self._write, self.ceiling = config, write, config.ceiling
        self._program = Path(os.path.realpath(found))

    async def work(self, brief: Brief, clone: Path, tell: Tell) -> AgentAnswer:
        """See `Agent.work`. A command names no price: where its model answered at all, the spend is the whole ceiling.

        Raises: Misconfigured where this host cannot isolate and must; UpstreamError (`agent_died`) where the command cannot be started.
        """
        shut_in = await asyncio.to_thread(
            walls.required, self._program, self._config.reads, must=self._config.require_isolation
        )
        tell(Progress(f"{self.name} begins: {shut_in.words}"))
        if self._config.sweeps:
            await asyncio.to_thread(trials.sweep)
        purse = Purse(self.ceiling)

        async def session(asked: Brief, tree: Path) -> Said | Opinion | str:
            found, turns = await self._run(asked, tree, purse.left.seconds, tell, shut_in)
            purse.add(Spend(usd=purse.left.usd if turns else 0.0, turns=turns))
            return found

        found = await review.judged(session, brief, clone, tell, reviewed=self._config.review)
        return answer.answer(self.name, found, purse.spent, shut_in.words)

    async def _run(
        self, brief: Brief, clone: Path, seconds: float, tell: Tell, shut_in: Walls
    ) -> tuple[Said | Opinion | str, int]:
        """Run the command once; give what it said, or why the run does not count, and how often its model answered."""
        proxy = ModelProxy(self._endpoint())
        with home.made(clone, shut_in.uid) as place, model_proxy.serving(proxy, place, shut_in) as url:
            _lay_out(place, brief, self._write)
            program = [str(self._program), *self._config.argv[1:]]
            place.arm(shut_in.argv(place, program, self._config.reads), _environment(place, brief, url), ("MODEL_KEY",))
            why = await self._follow(place, proxy.token, seconds, tell)
            found = why or _said(place, review.form_of(brief))
            if isinstance(found, Said) and found.not_fixable_because is None:
                place.bring_back(clone)
        return found, proxy.answered

    def _endpoint(self) -> Endpoint:
        """Give the way to the model; without an address there is a way on which everything is refused."""
        key = self._config.key or SecretStr("")
        return Endpoint(self._config.url, key, paths=None if self._config.url else frozenset())

    async def _follow(self, place: Home, token: SecretStr, seconds: float, tell: Tell) -> str | None:
        """Listen to the command to its end, or end it; give the reason why its run does not count."""
        try:
            env = {"MODEL_KEY": token.get_secret_value()}
            child = await create_subprocess_exec(
                place.wrapper, stdout=PIPE, stderr=STDOUT, cwd=place.repo, env=env, start_new_session=True
            )
        except OSError as error:
            raise UpstreamError(
                f"the agent's command cannot be started ({type(error).__name__}).", service="agent", reason="agent_died"
            ) from None
        try:
            return await self._listen(child, seconds, _teller(tell))
        finally:
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
            place.end()
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), _GOODBYE_S)

    async def _listen(self, child: Process, seconds: float, show: Callable[[bytes], None]) -> str | None:
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            try:
                heard = await asyncio.wait_for(_more(child), max(0.0, min(left, self._config.silence_s)))
            except TimeoutError:
                if left <= self._config.silence_s:
                    return f"the agent's wall clock of {seconds:.0f} s ran out"
                return f"the agent said nothing for {self._config.silence_s:g} s"
            if not heard:
                return f"the agent's command ended {child.returncode}" if child.returncode else None
            show(heard)


async def _more(child: Process) -> bytes:
    """Give what the command says next; at its end nothing, and it has ended then."""
    heard = await child.stdout.read(_CHUNK) if child.stdout else b""
    if not heard:
        await child.wait()
    return heard


def _teller(tell: Tell) -> Callable[[bytes], None]:
    """Give what tells the first lines of the output; the rest is a sign of life only."""
    told = 0

    def show(heard: bytes) -> None:
        nonlocal told
        for line in heard.decode("utf-8", "replace").splitlines():
            if line.strip() and told < _MOST_LINES:
                told += 1
                tell(Progress(line.strip()))

    return show


def _lay_out(place: Home, brief: Brief, write: Writer) -> None:
    prompt = write(brief)
    (place.papers / "brief.md").write_text(f"{prompt.system}\n\n{prompt.task}", encoding="utf-8")
    for name, trace in (("now", brief.now), ("last_good", brief.last_good)):
        _pages(place.papers / name, trace)


def _pages(folder: Path, trace: Trace | None) -> None:
    folder.mkdir()
    for number, (name, text) in enumerate((trace.pages if trace else {}).items(), 1):
        # A name that could lead elsewhere is not used.
        safe = name if name.replace(".", "").isalnum() and not name.startswith(".") else f"{number:03d}"
        (folder / safe).write_text(text, encoding="utf-8")


def _environment(place: Home, brief: Brief, url: str) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(place.home),
        "TMPDIR": str(place.tmp),
        "BRIEF_FILE": str(place.papers / "brief.md"),
        "PAGES_DIR": str(place.papers),
        "ANSWER_FILE": str(place.tmp / _ANSWER),
        "FILES": " ".join(brief.importer.paths),
        "MODEL_URL": url,
    }


def _said(place: Home, form: type[Said] | type[Opinion]) -> Said | Opinion | str:
    """Read the answer. Work without one is left to the guard; a change about which nothing is said is not handed in."""
    try:
        return form.model_validate_json(plain.read(place.tmp / _ANSWER, _LARGEST_ANSWER) or b"")
    except ValidationError:
        return _silent() if form is Said else "the command left no opinion that can be read"


def _silent() -> Said:
    return Said(
        diagnosis="The agent's command left no answer that can be read.",
        breakage="unknown",
        files=(),
        changes=(),
        confidence=0.0,
        not_fixable_because=None,
    )
