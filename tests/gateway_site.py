"""A gateway over a real Redis; Prefect and the identity issuer answer on the wire."""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import respx
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from pydantic import SecretStr
from redis.asyncio import Redis

from factories import make_claims, make_delivery, make_run
from healer import signing
from healer.budget import Budget
from healer.clients.board import BoardReader
from healer.clients.cases import Cases
from healer.clients.checkups import Checkups
from healer.clients.evidence import Evidence
from healer.clients.fetches import Fetches
from healer.clients.jwks import Jwks
from healer.clients.limits import USUAL
from healer.clients.line import Line
from healer.clients.logins import Logins
from healer.clients.orchestrator import Orchestrator
from healer.clients.outbox import Outbox
from healer.clients.registry import RegistryFile
from healer.clients.statements import Statements
from healer.clients.tokens import Scope, Tokens
from healer.clients.trust import Trust
from healer.clients.vault import Vault
from healer.contracts import Case, GateRun, State
from healer.envelope import KeyRing
from healer.identity import Expected
from healer.links import Places
from healer.redact import Redactor
from healer.wiring import GatewayParts

ISSUER = "https://token.actions.githubusercontent.com"
PREFECT = "http://prefect.example/api"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNING = signing.SigningKey(b"workato-key-of-32-bytes-length!!")
GITHUB_SECRET = "the-webhook-secret"
REGISTRY = """
[importers.brightwater]
title = "Brightwater Water & Sewer"
url = "https://my.brightwater.example"
hosts = ["my.brightwater.example"]
credentials = ["brightwater-main"]
component = "importer-brightwater"
owner = "water-team"
paths = ["lib/gatherers/brightwater.rb"]
login_ceiling = 3
[importers.broken]
title = "Broken"
"""


