"""A JIRA stand-in as tests use it: over real HTTP, in either mode, with its record and its faults at hand."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
from jira import JIRA
from pydantic import SecretStr

from healer.clients.jira import Jira
from localworld.jira.app import create_app
from localworld.jira.store import Mode, Store
from loopback import NO_TLS
from serving import serving

TOKEN, ANNS_TOKEN, VIEWERS_TOKEN = "planted-token-of-the-healer", "planted-token-of-ann", "planted-token-of-a-viewer"
ROOTS_TOKEN = "planted-token-of-root"
KEY, GROUP = "UTIL-101", "importer-keepers"
CONFIG: dict[str, Any] = {
    "project": {"key": "UTIL", "name": "Utility importers"},
    "components": ["importer-brightwater", "importer-voltara"],
    "users": [
        {"name": "importer-healer", "email": "importer-healer@acme.example", "token": TOKEN},
        {"name": "ann", "email": "ann@acme.example", "token": ANNS_TOKEN, "groups": ["jira-users", GROUP]},
        {"name": "auditor", "email": "auditor@acme.example", "token": VIEWERS_TOKEN, "viewer": True},
        {"name": "root", "email": "root@acme.example", "token": ROOTS_TOKEN, "groups": ["administrators"]},
    ],
    "tickets": [
        {
            "key": KEY,
            "type": "Bug",
            "summary": "Brightwater: no bills since Monday",
            "description": "The nightly fetch fails.",
            "component": "importer-brightwater",
            "status": "To Do",
        }
    ],
}


@dataclass(frozen=True)
class Site:
    """One running JIRA."""

    url: str
    mode: str
    root: Path

    @property
    def cloud(self) -> bool:
        """Tell whether it speaks as Cloud."""
        return self.mode == "cloud"

    def client(self, token: str = TOKEN, **options: Any) -> Jira:
        """Give the product's client."""
        user = "importer-healer@acme.example" if self.cloud else None
        return Jira(self.url, SecretStr(token), user, **{"timeout_s": 5.0, "patience_s": 5.0, **options})

    def login(self, name: str = "importer-healer", token: str = TOKEN) -> dict[str, Any]:
        """Give the library's login for somebody."""
        return {"basic_auth": (f"{name}@acme.example", token)} if self.cloud else {"token_auth": token}

    def library(self, name: str = "importer-healer", token: str = TOKEN) -> JIRA:
        """Give the library as anybody would use it."""
        return JIRA(self.url, **self.login(name, token), max_retries=0, timeout=5)

    def http(self, token: str = TOKEN) -> httpx.Client:
        """Give a bare HTTP client with a login."""
        if self.cloud:
            return httpx.Client(
                base_url=self.url, auth=("importer-healer@acme.example", token), verify=NO_TLS, trust_env=False
            )
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, verify=NO_TLS, trust_env=False
        )

    def fault(self, **fault: Any) -> None:
        """Let something go wrong."""
        httpx.post(f"{self.url}/_control/faults", json=fault, verify=NO_TLS, trust_env=False).raise_for_status()

    def ticket(self, key: str = KEY) -> dict[str, Any]:
        """Give what the site remembers of a ticket."""
        state = httpx.get(f"{self.url}/_control/state", verify=NO_TLS, trust_env=False).json()
        return next(t for t in state["tickets"] if t["key"] == key)

    def record(self) -> list[dict[str, Any]]:
        """Give all recorded exchanges."""
        return [json.loads(line) for line in (self.root / "record/jira.jsonl").read_text().splitlines()]


@contextlib.contextmanager
def running(mode: str, root: Path) -> Iterator[Site]:
    """Run a site whose state and record are below `root`."""

    def make(url: str) -> Any:
        return create_app(Store(CONFIG, cast("Mode", mode), url, root / "state.json"), root / "record/jira.jsonl")

    with serving(make) as url:
        yield Site(url, mode, root)
