"""Lets an agent try what it changed: the repository's specs, and a fetch from the repair pack's pages. What it wrote runs here.

Each runs in the gate's kind of container, without a network, with a made-up login. No result decides anything: the gate does.
"""

import json
import os
import re
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from healer.clients import replaying
from healer.clients.agents import plain
from healer.clients.agents.launch import started_at
from healer.clients.container import OUT, Containers, Job, RunResult
from healer.contracts import Brief
from healer.errors import UpstreamError
from healer.replay import Asked, Replay, of_trace

MOST: Final = 12
"""How often one run may try something."""
_SECONDS: Final = 120.0
_GRACE_S: Final = 5.0
_SHOWN: Final = 6000
_BILLS_SHOWN: Final = 2
_LARGEST: Final = 1 << 20
_LABEL: Final = "importer-healer.trial"
_NAME: Final = re.compile(r"healer-trial-([0-9a-f]{8})-([0-9]+)-([0-9]+)-[0-9a-f]{12}")
"""A trial's name says on which host which process, begun when, makes it."""
_STALE: Final = "2h"
"""No trial takes so long: what is as old belongs to nobody, whichever host made it."""
_MADE_UP: Final = {"PORTAL_USERNAME": SecretStr("somebody"), "PORTAL_PASSWORD": SecretStr("nothing")}
_NOTE: Final = (
    "The pages are redacted: amounts, dates and numbers are made up, so what hangs on their values (a count of pages, the text of "
    "a PDF, the order of dates) may fail here and hold on the portal."
)


@dataclass(frozen=True)
class TrialConfig:
    """`base_image` holds Ruby and the gems; `dockerfile` puts a tree on it; `specs` is the command that runs the specs."""

    base_image: str
    dockerfile: Path
    specs: tuple[str, ...] = ("rake", "spec")


class Trials:
    """What one agent run may try on its tree."""

    def __init__(self, config: TrialConfig, brief: Brief, tree: Path) -> None:
        self._config, self._brief, self._tree = config, brief, tree
        self._docker, self._numbers, self._open = Containers(), count(1), set[str]()

    def specs(self) -> str:
        """Run the specs and say how they ended, in words for the agent."""
        with self._room() as (image, out):
            ended = self._docker.run(self._job(image, out, _bounded(self._config.specs), {}))
        return f"{_ending(ended)}\n\n{_tail(ended)}"

    def fetch(self) -> str:
        """Let the gatherer fetch from the failed fetch's pages, then from the last good one's, and say how far it came."""
        importer = self._brief.importer
        kept = (self._brief.now, self._brief.last_good)
        replay = Replay([of_trace(trace) for trace in kept if trace])
        portal = f"{replaying.PORTAL}{urlsplit(importer.url).path}".rstrip("/")
        with self._room() as (image, out):
            argv = replaying.command(_bounded(("rake", f"fetch[{importer.name}]")))
            with replaying.portal(replay, out):
                ended = self._docker.run(self._job(image, out, argv, {"PORTAL_URL": portal, "OUT_DIR": OUT}))
            found = _result(out, importer.name)
        asked = "\n".join(_word(one) for one in replay.asked) or "It asked for nothing."
        return "\n\n".join([_ending(ended), found or _tail(ended), f"What it asked for:\n{asked}", _NOTE])

    def close(self) -> None:
        """End what still runs; a trial outlives its run where the run was broken off."""
        for name in tuple(self._open):
            self._docker.remove(name)
            self._docker.discard(name)

    @contextmanager
    def _room(self) -> Iterator[tuple[str, Path]]:
        """Give the image of the tree as it is now, and a folder to write to."""
        if next(self._numbers) > MOST:
            raise UpstreamError(f"more than {MOST} trials", service="agent", reason="too_many_trials")
        name = f"healer-trial-{_host()}-{os.getpid()}-{started_at(os.getpid())}-{uuid.uuid4().hex[:12]}"
        self._open.add(name)
        try:
            with TemporaryDirectory(prefix="healer-trial-", ignore_cleanup_errors=True) as folder:
                out = Path(folder)
                out.chmod(0o777)  # the container's user is nobody on this machine
                config = self._config
                yield self._docker.build(self._tree, config.dockerfile, config.base_image, name, _LABEL), out
        finally:
            self._docker.discard(name)
            self._open.discard(name)

    def _job(self, image: str, out: Path, argv: Sequence[str], env: dict[str, str]) -> Job:
        home = {"HOME": "/tmp", "TMPDIR": "/tmp"}  # noqa: S108 - inside the container
        return Job(
            name=image,
            image=image,
            command=tuple(argv),
            env={**home, **env},
            login=_MADE_UP,
            out=out,
            seconds=_SECONDS + _GRACE_S,
            network=(*replaying.NETWORK, "--label", f"{_LABEL}=1"),
        )


def sweep() -> None:
    """Remove what dead processes of this host left, and what is too old to be anybody's; without an engine there is nothing."""
    docker = Containers()
    with suppress(UpstreamError):
        containers, images = docker.made(_LABEL)
        for name in filter(_is_orphan, containers):
            docker.remove(name)
        for name in filter(_is_orphan, images):
            docker.discard(name)
        docker.prune(_LABEL, _STALE)


def _host() -> str:
    """Give what tells the processes of this host, or of this container, from those of others that use the same engine."""
    here = f"{socket.gethostname()}\n{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - the text of the link
    return sha256(here.encode()).hexdigest()[:8]


def _is_orphan(name: str) -> bool:
    """Say whether a trial's process was one of this host and is no more."""
    made = _NAME.fullmatch(name)
    return made is not None and made[1] == _host() and started_at(int(made[2])) != made[3]


def _bounded(argv: Sequence[str]) -> tuple[str, ...]:
    """End it from within too: a container outlives a host that dies."""
    return ("timeout", "-k", "2", f"{_SECONDS:.0f}", *argv)


def _ending(ended: RunResult) -> str:
    if ended.exit_code is None or ended.exit_code in {124, 137}:
        return "It did not end in its time or room."
    return "It ended with exit 0." if ended.exit_code == 0 else f"It ended with exit {ended.exit_code}."


def _tail(ended: RunResult) -> str:
    return ended.output.decode("utf-8", "replace")[-_SHOWN:].strip()


def _result(out: Path, importer: str) -> str:
    """Say what the fetch left: bills or an error; nothing where neither can be read."""
    forms: dict[str, Callable[[dict[str, Any]], str]] = {f"{importer}.json": _bills, f"{importer}.error.json": _error}
    for name, form in forms.items():
        try:
            found = json.loads(plain.read(out / name, _LARGEST) or b"null")
        except ValueError:
            continue
        if isinstance(found, dict):
            return form(found)[:_SHOWN]
    return ""


def _bills(found: dict[str, Any]) -> str:
    bills = found.get("bills")
    first = bills[:_BILLS_SHOWN] if isinstance(bills, list) else []
    return f"{found.get('count')} bills; the first ones, with made-up values:\n{json.dumps(first, indent=1, ensure_ascii=False)}"


def _error(found: dict[str, Any]) -> str:
    return f"{found.get('error')}: {found.get('message')} ({found.get('file')}:{found.get('line')}, step {found.get('step')})"


def _word(asked: Asked) -> str:
    if asked.step is None:
        answer = "sent on to the next page" if asked.status < 400 else "NOT RECORDED"  # noqa: PLR2004 - HTTP
    else:
        answer = f"step {asked.step} of {'the failed fetch' if asked.tape == 0 else 'the last good fetch'}"
    return f"- {asked.method} {asked.target[:200]}: {answer}{' (an address with other digits)' if asked.alike else ''}"
