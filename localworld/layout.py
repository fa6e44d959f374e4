"""What a local world looks like before it starts: ports, keys, and what each part is told."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from localworld import seed
from localworld.errors import WorldError
from localworld.redis import free_port

BASE_IMAGE = "healer-ruby-base:bookworm"
HOST = "127.0.0.1"
PROJECT = "UTIL"
PARTS = ("gateway", "prefect", "github", "jira", "portal", "redis", "model")
ROBOT = "importer-healer@acme.example"
APP_ID = 4711
_APP = {"id": APP_ID, "slug": "importer-healer", "installation": 815}
_IMPORTERS_ID, _OWNER_ID = 9001, 65
_KEEPERS = "acme/keepers"
TICKET_KEEPERS = "importer-keepers"
"""The JIRA group whose members command by comments on tickets, where `HEALER_JIRA_COMMAND_GROUP` says so."""
_VISITOR = "maintainer"
_APP_MAY = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "actions": "write",
    "checks": "write",
    "members": "read",
    "metadata": "read",
}


@dataclass(frozen=True)
class Plan:
    """What a world is made of. `portal` is a command that serves on `$PORT`; without it the made-up utilities are served.

    `gate` is `act` (the real gate, with containers) or `scripted` (`localworld.github.scripted`: neither Docker nor portal). Where
    `behind` names another port for a part, the part listens there, and whoever laid the plan stands at the port that all others know.
    `settings` are the product's further ones, `runner_settings` its runners'; `model`: a scripted one; `database`: Prefect's, else SQLite.
    """

    root: Path
    importers: Path = seed.CHECKOUT / "localworld/importers"
    portal: str | None = None
    credentials: Path | None = None
    jira_mode: str = "cloud"
    runner_limit: int = 4
    runners: int = 1
    database: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    behind: Mapping[str, int] = field(default_factory=dict)
    gate: Literal["act", "scripted"] = "act"
    settings: Mapping[str, str] = field(default_factory=dict)
    runner_settings: Mapping[str, str] = field(default_factory=dict)
    model: bool = False


@dataclass(frozen=True)
class Keys:
    """Secrets of one world, new each time."""

    vault: str
    workato: str
    webhook: str
    jira: str
    maintainer: str
    app_private: str
    app_public: str
    receipt: str


def new_keys() -> Keys:
    """Make the secrets of a world."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    vault = f"local:{seed.new_secret()}"
    maintainer = "ghp_" + seed.new_secret().replace("/", "x").replace("+", "y")[:36]
    return Keys(
        vault=vault,
        workato=seed.new_secret("whsec_"),
        webhook=seed.new_secret(),
        jira=seed.new_secret("ATATT"),
        maintainer=maintainer,
        app_private=private,
        app_public=public,
        receipt=f"local:{seed.new_secret()}",
    )


