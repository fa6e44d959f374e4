"""The composition root: settings in, clients out. Each room has its section; nothing else knows how clients are built."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import httpx
from pydantic import SecretStr

from healer import dsse, importers, signing
from healer.budget import Budget
from healer.clients import orchestrator, store, telemetry
from healer.clients.board import BoardReader
from healer.clients.cases import Cases
from healer.clients.checkups import Checkups
from healer.clients.decryptors import load_decryptors
from healer.clients.evidence import Evidence
from healer.clients.fetches import Fetches
from healer.clients.git import Git
from healer.clients.github import GitHub
from healer.clients.github_door import Door, github_auth
from healer.clients.github_issues import Issues
from healer.clients.heard import Heard
from healer.clients.jira import Jira
from healer.clients.jwks import Jwks
from healer.clients.ledgers import Ledgers
from healer.clients.limits import Limits
from healer.clients.line import Line
from healer.clients.logins import Logins
from healer.clients.orchestrator import Orchestrator
from healer.clients.outbox import Outbox
from healer.clients.registry import RegistryFile
from healer.clients.statements import Statements
from healer.clients.telemetry import UNTOLD, Telemetry
from healer.clients.tokens import Tokens
from healer.clients.trust import Trust
from healer.clients.vault import Vault
from healer.envelope import KeyRing
from healer.identity import Expected
from healer.links import Places
from healer.redact import Redactor
from healer.settings import (
    FlowSettings,
    GatewaySettings,
    GitHubSettings,
    LimitSettings,
    RedactionSettings,
    secret_values,
)
from healer.wiring_agents import agent
from healer.wiring_git import git
from healer.wiring_keys import Keys, vault_keys

if TYPE_CHECKING:
    from healer.clients.agents.seam import Agent, Writer

_HTTP_TIMEOUT_S = 10

D = TypeVar("D", bound=Door)

# ---------------------------------------------------------------- what several rooms use


def github(settings: GitHubSettings) -> GitHub:
    """Build the door to GitHub.

    Raises: Misconfigured where no login is complete.
    """
    return _door(GitHub, settings)


def _door(kind: type[D], settings: GitHubSettings) -> D:
    auth = github_auth(
        settings.github_token, settings.github_app_id, settings.github_app_installation, settings.github_app_key
    )
    return kind(settings.github_api_url, auth, settings.importers_repository, pace_s=settings.github_pace_s)


def _limits(settings: LimitSettings) -> Limits:
    return Limits(
        deliveries_per_key_minute=settings.limit_deliveries_per_key_minute,
        open_cases=settings.limit_open_cases,
        cases_per_importer_day=settings.limit_cases_per_importer_day,
        cases_per_day=settings.limit_cases_per_day,
        mode=settings.limit_mode,
    )


def _budget(settings: LimitSettings) -> Budget:
    return Budget(
        usd_per_case=settings.limit_usd_per_case,
        usd_per_day=settings.limit_usd_per_day,
        usd_per_month=settings.limit_usd_per_month,
        agent_minutes_per_case=settings.limit_agent_minutes_per_case,
        agent_minutes_per_day=settings.limit_agent_minutes_per_day,
    )


def _redactor(settings: RedactionSettings, keys: Keys) -> Redactor:
    return Redactor((*secret_values(settings), *keys.texts), personal=settings.redact_personal)


def _closing(told: Telemetry, *others: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Give what sends the last spans, and then ends connections."""

    async def close() -> None:
        await asyncio.to_thread(told.close)
        for other in others:
            await other()

    return close


# ---------------------------------------------------------------- gateway


@dataclass(frozen=True)
class GatewayParts:
    """All that the gateway's endpoints use. `close` ends the connections."""

    cases: Cases
    line: Line
    statements: Statements
    outbox: Outbox
    evidence: Evidence
    vault: Vault
    logins: Logins
    fetches: Fetches
    checkups: Checkups
    board: BoardReader
    trust: Trust
    tokens: Tokens
    jwks: Jwks
    orchestrator: Orchestrator
    registry: RegistryFile
    jira_ready: Callable[[], None]
    github_ready: Callable[[], None]
    """Each blocks until its neighbour has answered, and raises UpstreamError where it is not ready."""
    redactor: Redactor
    ring: KeyRing
    workato_keys: tuple[signing.SigningKey, ...]
    github_secret: SecretStr
    expected: Expected
    places: Places
    close: Callable[[], Awaitable[None]]
    accept_jwt: bool = False
    hears_comments: bool = False
    telemetry: Telemetry = UNTOLD
    base_branch: str = "main"


def _expected(settings: GatewaySettings) -> Expected:
    return Expected(
        issuer=settings.oidc_issuer,
        repository=settings.importers_repository,
        caller_workflow=f".github/workflows/{settings.gate_workflow}",
        gate_repository=settings.gate_repository,
        gate_sha=settings.gate_sha,
        repository_id=settings.importers_repository_id,
        owner_id=settings.importers_owner_id,
        runner_environment=settings.runner_environment,
    )


def _places(settings: GatewaySettings) -> Places:
    prefect = settings.prefect_ui_url or settings.prefect_api_url.rstrip("/").removesuffix("/api")
    return Places(jira_url=settings.jira_url.rstrip("/"), prefect_ui_url=prefect.rstrip("/"))


