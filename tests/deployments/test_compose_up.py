"""The one-machine production, really started: `make compose-up`, with whatever Compose is here, on the bases that can be had here."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from localworld import neighbours, workato
from localworld.layout import bridge_address
from localworld.processes import Process, answers
from localworld.redis import free_port
from loopback import NO_TLS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "healer-compose-test"
SERVICES = {"redis", "messages", "postgres", "prefect", "gateway", "worker"}
KEY = "whsec_bWFkZS11cC1rZXktb2Ytd29ya2F0by1vZi0zMi1ieXRlcw=="
SECRETS = {
    "HEALER_GITHUB_TOKEN": "ghp_madeuptokenofthecomposetest0123456789",
    "HEALER_GITHUB_WEBHOOK_SECRET": "made-up-webhook-secret",
    "HEALER_JIRA_TOKEN": "made-up-jira-token",
    "HEALER_WORKATO_KEYS": KEY,
    "HEALER_VAULT_KEYS": "k1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "HEALER_RECEIPT_KEYS": "r1:" + "B" * 42 + "A=",
}
pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(
        "HEALER_TEST_COMPOSE" not in os.environ, reason="builds images and starts six services: make compose-up"
    ),
]


def command() -> tuple[list[str], str]:
    """Give Compose as it is here, version 2 before 1, and what it says of itself."""
    for argv in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(argv[0]):
            said = subprocess.run([*argv, "version"], capture_output=True, text=True, check=False)
            if said.returncode == 0:
                return argv, said.stdout.splitlines()[0]
    pytest.skip("no Docker Compose here (Debian: apt-get install docker-compose)")


def settings(address: str) -> dict[str, str]:
    """Give what `healer.env` says: made-up secrets, and neighbours that know one importer and no ticket."""
    return {
        **SECRETS,
        "HEALER_GITHUB_API_URL": f"{address}/github",
        "HEALER_GITHUB_URL": address,
        "HEALER_IMPORTERS_REPOSITORY": neighbours.REPOSITORY,
        "HEALER_IMPORTERS_REPOSITORY_ID": "74",
        "HEALER_IMPORTERS_OWNER_ID": "65",
        "HEALER_GATE_REPOSITORY": "acme/importer-healer",
        "HEALER_GATE_SHA": "c" * 40,
        "HEALER_JIRA_URL": address,
        "HEALER_JIRA_PROJECT": "UTIL",
    }


class Production:
    """The started project: `argv` is Compose with its file, the rest where it is reached."""

    def __init__(self, argv: list[str], ports: dict[str, int]) -> None:
        self.argv, self.ports = argv, ports

    def run(self, *words: str) -> str:
        """Give a command to Compose, and its output."""
        done = subprocess.run([*self.argv, *words], capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def containers(self) -> dict[str, dict[str, Any]]:
        """Give each service's container as Docker describes it."""
        found = json.loads(subprocess.check_output(["docker", "inspect", *self.run("ps", "-q").split()]))
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in found}

    def health(self) -> dict[str, str]:
        """Give each service's own word."""
        return {name: each["State"].get("Health", {}).get("Status", "none") for name, each in self.containers().items()}

    def wait_until_well(self, seconds: float = 180) -> dict[str, str]:
        """Wait for the health checks, and give what they say in the end."""
        deadline = time.monotonic() + seconds
        while (health := self.health()) != dict.fromkeys(SERVICES, "healthy") and time.monotonic() < deadline:
            time.sleep(2)
        return health

    def ask(self, method: str, where: str, path: str, **more: Any) -> httpx.Response:
        """Ask the gateway or Prefect through the port that is published."""
        return httpx.request(
            method, f"http://127.0.0.1:{self.ports[where]}{path}", timeout=20, verify=NO_TLS, trust_env=False, **more
        )


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Build, start and in the end remove the project, from a copy of its file beside settings of its own."""
    argv, version = command()
    folder, port = tmp_path_factory.mktemp("compose"), free_port()
    ports = {"gateway": free_port(), "prefect": free_port()}
    bases = subprocess.check_output([ROOT / "localworld/setup/bases.sh"], text=True)
    sys.stdout.write(f"\n{version}, on {' '.join(bases.split())}\n")
    named = [f"{name.upper()}_PORT={number}" for name, number in ports.items()]
    (folder / ".env").write_text("\n".join([bases, "POSTGRES_PASSWORD=made-up-password", *named]))
    address = f"http://{bridge_address()}:{port}"
    (folder / "healer.env").write_text("".join(f"{name}={value}\n" for name, value in settings(address).items()))
    text = (ROOT / "deployments/compose/compose.yaml").read_text().replace("context: ../..", f"context: {ROOT}")
    # Version 1 knows all of the file but the project's name.
    (folder / "compose.yaml").write_text(
        "".join(line for line in text.splitlines(keepends=True) if line[:5] != "name:")
    )
    made = Production(
        [*argv, "--project-directory", str(folder), "-p", PROJECT, "-f", str(folder / "compose.yaml")], ports
    )
    serve = [sys.executable, "-m", "uvicorn", "--factory", "localworld.neighbours:app", "--host", bridge_address()]
    around = Process("neighbours", [*serve, "--port", str(port)], dict(os.environ), folder / "neighbours.log")
    around.start()
    try:
        around.wait_until(answers(f"{address}/api/health"))
        made.run("up", "--build", "--detach")
        yield made
    finally:
        with contextlib.suppress(AssertionError):
            made.run("down", "--volumes", "--timeout", "5")
        around.stop()


def test_every_service_starts_and_says_that_it_is_well(production: Production):
    """All six are healthy by their own checks, and none was started again."""
    assert production.wait_until_well() == dict.fromkeys(SERVICES, "healthy")
    assert {each["RestartCount"] for each in production.containers().values()} == {0}


def test_docker_hardens_what_the_file_hardens(production: Production):
    """As Docker runs them: root is read-only, no capability is kept that the file does not name, nobody gains rights, ours are nobody."""
    for name, each in production.containers().items():
        host = each["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False), name
        assert "no-new-privileges:true" in host["SecurityOpt"]
        if name in {"prefect", "gateway", "worker"}:
            assert (each["Config"]["User"], host["CapAdd"]) == ("10001:10001", None)


def test_a_signed_delivery_is_taken_and_its_run_executed(production: Production):
    """The gateway answers 202, Prefect has the run, the worker ends it, and the case is there after gateway and Redis begin anew."""
    assert production.ask("GET", "gateway", "/readyz").status_code == 200
    signed = workato.delivery({"ticket": "UTIL-7", "importer": "brightwater"}, KEY)
    (answer,) = workato.post(f"http://127.0.0.1:{production.ports['gateway']}/v1/hooks/workato", signed)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "opened")
    ended = _ended(production)
    assert ended["name"] == "heal-UTIL-7-0"
    token = production.run("exec", "-T", "gateway", "healer", "token", "create", "--scope", "read", "--name", "test")
    production.run("restart", "redis", "gateway")
    assert production.wait_until_well() == dict.fromkeys(SERVICES, "healthy")
    told = production.ask(
        "GET", "gateway", "/v1/cases/UTIL-7", headers={"Authorization": f"Bearer {token.split()[-1]}"}
    )
    assert (told.status_code, told.json()["case"]["reason"]) == (200, "TICKET_MISMATCH"), ended
    written = production.run("logs", "--no-color")
    assert [secret for secret in SECRETS.values() if secret in written] == []


def _ended(production: Production) -> dict[str, Any]:
    """Wait for the end of the one `heal` run."""
    wanted = {"flows": {"name": {"any_": ["heal"]}}}
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = production.ask("POST", "prefect", "/api/flow_runs/filter", json=wanted).json()
        if found and found[0]["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}:
            run: dict[str, Any] = found[0]
            return run
        time.sleep(1)
    raise AssertionError(f"no heal run ended; {production.run('logs', '--tail', '30', 'worker')}")
