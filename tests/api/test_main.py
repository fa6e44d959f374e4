"""Rules of the gateway as a process: `healer-gateway`."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localworld.redis import free_port

SECRETS = {
    "HEALER_GITHUB_TOKEN": "github-token-of-tests",
    "HEALER_JIRA_TOKEN": "jira-token-of-tests",
    "HEALER_VAULT_KEYS": "k1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "HEALER_WORKATO_KEYS": "whsec_d29ya2F0by1rZXktb2YtMzItYnl0ZXMtbGVuZ3RoISE=",
    "HEALER_GITHUB_WEBHOOK_SECRET": "webhook-secret-of-tests",
}
PLAIN = {
    "HEALER_GITHUB_API_URL": "http://127.0.0.1:9",
    "HEALER_IMPORTERS_REPOSITORY": "acme/importers",
    "HEALER_JIRA_URL": "http://127.0.0.1:9",
    "HEALER_JIRA_PROJECT": "UTIL",
    "HEALER_PREFECT_API_URL": "http://127.0.0.1:9/api",
    "HEALER_GATE_REPOSITORY": "acme/importer-healer",
    "HEALER_GATE_SHA": "c" * 40,
    "HEALER_IMPORTERS_REPOSITORY_ID": "74",
    "HEALER_IMPORTERS_OWNER_ID": "65",
    "PATH": "/usr/bin:/bin",
}


class Served:
    """A gateway process and what it wrote."""

    def __init__(self, env: dict[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        argv = [Path(sys.executable).parent / "healer-gateway", "--port", str(port)]
        self.process = subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self, path: str) -> httpx.Response:
        """Ask as soon as it listens."""
        for _ in range(400):
            try:
                return httpx.get(self.url + path)
            except httpx.ConnectError:
                time.sleep(0.02)
        raise AssertionError(self.end())

    def end(self) -> tuple[int, str]:
        """End it in order; give exit code and everything that it wrote."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out + err


@pytest.fixture
def served(redis_url: str) -> Iterator[Served]:
    gateway = Served({**PLAIN, **SECRETS, "HEALER_REDIS_URL": redis_url})
    yield gateway
    gateway.process.kill()
    gateway.process.communicate()


def test_gateway_serves_and_ends_in_order(served: Served) -> None:
    """The process serves, ends on SIGTERM, and writes redacted JSON lines only, none of them per request."""
    alive = served.answer("/livez")
    assert (alive.json(), alive.headers.get("server")) == ({"status": "alive"}, None)
    assert served.answer("/v1/cases?token=hunter22").status_code == 401
    assert served.answer("/readyz").json()["registry"] == "failing"
    code, written = served.end()
    assert code in {0, -signal.SIGTERM}
    assert not [secret for secret in SECRETS.values() if secret in written]
    assert "hunter22" not in written
    lines = written.splitlines()
    assert {json.loads(line)["logger"] for line in lines} & {"uvicorn.error"}
    assert not [line for line in lines if "livez" in line]


def test_image_serves_by_the_script() -> None:
    """The image starts the gateway by its script, which brings the connections that cut slow requests."""
    commands = (Path(__file__).parents[2] / "deployments/images/gateway.Dockerfile").read_text().splitlines()
    assert [json.loads(line.removeprefix("CMD "))[0] for line in commands if line.startswith("CMD ")] == [
        "healer-gateway"
    ]


def test_missing_settings_are_named(redis_url: str) -> None:
    """A process that lacks settings does not start, names each in one line, and ends with 2."""
    gateway = Served({**PLAIN, "HEALER_REDIS_URL": redis_url})
    out, err = gateway.process.communicate(timeout=20)
    assert (gateway.process.returncode, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("healer-gateway: settings missing or wrong: ")
    assert "HEALER_JIRA_TOKEN" in err
    assert "HEALER_VAULT_KEYS" in err
