"""A gateway process with what intake needs and nothing more: Redis, and the smallest neighbours."""

import base64
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from localworld import neighbours
from localworld.processes import Process, answers
from localworld.redis import RedisServer, free_port

HOST: Final = "127.0.0.1"
WORKATO_KEY: Final = "whsec_" + base64.b64encode(b"a key for deliveries, of 32 bytes").decode()
_LIMITS: Final = ("DELIVERIES_PER_KEY_MINUTE", "OPEN_CASES", "CASES_PER_IMPORTER_DAY", "CASES_PER_DAY")
"""Out of the way: what is asked here is how fast and how safely deliveries are taken, not how many may be."""


def _process(name: str, argv: list[str], port: int, env: dict[str, str], log: Path) -> Process:
    """Give a process that serves on a port of loopback."""
    where = ["--host", HOST, "--port", str(port)]
    return Process(name, [*argv, *where], {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **env}, log)


class Intake:
    """The parts under `folder`; all are started on enter and gone on exit.

    `prefect_port` and `redis_port` are where the gateway looks for them, for a proxy in between.
    """

    def __init__(self, folder: Path, prefect_port: int | None = None, redis_port: int | None = None) -> None:
        self.redis = RedisServer(folder / "redis", redis_port)
        ports = {"gateway": free_port(), "neighbours": free_port()}
        self.url = f"http://{HOST}:{ports['gateway']}"
        self.neighbours_url, self.neighbours_port = f"http://{HOST}:{ports['neighbours']}", ports["neighbours"]
        around = [sys.executable, "-m", "uvicorn", "--factory", "localworld.neighbours:app", "--no-access-log"]
        self.neighbours = _process("neighbours", around, ports["neighbours"], {}, folder / "neighbours.log")
        settings = self._settings(prefect_port or ports["neighbours"])
        serve = [str(Path(sys.executable).parent / "healer-gateway")]
        self.gateway = _process("gateway", serve, ports["gateway"], settings, folder / "gateway.log")

    def _settings(self, prefect_port: int) -> dict[str, str]:
        return {
            "HEALER_REDIS_URL": self.redis.url,
            "HEALER_VAULT_KEYS": "k1:" + base64.b64encode(b"v" * 32).decode(),
            "HEALER_GITHUB_API_URL": self.neighbours_url + "/github",
            "HEALER_GITHUB_TOKEN": "nobody-checks-this-token",
            "HEALER_IMPORTERS_REPOSITORY": neighbours.REPOSITORY,
            "HEALER_JIRA_URL": self.neighbours_url,
            "HEALER_JIRA_TOKEN": "nobody-checks-this-one",
            "HEALER_JIRA_PROJECT": "UTIL",
            "HEALER_PREFECT_API_URL": f"http://{HOST}:{prefect_port}/api",
            "HEALER_WORKATO_KEYS": WORKATO_KEY,
            "HEALER_GITHUB_WEBHOOK_SECRET": "nobody-sends-an-event",
            "HEALER_GATE_REPOSITORY": "acme/importer-healer",
            "HEALER_GATE_SHA": "c" * 40,
            "HEALER_IMPORTERS_REPOSITORY_ID": "74",
            "HEALER_IMPORTERS_OWNER_ID": "65",
            **{f"HEALER_LIMIT_{name}": "1000000000" for name in _LIMITS},
        }

    def start_gateway(self) -> None:
        """Start the gateway and wait until it takes work."""
        self.gateway.start()
        self.gateway.wait_until(answers(self.url + "/livez"))

    def __enter__(self) -> Self:
        self.redis.start()
        self.neighbours.start()
        self.neighbours.wait_until(answers(self.neighbours_url + "/api/health"))
        self.start_gateway()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in (self.gateway, self.neighbours, self.redis):
            part.stop()