def _prefect(settings: GatewaySettings) -> httpx.AsyncClient:
    auth = orchestrator.basic_auth(settings.prefect_auth)
    return httpx.AsyncClient(base_url=settings.prefect_api_url, headers=auth, timeout=_HTTP_TIMEOUT_S)


def gateway_parts(settings: GatewaySettings) -> GatewayParts:
    """Build the gateway's clients; nothing is contacted yet.

    Raises: Misconfigured where a key does not have its form.
    """
    redis, keys = store.connect(settings.redis_url), vault_keys(settings)
    prefect, issuer, hub = _prefect(settings), httpx.AsyncClient(timeout=_HTTP_TIMEOUT_S), github(settings)
    redactor = _redactor(settings, keys)
    told = telemetry.connect(settings.otlp_endpoint, "importer-healer-gateway", redactor)
    return GatewayParts(
        cases=Cases(redis, _limits(settings)),
        line=Line(redis, _limits(settings)),
        statements=Statements(redis, _budget(settings)),
        outbox=Outbox(redis, consumer=f"{socket.gethostname()}-{os.getpid()}"),
        evidence=Evidence(redis, keys.ring, settings.evidence_days, settings.good_trace_days),
        vault=Vault(redis, keys.ring, load_decryptors(settings.decryptors)),
        logins=Logins(redis),
        fetches=Fetches(redis),
        checkups=Checkups(redis),
        board=BoardReader(Cases(redis), Logins(redis), Fetches(redis), Trust(redis, Cases(redis))),
        trust=Trust(redis, Cases(redis)),
        tokens=Tokens(redis),
        jwks=Jwks(settings.oidc_issuer, issuer),
        orchestrator=Orchestrator(prefect),
        registry=RegistryFile(lambda: hub.read_file(importers.PATH, settings.base_branch), settings.portal_origin),
        jira_ready=Jira(settings.jira_url, settings.jira_token, settings.jira_user, timeout_s=_HTTP_TIMEOUT_S).ready,
        github_ready=hub.ready,
        redactor=redactor,
        ring=keys.ring,
        workato_keys=signing.parse_keys(settings.workato_keys.get_secret_value()),
        github_secret=settings.github_webhook_secret,
        expected=_expected(settings),
        places=_places(settings),
        close=_closing(told, prefect.aclose, issuer.aclose, redis.aclose),
        accept_jwt=settings.workato_jwt,
        hears_comments=settings.github_command_team is not None,
        telemetry=told,
        base_branch=settings.base_branch,
    )


# ---------------------------------------------------------------- flows


@dataclass(frozen=True)
class FlowParts:
    """All that the flows use, for one run. `close` ends the connections."""

    settings: FlowSettings
    cases: Cases
    line: Line
    outbox: Outbox
    ledgers: Ledgers
    evidence: Evidence
    fetches: Fetches
    checkups: Checkups
    logins: Logins
    vault: Vault
    """Opened to redact what people write, and for nothing else."""
    heard: Heard
    board: BoardReader
    trust: Trust
    github: GitHub
    issues: Issues
    statements: Statements
    jira: Jira
    git: Git
    agent: "Agent"
    redactor: Redactor
    signers: tuple[dsse.Signer, ...]
    """Who signs receipts."""
    telemetry: Telemetry
    close: Callable[[], Awaitable[None]]


def flow_parts(settings: FlowSettings, write: "Writer") -> FlowParts:
    """Build the flows' clients; nothing is contacted yet. `write` puts briefs into words.

    Raises: Misconfigured where a key does not have its form, no login for GitHub is complete, or the agent lacks a setting.
    """
    redis, keys = store.connect(settings.redis_url), vault_keys(settings)
    door, redactor = github(settings), _redactor(settings, keys)
    told = telemetry.connect(settings.otlp_endpoint, "importer-healer-flows", redactor)
    return FlowParts(
        settings=settings,
        cases=Cases(redis, _limits(settings)),
        line=Line(redis, _limits(settings)),
        outbox=Outbox(redis, consumer="flows"),
        ledgers=Ledgers(redis, _budget(settings)),
        evidence=Evidence(redis, keys.ring, settings.evidence_days, settings.good_trace_days),
        fetches=Fetches(redis),
        checkups=Checkups(redis),
        logins=Logins(redis),
        vault=Vault(redis, keys.ring, load_decryptors(settings.decryptors)),
        heard=Heard(redis),
        board=BoardReader(Cases(redis), Logins(redis), Fetches(redis), Trust(redis, Cases(redis))),
        trust=Trust(redis, Cases(redis)),
        github=door,
        issues=_door(Issues, settings),
        statements=Statements(redis, _budget(settings)),
        jira=Jira(settings.jira_url, settings.jira_token, settings.jira_user, redactor=redactor),
        git=git(settings, door),
        agent=agent(settings, write),
        redactor=redactor,
        signers=_signers(settings),
        telemetry=told,
        close=_closing(told, redis.aclose),
    )


def _signers(settings: FlowSettings) -> tuple[dsse.Signer, ...]:
    keys = settings.receipt_keys.get_secret_value() if settings.receipt_keys else ""
    return tuple(dsse.signer(key) for key in keys.split(",") if key.strip())