class Prefect:
    """Prefect's wire: keeps flow runs by idempotency key, is up or down, and may refuse all or some; `refusals` counts."""

    def __init__(self, router: respx.Router) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.status, self.refusals = 0, 0
        self.variables: dict[str, Any] = {}
        self.refused: set[str] = set()
        router.get(url__regex=f"{PREFECT}/deployments/name/(?P<flow>\\w+)/\\w+").mock(side_effect=self._deployment)
        router.post(url__regex=f"{PREFECT}/deployments/\\w+/create_flow_run").mock(side_effect=self._create)
        router.route(url__regex=f"{PREFECT}/variables/.*").mock(side_effect=self._variable)
        router.get(f"{PREFECT}/health").mock(side_effect=lambda _: httpx.Response(self.status or 200, json=True))

    def _deployment(self, _: httpx.Request, flow: str) -> httpx.Response:
        return httpx.Response(200, json={"id": flow})

    def _variable(self, request: httpx.Request) -> httpx.Response:
        given = json.loads(request.content) if request.content else {}
        name = given.get("name") or request.url.path.rpartition("/")[2]
        if self.status or (request.method != "POST" and name not in self.variables):
            return httpx.Response(self.status or 404)
        if given:
            self.variables[name] = given["value"]
        return httpx.Response(200, json={"name": name, "value": self.variables[name]})

    def _create(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if self.status or body["idempotency_key"] in self.refused:
            self.refusals += 1
            return httpx.Response(self.status or 422)
        known = body["idempotency_key"] in self.runs
        self.runs.setdefault(body["idempotency_key"], body)
        return httpx.Response(200 if known else 201, json={"id": f"run-of-{body['idempotency_key']}"})


@dataclass
class Gateway:
    """The application under test and what stands around it."""

    http: httpx.AsyncClient
    parts: GatewayParts
    redis: Redis
    prefect: Prefect
    app: FastAPI
    registry: list[str] = field(default_factory=lambda: [REGISTRY])

    async def deliver(
        self,
        body: dict[str, Any] | bytes | None = None,
        *,
        delivery_id: str = "msg_1",
        at: int | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a signed delivery; headers given replace signed ones."""
        told = body if body is not None else {"ticket": "UTIL-101", "importer": "brightwater"}
        raw = told if isinstance(told, bytes) else json.dumps(told).encode()
        signed = signing.sign(SIGNING, delivery_id, at or int(time.time()), raw)
        return await self.http.post("/v1/hooks/workato", content=raw, headers={**signed, **headers})

    async def awaiting(self, run: GateRun | None = None) -> Case:
        """Give a case that awaits a gate run, whose importer's credential is in the vault."""
        received = await self.parts.cases.receive(make_delivery(), make_delivery().received_at)
        fields = {"username": SecretStr("robot-77"), "password": SecretStr("correct-horse")}
        await self.parts.vault.put("brightwater-main", fields)
        state = State.DIAGNOSING
        return await self.parts.cases.record(
            received.case, "gate_dispatched", {}, state=state, awaiting=run or make_run()
        )

    async def lease(self, **claims: Any) -> httpx.Response:
        """Ask for a lease as the run of `make_run()`, with other claims where given."""
        return await self.http.post("/v1/leases", content=b"{}", headers=bearer(token(**claims)))

    async def report(self, body: bytes, **claims: Any) -> httpx.Response:
        """Hand in a report under a token that is bound to it, with other claims where given."""
        audience = f"importer-healer:report:{hashlib.sha256(body).hexdigest()}"
        headers = bearer(token(**{"aud": audience, **claims}))
        return await self.http.post("/v1/gate/reports", content=body, headers=headers)

    async def read_token(self, *scopes: Scope) -> dict[str, str]:
        """Give the header of a fresh API token."""
        return bearer((await self.parts.tokens.create("test", scopes or [Scope.READ])).get_secret_value())

    async def kinds(self, case: str = "UTIL-101") -> list[str]:
        """Give the kinds of a case's events."""
        return [event.kind for event in await self.parts.cases.events(case)]

    async def written(self) -> list[str]:
        """Give the kinds of the case's events, but for that of its own flow run, which may start at any moment."""
        return [kind for kind in await self.kinds() if kind != "run_started"]


def bearer(text: str) -> dict[str, str]:
    """Give the header that carries a token."""
    return {"Authorization": f"Bearer {text}"}


def token(**claims: Any) -> str:
    """Sign claims as GitHub does, each token with an id of its own."""
    return jwt.encode(
        make_claims(int(time.time()), **{"jti": secrets.token_hex(8), **claims}), KEY, "RS256", headers={"kid": "k1"}
    )


async def until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is in another process' hands
            await asyncio.sleep(0.01)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Check that an answer is a problem document, and give its status and reason."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) == {"type", "title", "status", "reason", "detail"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["reason"]


def make_parts(
    redis: Redis, prefect: httpx.AsyncClient, issuer: httpx.AsyncClient, registry: list[str]
) -> GatewayParts:
    """Build the gateway's parts; `registry[0]` is the text of `importers.toml`."""
    ring = KeyRing({"k1": b"k" * 32})
    return GatewayParts(
        cases=Cases(redis),
        line=Line(redis, USUAL),
        statements=Statements(redis, Budget()),
        outbox=Outbox(redis, "test"),
        evidence=Evidence(redis, ring),
        vault=Vault(redis, ring),
        logins=Logins(redis),
        fetches=Fetches(redis),
        checkups=Checkups(redis),
        board=BoardReader(Cases(redis), Logins(redis), Fetches(redis), Trust(redis, Cases(redis))),
        trust=Trust(redis, Cases(redis)),
        tokens=Tokens(redis),
        jwks=Jwks(ISSUER, issuer),
        orchestrator=Orchestrator(prefect),
        registry=RegistryFile(lambda: registry[0]),
        jira_ready=lambda: None,
        github_ready=lambda: None,
        redactor=Redactor(),
        ring=ring,
        workato_keys=(SIGNING,),
        github_secret=SecretStr(GITHUB_SECRET),
        expected=Expected(
            issuer=ISSUER,
            repository="acme/importers",
            caller_workflow=".github/workflows/healer-gate.yml",
            gate_repository="acme/importer-healer",
            gate_sha="c" * 40,
            repository_id=74,
            owner_id=65,
            runner_environment="github-hosted",
        ),
        places=Places("https://jira.example", "https://prefect.example"),
        close=redis.aclose,
    )
