"""The place of the matrix: a local world with a scripted gate and a tripwire on each way between its parts."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpx
import libfaketime
from redis import Redis
from redis.exceptions import RedisError

from localworld import seed
from localworld.crash.tripwire import Tripwire
from localworld.layout import HOST, Plan
from localworld.redis import free_port
from localworld.world import World

IMPORTER: Final = "brightwater"
BRANCHES: Final = "github/repos/acme/importers.git"
_LINKS: Final = ("redis", "prefect", "github", "jira", "gateway")
_RISES: Final = ("redis", "prefect", "gateway", "runner")
"""The order in which parts are started again: what others need comes first."""
_MANY: Final = "100000"
_DISK: Final = "64m"
_BLOCK: Final = 4096
_SETTINGS: Final = {
    "HEALER_LIMIT_CASES_PER_IMPORTER_DAY": _MANY,
    "HEALER_LIMIT_CASES_PER_DAY": _MANY,
    "HEALER_LIMIT_OPEN_CASES": _MANY,
    "HEALER_LIMIT_AGENT_MINUTES_PER_DAY": _MANY,
    # An operator in a hurry: a matrix of hundreds of cells cannot wait two minutes in each.
    "HEALER_RECONCILE_PENDING_S": "4",
    "HEALER_RECONCILE_SILENT_S": "6",
    "HEALER_RECONCILE_AGENT_S": "6",
}


class Place:
    """A running world, what stands in it as those see it who can look everywhere, and what may befall it."""

    def __init__(self, root: Path, gate: Literal["act", "scripted"] = "scripted") -> None:
        self.root, self.gate = root, gate
        self.links = {part: Tripwire(free_port()) for part in _LINKS}
        self.disk = root.with_name(root.name + "-disk")
        self._stack = contextlib.ExitStack()
        self.http = httpx.Client(timeout=15, trust_env=False)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._mount(stack)
            for link in self.links.values():
                stack.enter_context(link)
            stack.callback(self.http.close)
            self.world = stack.enter_context(World(self._plan()))
            if self.gate == "act":
                switches = {"version": "v2"}
                self.http.post(
                    f"{self.world.layout.url('portal')}/_control/{IMPORTER}", json=switches
                ).raise_for_status()
            self.redis = Redis(port=self.links["redis"].target_port, decode_responses=True)
            stack.callback(self.redis.close)
            self.main = self.git("rev-parse", "refs/heads/main")
            scopes = ("--scope", "fetches", "--name", "scheduler")
            self.scheduler = self.world.healer("token", "create", *scopes).strip()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for link in self.links.values():
            link.release(drop=True)
        self._stack.close()

    def _plan(self) -> Plan:
        importers = self.root.with_name(self.root.name + "-importers")
        shutil.rmtree(importers, ignore_errors=True)
        shutil.copytree(seed.CHECKOUT / "localworld/importers", importers)
        _leave_one(importers / "importers.toml")
        folders = {"HEALER_WORK_DIR": str(self.disk / "work"), "TMPDIR": str(self.disk / "tmp")}
        return Plan(
            root=self.root,
            importers=importers,
            gate=self.gate,
            ports={part: link.port for part, link in self.links.items()},
            behind={part: link.target_port for part, link in self.links.items()},
            settings={**_SETTINGS, **folders},
        )

    def _mount(self, stack: contextlib.ExitStack) -> None:
        """Give the flows a small disk of their own, where that is allowed; `full` needs it."""
        shutil.rmtree(self.disk, ignore_errors=True)
        (self.disk / "work").mkdir(parents=True)
        argv = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "healer-crash", str(self.disk)]
        self.is_small = subprocess.run(argv, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own argv
        for name in ("work", "tmp"):
            (self.disk / name).mkdir(exist_ok=True)
        if self.is_small:
            stack.callback(subprocess.run, ["umount", "--lazy", str(self.disk)], check=True)

    # ------------------------------------------------------------ looking

    def url(self, part: str) -> str:
        """Give a part's own address, past the wire."""
        return f"http://{HOST}:{self.links[part].target_port}"

    def case(self, case_id: str) -> dict[str, Any] | None:
        """Read a case as it is stored; None where there is none, or where Redis is away."""
        try:
            text = self.redis.get(f"healer:case:{case_id}")
        except RedisError:
            return None
        return json.loads(text) if isinstance(text, str) else None

    def events(self, case_id: str) -> list[dict[str, Any]]:
        """Read a case's events as they are stored; none where Redis is away."""
        try:
            texts: Any = self.redis.lrange(f"healer:case:{case_id}:events", 0, -1)
        except RedisError:
            return []
        return [json.loads(text) for text in texts]

    def state(self, part: str) -> dict[str, Any]:
        """Read all that a stand-in remembers."""
        found: dict[str, Any] = self.http.get(f"{self.url(part)}/_control/state").json()
        return found

    def git(self, *arguments: str) -> str:
        """Run git on the importers repository; empty where it fails."""
        argv = ["git", "-C", str(self.world.root / BRANCHES), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - our own argv

    def containers(self) -> list[str]:
        """Name the gate's containers and networks that are there."""
        if self.gate != "act":
            return []
        listed = (["ps", "--all", "--format", "{{.Names}}"], ["network", "ls", "--format", "{{.Name}}"])
        found = [subprocess.run(["docker", *argv], capture_output=True, text=True, check=True) for argv in listed]  # noqa: S603, S607 - our own argv
        ours = {str(run["id"]) for run in self.state("github")["runs"]}
        names = [name for done in found for name in done.stdout.split() if name.startswith("healer-gate")]
        return [name for name in names if ours & set(name.split("-"))]

    def leftovers(self) -> list[str]:
        """Name what lies in the folders that must be empty when nobody works."""
        folders = (self.disk / "tmp", self.disk / "work/trees")
        return [str(entry.relative_to(self.root.parent)) for f in folders if f.exists() for entry in f.iterdir()]

    # ------------------------------------------------------------ doing

    def lay(self, number: int) -> str:
        """Lay a ticket, put the base branch back to where the importer is broken, forget who was ill before; give the ticket's key.

        Of one illness many cases supersede each other, and lower the importer's level: it gets drafts, which nobody merges.
        """
        self.git("update-ref", "refs/heads/main", self.main)
        self.redis.delete("healer:cases")
        if self.gate == "act":  # nobody merges, so what the last green fetch taught is of another importer, as it were
            self.redis.delete(f"healer:good:{IMPORTER}", f"healer:history:{IMPORTER}")
        key, component = f"UTIL-{number}", f"importer-{IMPORTER}"
        ticket = {"key": key, "type": "Bug", "component": component, "summary": "no bills arrive", "description": "-"}
        self.http.post(f"{self.url('jira')}/_control/tickets", json=ticket).raise_for_status()
        return key

    def order(self, case_id: str, mode: str, report: str) -> None:
        """Order what becomes of a gate run's report."""
        told = {"case": case_id, "mode": mode, "report": report}
        self.http.post(f"{self.url('github')}/_control/gate", json=told).raise_for_status()

    def fault(self, part: str, **fault: Any) -> None:
        """Let a stand-in answer the next requests of a kind otherwise."""
        self.http.post(f"{self.url(part)}/_control/faults", json=fault).raise_for_status()

    def faultless(self) -> None:
        """Forget all faults of the stand-ins."""
        for part in ("github", "jira"):
            self.http.delete(f"{self.url(part)}/_control/faults").raise_for_status()

    def kill(self, parts: Sequence[str]) -> None:
        """Kill parts at once; `run` is the process of every flow run that is under way, `job` that of every gate run."""
        bodies = {"run": self.flow_processes, "job": self.job_processes}
        for part in parts:
            if part in bodies:
                for pid in bodies[part]():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            else:
                self.world.kill(part)

    def revive(self, parts: Sequence[str]) -> None:
        """Start again what was killed."""
        for part in sorted(set(parts) - {"run", "job"}, key=_RISES.index):
            self.world.revive(part)

    @contextlib.contextmanager
    def skewed(self, part: str, hours: int) -> Iterator[None]:
        """Run a part with a clock that is wrong by some hours (libfaketime)."""
        library = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"
        wrong = {"LD_PRELOAD": str(library), "FAKETIME": f"{hours:+d}h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.world.kill(part)
        self.world.revive(part, wrong)
        try:
            yield
        finally:
            self.world.kill(part)
            self.world.revive(part)

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Leave no room on the disk on which the flows work: it is a small one of its own, filled to the last block."""
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
            while out.write(b"\0" * _BLOCK):
                pass
        try:
            yield
        finally:
            filler.unlink()

    def flow_processes(self) -> list[int]:
        """Give the processes that execute flow runs: children of the preloaded process, which is the runner's own child."""
        runner = self.world.processes["runner"].pid
        return [child for middle in _children(runner) for child in _children(middle)] if runner else []

    def job_processes(self) -> list[int]:
        """Give the processes of gate jobs: what the GitHub stand-in has started, and what that has."""
        found = [self.world.processes["github"].pid or 0]
        for pid in found:
            found += _children(pid)
        return found[1:]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in listed.read_text().split()]
    return found


def _leave_one(registry: Path) -> None:
    """Leave the one importer of all cells in the registry, which may log in as often as they want it to."""
    head, *entries = registry.read_text().split("[importers.")
    ours = next(entry for entry in entries if entry.startswith(IMPORTER))
    ceiling = ours.replace("min_bills = 6\n", f"min_bills = 6\nlogin_ceiling = {_MANY}\n")
    registry.write_text(f"{head}[importers.{ceiling}")
