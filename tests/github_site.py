"""A GitHub stand-in as tests use it: the real program on a free port, an App and a token, one importers repository."""

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from git_site import git
from healer.clients.github import GitHub
from healer.clients.github_door import github_auth
from healer.clients.github_issues import Issues
from localworld.redis import free_port
from loopback import NO_TLS

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY, WORKFLOW, TOKEN = "acme/importers", "healer-gate.yml", "ghp_plantedtokenofthehealer0123456789abcd"
MAY = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "actions": "write",
    "checks": "write",
    "members": "read",
    "metadata": "read",
}
GATE = """name: healer-gate
run-name: ${{ inputs.mode }} ${{ inputs.case }} ${{ inputs.correlation }}
on:
  workflow_dispatch:
    inputs:
      case: { type: string, required: true }
      mode: { type: string, required: true }
      correlation: { type: string, required: true }
jobs:
  gate:
    runs-on: ubuntu-latest
    steps: [{ run: "true" }]
"""


@dataclass
class Keys:
    """An App's key pair."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @cached_property
    def private(self) -> str:
        """Give the private key as PEM."""
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        return self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()

    @cached_property
    def public(self) -> str:
        """Give the public key as PEM."""
        pem = serialization.Encoding.PEM
        return self.key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class Site:
    """One running GitHub."""

    url: str
    root: Path
    keys: Keys

    @property
    def api(self) -> str:
        """Give the address of the REST API."""
        return f"{self.url}/api/v3"

    def client(self, login: str = "token", kind: Any = GitHub, **options: Any) -> Any:
        """Give the product's client with the token's or the App's login."""
        auth = github_auth(SecretStr(TOKEN))
        if login == "app":
            auth = github_auth(app_id=4711, installation=815, key=SecretStr(self.keys.private))
        return kind(self.api, auth, REPOSITORY, **{"pace_s": 0, "timeout_s": 10, "patience_s": 8.0, **options})

    def issues(self, login: str = "token") -> Issues:
        """Give the product's client for our issue."""
        return self.client(login, kind=Issues)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API of the repository as the maintainer."""
        headers = {"Authorization": f"token {TOKEN}"}
        url = f"{self.api}/repos/{REPOSITORY}{path}"
        answer = httpx.request(method, url, json=body, headers=headers, verify=NO_TLS, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def fault(self, **fault: Any) -> None:
        """Let something go wrong."""
        httpx.post(f"{self.url}/_control/faults", json=fault, verify=NO_TLS, trust_env=False).raise_for_status()

    def unfault(self) -> None:
        """Let nothing go wrong any more."""
        httpx.delete(f"{self.url}/_control/faults", verify=NO_TLS, trust_env=False).raise_for_status()

    def state(self) -> dict[str, Any]:
        """Give what the stand-in keeps of the repository."""
        told = httpx.get(f"{self.url}/_control/state", verify=NO_TLS, trust_env=False).json()
        kept: dict[str, Any] = told["repositories"][REPOSITORY]
        return kept

    def record(self) -> list[dict[str, Any]]:
        """Give all recorded exchanges."""
        return [json.loads(line) for line in (self.root / "record/github.jsonl").read_text().splitlines()]

    def branch(self, name: str) -> str:
        """Push a branch with a commit of its own; give its head."""
        work = self.root / "work"
        git("checkout", "-q", "-B", name, "main", cwd=work)
        (work / "healed.rb").write_text(f"# {name}\n")
        git("add", "-A", cwd=work)
        git("commit", "-q", "-m", f"Heal {name}", cwd=work)
        git(
            "push",
            "-q",
            "--force",
            f"http://x-access-token:{TOKEN}@{self.url.removeprefix('http://')}/{REPOSITORY}.git",
            name,
            cwd=work,
        )
        return git("rev-parse", "HEAD", cwd=work)


def _config(keys: Keys) -> dict[str, Any]:
    return {
        "repositories": [{"name": REPOSITORY, "protected": ["main"], "private": True, "variables": {}}],
        "app": {
            "id": 4711,
            "slug": "importer-healer",
            "installation": 815,
            "public_key": keys.public,
            "permissions": MAY,
        },
        "tokens": [{"token": TOKEN, "login": "maintainer", "permissions": MAY}],
        "teams": {"acme/keepers": ["alice"]},
        "webhook": {"url": "http://127.0.0.1:9/none", "secret": "planted-webhook-secret"},
        "act": {"program": shutil.which("true"), "path": "/usr/bin:/bin"},
    }


def _seed(root: Path) -> None:
    work, bare = root / "work", root / f"repos/{REPOSITORY}.git"
    (work / ".github/workflows").mkdir(parents=True)
    (work / f".github/workflows/{WORKFLOW}").write_text(GATE)
    (work / "importers.toml").write_text("[importers.brightwater]\n")
    git("init", "-q", "-b", "main", cwd=work)
    git("add", "-A", cwd=work)
    git("commit", "-q", "-m", "Begin", cwd=work)
    bare.mkdir(parents=True)
    git("init", "-q", "--bare", "-b", "main", cwd=bare)
    git("push", "-q", str(bare), "main", cwd=work)


@contextlib.contextmanager
def running(root: Path, **changes: Any) -> Iterator[Site]:
    """Run a GitHub below `root`; `changes` replace members of its configuration."""
    keys, port = Keys(), free_port()
    site = Site(f"http://127.0.0.1:{port}", root, keys)
    _seed(root)
    (root / "config.json").write_text(json.dumps(_config(keys) | changes))
    argv = ["-m", "localworld.github", "--port", str(port), "--host", "127.0.0.1", "--root", str(root)]
    argv += ["--config", str(root / "config.json"), "--public-url", site.url]
    with (
        (root / "log").open("w") as log,
        subprocess.Popen([sys.executable, *argv], stdout=log, stderr=log, cwd=ROOT) as child,
    ):
        try:
            _wait(site.url, child)
            yield site
        finally:
            child.terminate()
            child.wait(10)


def _wait(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, verify=NO_TLS, trust_env=False)
            return
        time.sleep(0.05)
    raise RuntimeError("the GitHub stand-in did not come up")