def bridge_address() -> str:
    """Give the host's address on Docker's default bridge, where containers reach the portal.

    Raises: WorldError when Docker does not answer.
    """
    argv = ["docker", "network", "inspect", "bridge", "-f", "{{json .IPAM.Config}}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - our own argv
    if done.returncode:
        raise WorldError("Docker does not answer. Start it (`make docker` says how), then try again.")
    network = json.loads(done.stdout)[0]
    # Older engines name no gateway; it is the first address of the network all the same.
    return network.get("Gateway") or str(next(ip_network(network["Subnet"]).hosts()))


class Layout:
    """Addresses, settings and configuration files of one world; nothing runs yet."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.root, self.keys = plan, plan.root, new_keys()
        self.bridge = bridge_address() if plan.gate == "act" else HOST
        self.port = {name: plan.ports.get(name) or free_port() for name in PARTS}
        self.own_port = {name: plan.behind.get(name, port) for name, port in self.port.items()}
        self.gate_sha = ""

    def url(self, part: str) -> str:
        """Give the address of a part on loopback."""
        return f"http://{HOST}:{self.port[part]}"

    @property
    def portal_origin(self) -> str:
        """Give the address at which a container reaches the portal."""
        return f"http://{self.bridge}:{self.port['portal']}"

    @cached_property
    def registry(self) -> dict[str, Any]:
        """Give the entries of `importers.toml` as they stand in the seed."""
        entries: dict[str, Any] = tomllib.loads((self.plan.importers / "importers.toml").read_text())["importers"]
        return entries

    @cached_property
    def logins(self) -> dict[str, dict[str, str]]:
        """Give the login of each credentialRef."""
        given = json.loads(self.plan.credentials.read_text()) if self.plan.credentials else {}
        return seed.make_credentials([ref for entry in self.registry.values() for ref in entry["credentials"]], given)

    def tickets(self) -> list[dict[str, str]]:
        """Give the tickets laid in JIRA: one an importer, in the registry's order."""
        return [
            {
                "key": f"{PROJECT}-{101 + n}",
                "importer": name,
                "type": "Bug",
                "status": "To Do",
                "component": entry["component"],
                "summary": f"{entry['title']}: no bills arrive",
                "description": "The nightly fetch fails. Nothing was changed on our side.",
            }
            for n, (name, entry) in enumerate(self.registry.items())
        ]

    def ticket_of(self, importer: str) -> str:
        """Give the ticket of an importer."""
        return next(t["key"] for t in self.tickets() if t["importer"] == importer)

    # ------------------------------------------------------------ environments

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give the environment that every part starts from: nothing of the caller's but the language."""
        home = self.root / "home"
        home.mkdir(parents=True, exist_ok=True)
        path = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        kept = {k: os.environ[k] for k in ("DOCKER_HOST", "TZ") if k in os.environ}
        return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **kept, **(extra or {})}

    def store_settings(self) -> dict[str, str]:
        """Give what opens the store."""
        return {"HEALER_REDIS_URL": f"redis://{HOST}:{self.port['redis']}/0", "HEALER_VAULT_KEYS": self.keys.vault}

    def product_settings(self) -> dict[str, str]:
        """Give what gateway and flows both need."""
        return {
            **self.store_settings(),
            "HEALER_GITHUB_API_URL": self.url("github") + "/api/v3",
            "HEALER_GITHUB_URL": self.url("github"),
            "HEALER_GITHUB_APP_ID": str(_APP["id"]),
            "HEALER_GITHUB_APP_INSTALLATION": str(_APP["installation"]),
            "HEALER_GITHUB_APP_KEY": self.keys.app_private,
            "HEALER_GITHUB_PACE_S": "0",
            "HEALER_GITHUB_COMMAND_TEAM": _KEEPERS,
            "HEALER_IMPORTERS_REPOSITORY": seed.IMPORTERS_REPOSITORY,
            "HEALER_JIRA_URL": self.url("jira"),
            **({"HEALER_JIRA_USER": ROBOT} if self.plan.jira_mode == "cloud" else {}),
            "HEALER_JIRA_TOKEN": self.keys.jira,
            "HEALER_JIRA_PROJECT": PROJECT,
            **self.plan.settings,
        }

    def gateway_settings(self) -> dict[str, str]:
        """Give the gateway's settings."""
        return {
            **self.product_settings(),
            "HEALER_PREFECT_API_URL": self.url("prefect") + "/api",
            "HEALER_WORKATO_KEYS": self.keys.workato,
            "HEALER_GITHUB_WEBHOOK_SECRET": self.keys.webhook,
            "HEALER_OIDC_ISSUER": self.url("github") + "/_oidc",
            "HEALER_IMPORTERS_REPOSITORY_ID": str(_IMPORTERS_ID),
            "HEALER_IMPORTERS_OWNER_ID": str(_OWNER_ID),
            "HEALER_GATE_REPOSITORY": seed.GATE_REPOSITORY,
            "HEALER_GATE_SHA": self.gate_sha,
            "HEALER_PORTAL_ORIGIN": self.portal_origin,
        }

    def flow_settings(self) -> dict[str, str]:
        """Give the runner's settings."""
        return {
            **self.product_settings(),
            "PREFECT_API_URL": self.url("prefect") + "/api",
            "PREFECT_HOME": str(self.root / "prefect-runner"),
            "HEALER_PUBLIC_URL": self.url("gateway"),
            "HEALER_PREFECT_UI_URL": self.url("prefect"),
            "HEALER_WORK_DIR": str(self.root / "work"),
            "HEALER_RECEIPT_KEYS": self.keys.receipt,
            **self.plan.settings,
            **self.plan.runner_settings,
        }

    def operator_settings(self, token: str) -> dict[str, str]:
        """Give what the `healer` command needs to talk to this world; `token` is the API token, if there is one yet."""
        return {
            **self.store_settings(),
            "HEALER_URL": self.url("gateway"),
            **({"HEALER_API_TOKEN": token} if token else {}),
            "HEALER_WORKATO_KEYS": self.keys.workato,
        }

    def audit_settings(self, token: str) -> dict[str, str]:
        """Give what the leak audit needs: every sink of this world, and every secret that a room of the product is told."""
        folders = [self.root / "home", self.root / "prefect-runner", Path("/dev/shm")]  # noqa: S108 - looked at, not used
        return {
            **self.gateway_settings(),
            **self.flow_settings(),
            **self.operator_settings(token),
            "HEALER_LOG_DIR": str(self.root / "log"),
            "HEALER_TEMP_DIRS": json.dumps([str(folder) for folder in folders]),
        }

    def github_config(self) -> dict[str, Any]:
        """Give what the GitHub stand-in is told."""
        variables = {"HEALER_URL": self.url("gateway"), "HEALER_BASE_IMAGE": BASE_IMAGE}
        return {
            "repositories": [
                {
                    "name": seed.IMPORTERS_REPOSITORY,
                    "id": _IMPORTERS_ID,
                    "protected": ["main"],
                    "private": True,
                    "variables": variables,
                },
                {"name": seed.GATE_REPOSITORY, "private": True},
            ],
            "users": {seed.IMPORTERS_REPOSITORY.partition("/")[0]: _OWNER_ID},
            "app": {**_APP, "public_key": self.keys.app_public, "permissions": _APP_MAY},
            "tokens": [
                {
                    "token": self.keys.maintainer,
                    "login": "maintainer",
                    "permissions": {**_APP_MAY, "workflows": "write"},
                }
            ],
            "teams": {_KEEPERS: ["maintainer"]},
            "webhook": {"url": self.url("gateway") + "/v1/hooks/github", "secret": self.keys.webhook},
            "gate": self.plan.gate,
            "act": {
                "program": str(Path(sys.executable).parent / "act"),
                "path": self.environment()["PATH"],
                "unread": seed.UNREAD,
            },
        }

    def jira_config(self) -> dict[str, Any]:
        """Give what the JIRA stand-in is told."""
        return {
            "project": {"key": PROJECT, "name": "Utility importers"},
            "components": [entry["component"] for entry in self.registry.values()],
            "users": [
                {"name": "importer-healer", "email": ROBOT, "token": self.keys.jira},
                {"name": _VISITOR, "token": "", "groups": [TICKET_KEEPERS]},
            ],
            "visitor": _VISITOR,
            "tickets": [{k: v for k, v in t.items() if k != "importer"} for t in self.tickets()],
        }

    def portal_config(self) -> dict[str, dict[str, str]]:
        """Give the logins that the portal accepts, by utility."""
        return {
            name: self.logins[entry["credentials"][0]] for name, entry in self.registry.items() if entry["credentials"]
        }
