"""A made-up runner: the gateway and GitHub's OIDC provider on loopback, a portal on Docker's bridge, a job's environment."""

import base64
import os
import secrets
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from factories import make_pdf
from healer.contracts import GateReport
from localworld import seed

PDF = make_pdf("Amount due 12.30")
GREEN = """
  require 'fileutils'
  out = ENV.fetch('OUT_DIR')
  dir = ENV.fetch('FETCH_TRACE_DIR')
  steps = []
  get = lambda do |path, lookups = []|
    url = ENV.fetch('PORTAL_URL') + path
    answer = Net::HTTP.get_response(URI(url))
    steps << {number: steps.size + 1, method: 'GET', url: url, status: answer.code.to_i, content_type: answer['content-type'],
              body: format('%03d.body', steps.size + 1), lookups: lookups}
    File.binwrite("#{dir}/#{steps.last[:body]}", answer.body)
    answer.body
  end
  asked = {selector: 'table#bills', kind: 'css', many: false, found: 1, file: 'lib/gatherers/tiny.rb', line: 3}
  page = get.call('/bills?session=4711', [asked])
  said = page.scan(%r{<td>([^<]+)</td>}).flatten
  account = page[/Account ([\\d-]+)/, 1]
  amount = said[3]
  pdf = get.call('/bills/1.pdf')
  File.write("#{dir}/trace.json", JSON.dump({version: 1, importer: 'tiny', steps: steps}))
  FileUtils.mkdir_p("#{out}/tiny")
  File.binwrite("#{out}/tiny/1.pdf", pdf)
  bill = {account: account, period_start: said[0], period_end: said[1], due_date: said[2],
          amount: amount, currency: 'USD', meter_reading: {value: said[4], unit: 'kWh'},
          pdf: 'tiny/1.pdf', pdf_sha256: Digest::SHA256.hexdigest(pdf)}
  File.write("#{out}/tiny.json", JSON.dump({importer: args[:name], fetched_at: '2026-11-24T10:00:00Z', count: 1, bills: [bill]}))
"""
"""A fetch that succeeds."""
BASE_IMAGE = "healer-ruby-base:bookworm"
BRIDGE = "172.17.0.1"
PASSWORD = "S3cr&t <pass>'w\"ord/9="
USERNAME = "mira.lindqvist@example.net"
REQUEST_TOKEN = "request-token-of-this-job"
SHA = "c" * 40
CELLS = ("2026-10-01", "2026-10-31", "2026-11-20", "12.30", "431.5")
PAGE = "<html><body><h1>Bills</h1><p>Account {account}</p><table id='bills'><tr>{cells}</tr></table></body></html>"


@dataclass
class World:
    """What the outside answers, and what it was told."""

    url: str = ""
    portal: str = ""
    env: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"tiny-main": {"PORTAL_USERNAME": USERNAME, "PORTAL_PASSWORD": PASSWORD}}
    )
    grant: dict[str, Any] = field(default_factory=dict)
    refusals: list[tuple[int, str]] = field(default_factory=list)
    """Answers to the next lease requests, instead of a lease."""
    portal_status: int = 200
    leases: int = 0
    reports: list[tuple[str, GateReport, bytes]] = field(default_factory=list)
    """Audience of the token, report and body of what was handed in."""

    def app(self) -> Starlette:
        """Give the ASGI application of all of them."""
        return Starlette(
            routes=[
                Route("/oidc", self._token),
                Route("/v1/leases", self._lease, methods=["POST"]),
                Route("/v1/gate/reports", self._report, methods=["POST"]),
                Route("/portal{path:path}", self._page),
            ]
        )

    async def _token(self, request: Request) -> Response:
        if request.headers["authorization"] != f"bearer {REQUEST_TOKEN}" or request.query_params["api-version"] != "2":
            return PlainTextResponse("", 401)
        return JSONResponse({"value": f"token-for:{request.query_params['audience']}"})

    async def _lease(self, request: Request) -> Response:
        self.leases += 1
        if self.refusals:
            status, reason = self.refusals.pop(0)
            return JSONResponse({"type": "about:blank", "status": status, "reason": reason}, status)
        if audience(request) != "importer-healer:lease":
            return JSONResponse({"reason": "bad_identity"}, 401)
        key = base64.b64encode(b"k" * 32).decode()
        return JSONResponse({"grant": self.grant, "env": self.env, "trace_key": key})

    async def _report(self, request: Request) -> Response:
        body = await request.body()
        self.reports.append((audience(request), GateReport.model_validate_json(body), body))
        return JSONResponse({"case": "UTIL-101", "outcome": "recorded"}, 202)

    async def _page(self, request: Request) -> Response:
        if request.url.path.endswith(".pdf"):
            return Response(PDF, self.portal_status, media_type="application/pdf")
        cells = "".join(f"<td>{cell}</td>" for cell in CELLS)
        account = "4711-0822" if request.url.path.startswith("/portal/b/") else "4711-0815"
        return Response(PAGE.format(account=account, cells=cells), self.portal_status, media_type="text/html")


