"""The local world: every stand-in and every room of the product as processes on loopback and Docker's own bridge."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from localworld import runners, seed
from localworld.errors import WorldError
from localworld.layout import HOST, Layout, Plan
from localworld.processes import Process, answers
from localworld.redis import RedisServer
from localworld.standing import Standing

_BIN = Path(sys.executable).parent
_AT_ONCE = 3
_TEMPLATE = seed.CHECKOUT / f"var/prefect-{version('prefect')}.db"
"""A migrated, empty database: migrating takes half of a first start."""


class World(Standing):
    """All parts, started in order and ended together. The plan's `root` keeps logs, records and data until it is laid anew."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.root, self.layout = plan, plan.root, Layout(plan)
        self.redis = RedisServer(self.root / "redis", self.layout.own_port["redis"])
        self.processes: dict[str, Process] = {}
        self.api_token = ""

    def start(self) -> None:
        """Lay everything anew and start all parts.

        Raises: WorldError naming the part that did not come up.
        """
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        self._seed()
        self.redis.start()
        serve = ["healer-prefect-server", "--port", str(self.layout.own_port["prefect"]), "--template", str(_TEMPLATE)]
        self._launch("prefect", serve, self._prefect_settings())
        for part in ("github", "jira"):
            self._launch_stand_in(part)
        if self.plan.gate == "act":
            self._launch_portal()
        if self.plan.model:
            argv = ["python", "-m", "localworld.model", "--port", str(self.layout.port["model"])]
            self._launch("model", argv, {"PYTHONPATH": str(seed.CHECKOUT)})
        self._fill_vault()
        for part in ("github", "jira", "portal", "model"):
            if part in self.processes:
                self.processes[part].wait_until(answers(self.layout.url(part) + "/"))
        serve = ["healer-gateway", "--host", HOST, "--port", str(self.layout.own_port["gateway"])]
        self._launch("gateway", serve, self.layout.gateway_settings())
        self.processes["prefect"].wait_until(answers(self.layout.url("prefect") + "/api/ready"), 90)
        for name in runners.names(self.layout):
            argv = ["healer-runner", "--limit", str(self.plan.runner_limit)]
            self._launch(name, argv, runners.settings(self.layout, name))
            self.processes[name].wait_until(self._runner_starts(name, 0))
        self.processes["gateway"].wait_until(answers(self.layout.url("gateway") + "/readyz"))
        self.api_token = self.healer("token", "create", "--scope", "read", "--scope", "operate").strip()

    def _prefect_settings(self) -> dict[str, str]:
        database = {"PREFECT_API_DATABASE_CONNECTION_URL": self.plan.database} if self.plan.database else {}
        return {**self.layout.store_settings(), "PREFECT_HOME": str(self.root / "prefect"), **database}

    def kill(self, part: str) -> None:
        """End a part at once, as a crash does."""
        if part == "redis":
            self.redis.kill()
        else:
            self.processes[part].kill()

    def revive(self, part: str, extra: Mapping[str, str] | None = None) -> None:
        """Start a killed part again, as a supervisor does, and wait until it serves; `extra` variables hold for this start.

        Raises: WorldError.
        """
        if part == "redis":
            self.redis.start()
            return
        process = self.processes[part]
        is_runner = part in runners.names(self.layout)
        before = self._runner_starts_so_far(part) if is_runner else 0
        process.start(extra)
        ready = {"gateway": "/livez", "prefect": "/api/ready"}
        process.wait_until(
            self._runner_starts(part, before) if is_runner else answers(self.layout.url(part) + ready[part])
        )

    def _runner_starts(self, name: str, before: int) -> Callable[[], bool]:
        return lambda: self._runner_starts_so_far(name) > before

    def _runner_starts_so_far(self, name: str) -> int:
        return self.processes[name].log.read_text(errors="replace").count("runner ready")

    def stop(self) -> None:
        """End all parts, the product first."""
        for name in ("gateway", *runners.names(self.layout), "prefect", "github", "jira", "portal", "model"):
            if name in self.processes:
                self.processes[name].stop()
        self.redis.stop()

    def healer(self, *arguments: str, stdin: str = "") -> str:
        """Run the operator's command and give its standard output.

        Raises: WorldError when it fails.
        """
        done = self._run(arguments, self.layout.operator_settings(self.api_token), stdin)
        if done.returncode:
            raise _failed(done)
        return done.stdout

    def audit(self) -> dict[str, Any]:
        """Run the product's leak audit and give its document, whatever it found.

        Raises: WorldError where the audit itself failed.
        """
        settings = self.layout.audit_settings(self.api_token)
        done = self._run(("audit", "leaks", "--json"), settings)
        if not done.stdout:
            raise _failed(done)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def _run(
        self, arguments: Sequence[str], settings: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        argv, env = [str(_BIN / "healer"), *arguments], self.layout.environment(settings)
        return subprocess.run(argv, env=env, input=stdin, capture_output=True, text=True, check=False)  # noqa: S603 - our own argv

    def _seed(self) -> None:
        work, repositories = self.root / "seed", self.root / "github/repos"
        work.mkdir()
        self.layout.gate_sha = seed.seed_gate(work, repositories / f"{seed.GATE_REPOSITORY}.git")
        seed.seed_importers(
            self.plan.importers, work, repositories / f"{seed.IMPORTERS_REPOSITORY}.git", self.layout.gate_sha
        )
        self._write("github.json", self.layout.github_config())
        self._write("jira.json", self.layout.jira_config())
        self._write("portal.json", self.layout.portal_config())

    def _write(self, name: str, content: object) -> None:
        path = self.root / "config" / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(content, indent=1))

    def _launch(self, name: str, argv: list[str], env: Mapping[str, str]) -> None:
        program = str(_BIN / argv[0])
        process = Process(name, [program, *argv[1:]], self.layout.environment(env), self.root / f"log/{name}.log")
        process.start()
        self.processes[name] = process

    def _launch_stand_in(self, part: str) -> None:
        mode = ["--mode", self.plan.jira_mode] if part == "jira" else []
        argv = [
            "python",
            "-m",
            f"localworld.{part}",
            "--root",
            str(self.root / part),
            "--config",
            str(self.root / f"config/{part}.json"),
        ]
        argv += [
            "--host",
            HOST,
            "--port",
            str(self.layout.own_port[part]),
            "--public-url",
            self.layout.url(part),
            *mode,
        ]
        self._launch(part, argv, {"PYTHONPATH": str(seed.CHECKOUT)})

    def _launch_portal(self) -> None:
        port = str(self.layout.port["portal"])
        if self.plan.portal:
            env = self.layout.environment({"PORT": port, "HOST": "0.0.0.0"})
            process = Process("portal", ["/bin/sh", "-c", self.plan.portal], env, self.root / "log/portal.log")
            process.start()
            self.processes["portal"] = process
            return
        argv = ["python", "-m", "localworld.portal", "--port", port, "--host", HOST, "--host", self.layout.bridge]
        self._launch(
            "portal",
            [*argv, "--credentials", str(self.root / "config/portal.json")],
            {"PYTHONPATH": str(seed.CHECKOUT)},
        )

    def _fill_vault(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            puts = [
                pool.submit(self.healer, "credential", "put", ref, stdin=json.dumps(fields))
                for ref, fields in self.layout.logins.items()
            ]
        for put in puts:
            put.result()


def _failed(done: "subprocess.CompletedProcess[str]") -> WorldError:
    return WorldError(f"healer {done.args[1]} ended {done.returncode}: {done.stderr.strip()[-500:]}")