def audience(request: Request) -> str:
    """Give the audience of the bearer: of a made-up token of ours, or of a JWT (whose signature is the gateway's business)."""
    token = request.headers["authorization"].removeprefix("Bearer ")
    if token.startswith("token-for:"):
        return token.removeprefix("token-for:")
    return str(jwt.decode(token, options={"verify_signature": False})["aud"])


def new_run_id() -> int:
    """Give a number that no other run on this machine has: container, network and image are named by it."""
    return secrets.randbits(48)


def serve(world: World) -> tuple[uvicorn.Server, threading.Thread]:
    """Serve on loopback and on Docker's bridge, each on a port of its own."""
    sockets = []
    for host in ("127.0.0.1", BRIDGE):
        listener = socket.socket()
        listener.bind((host, 0))
        sockets.append(listener)
    world.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    world.portal = f"http://{BRIDGE}:{sockets[1].getsockname()[1]}/portal"
    server = uvicorn.Server(uvicorn.Config(world.app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    return server, thread


def make_grant(portal: str) -> dict[str, Any]:
    """Give the grant for a run of the importer `tiny`."""
    return {
        "lease": "lease-1",
        "case": "UTIL-101",
        "attempt": 1,
        "mode": "verify",
        "importer": {
            "name": "tiny",
            "title": "Tiny Utility",
            "url": portal,
            "hosts": [portal.split("/")[2]],
            "credentials": ["tiny-main"],
            "component": "importer-tiny",
            "owner": "tiny-team",
            "paths": ["lib/gatherers/tiny.rb"],
        },
        "refs": ["tiny-main"],
        "expires_at": "2099-11-24T10:10:00Z",
        "diff": "+++ b/lib/gatherers/tiny.rb\n+  all!(page, 'table#bills tr')",
    }


def make_rakefile(ruby: str) -> str:
    """Give a Rakefile whose task `fetch` runs `ruby`; `BILL` is a bill's PDF in base64."""
    head = "".join(f"require '{name}'\n" for name in ("json", "net/http", "digest", "base64"))
    bill = f"BILL = '{base64.b64encode(PDF).decode()}'\n"
    return f"{head}{bill}task :fetch, [:name] do |_, args|\n{ruby}\nend\n"


@dataclass
class Ended:
    """What a console script did."""

    code: int
    output: str
    report_text: str
    summary: str

    @property
    def report(self) -> GateReport:
        """Give the report that the gate left."""
        return GateReport.model_validate_json(self.report_text)


class Runner:
    """One job on a runner: a checkout, a temporary directory, and the environment that a workflow makes."""

    def __init__(self, folder: Path, world: World, run_id: int) -> None:
        self.world, self.run_id = world, run_id
        self.checkout, self.temp, self.page = folder / "work", folder / "temp", folder / "summary.md"
        self.checkout.mkdir()
        self.temp.mkdir()
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "HEALER_URL": world.url,
            "HEALER_BASE_IMAGE": BASE_IMAGE,
            "HEALER_CASE": "UTIL-101",
            "HEALER_ATTEMPT": "1",
            "HEALER_MODE": "verify",
            "HEALER_IMPORTER": "tiny",
            "HEALER_BASE_SHA": "b" * 40,
            "HEALER_CORRELATION": "UTIL-101-1-0a1b2c3d",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "acme/importers",
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REF": "refs/heads/heal/UTIL-101",
            "GITHUB_SHA": SHA,
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_STEP_SUMMARY": str(self.page),
            "RUNNER_TEMP": str(self.temp),
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{world.url}/oidc?api-version=2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        }
        world.grant = make_grant(world.portal)

    def importer(self, ruby: str) -> None:
        """Put a Rakefile into the checkout whose task `fetch` runs `ruby`."""
        (self.checkout / "Rakefile").write_text(make_rakefile(ruby))

    def base(self, ruby: str) -> str:
        """Commit a Rakefile whose task `fetch` runs `ruby`, and have the run fetch with that commit too; give its sha."""
        self.importer(ruby)
        sha = seed.commit_tree(self.checkout, "The base")
        self.env |= {"HEALER_BASE_SHA": sha, "HEALER_WITH_BASE": "true"}
        self.world.grant["base"] = sha
        return sha

    def start(self, program: str) -> subprocess.Popen[str]:
        """Start a console script in the checkout, as a step does."""
        return subprocess.Popen(
            [program], cwd=self.checkout, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, program: str = "healer-gate") -> Ended:
        """Run a console script to its end."""
        process = self.start(self.program(program))
        output, _ = process.communicate(timeout=60)
        path, page = self.report_path, self.page
        left = [file.read_text() if file.exists() else "" for file in (path, page)]
        return Ended(process.returncode, output, *left)

    @property
    def report_path(self) -> Path:
        """Give the place of the report."""
        return self.temp / f"healer-report-{self.run_id}-1.json"

    @staticmethod
    def program(name: str) -> str:
        """Give the path of an installed console script."""
        return str(Path(sys.executable).parent / name)
