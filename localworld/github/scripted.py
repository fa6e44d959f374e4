"""A gate without a container: it takes the lease and hands in a real report as a gate run does, but what it finds is written down.

For proofs that need hundreds of gate runs and no fetch. The base branch is red as after a renamed table, a branch that changes the
gatherer is green. Orders to one run (`/_control/gate`) let its report be lost, come twice, late, or after a newer one.
"""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localworld.github.act import Identity
from localworld.github.model import Repository, Run
from localworld.github.oidc import Issuer
from localworld.github.runner import Runner
from localworld.github.store import Store
from localworld.github.webhooks import Webhooks
from localworld.github.workflows import Workflow

RENAMED: Final = "table#bills tbody tr"
"""What the red fetch did not find."""
_PAGE: Final = "003.html"
_GREEN, _REFUSED = "success", "failure"
_LEASE: Final = "importer-healer:lease"
_PAUSES_S: Final = (0.5, 0.5, 0.5, 1.0, 2.0, 4.0)
_HELD_S: Final = 120.0


@dataclass
class Order:
    """What becomes of the report of the next run: `sent`, `lost`, `twice`, `held` or `old_again`.

    `held`: the gate is slow, until `release`. `old_again`: the report of the run before comes once more.
    """

    report: str = "sent"
    release: threading.Event = field(default_factory=threading.Event)


class ScriptedRunner(Runner):
    """Takes dispatched runs to their end without act."""

    def __init__(self, store: Store, hooks: Webhooks, issuer: Issuer) -> None:
        super().__init__(store, hooks, issuer)
        self.orders: dict[tuple[str, str], Order] = {}
        self._sent: dict[str, _Gate] = {}

    async def control(self, request: Request) -> Response:
        """Answer `/_control/gate`: POST `{"case", "mode", "report"}` orders; `"report": "released"` lets a held one go."""
        body = await request.json()
        place = (body["case"], body["mode"])
        if body["report"] == "released":
            self.orders[place].release.set()
        else:
            self.orders[place] = Order(body["report"])
        return JSONResponse({})

    def _run(self, repository: Repository, run: Run, workflow: Workflow) -> str:
        identity = self._issuer.identify(repository, run, workflow)
        run.status = "in_progress"
        self._tell_run(repository, run, "in_progress")
        folder = self._store.root / "actions" / f"scripted-{run.id}"
        folder.mkdir(parents=True)
        gate = _Gate(repository, run, identity, folder, self._store.url)
        report = gate.examine()
        place = (run.inputs["case"], run.inputs["mode"])
        order = self.orders.get(place, Order())
        if order.report == "held":
            order.release.wait(_HELD_S)
        self.orders.pop(place, None)
        if order.report != "lost" and not all(gate.hand_in() for _ in range(2 if order.report == "twice" else 1)):
            return _REFUSED
        if order.report == "old_again" and run.inputs["case"] in self._sent:
            self._sent[run.inputs["case"]].hand_in()
        self._sent[run.inputs["case"]] = gate
        if run.id in self._cancelled:
            return "cancelled"
        return str(report["conclusion"]) if report["conclusion"] in {_GREEN, "failure"} else _REFUSED


@dataclass(frozen=True)
class _Gate:
    """One job."""

    repository: Repository
    run: Run
    identity: Identity
    folder: Path
    server: str

    def examine(self) -> dict[str, Any]:
        """Take the lease, find what is written down, and leave the report where `healer-report` looks for it."""
        began = _now()
        refused = self._lease()
        found = _broken(refused) if refused else self._found()
        report = {**self._identity(), **found, "started_at": began, "finished_at": _now()}
        (self.folder / f"healer-report-{self.run.id}-{self.run.attempt}.json").write_text(json.dumps(report))
        return report

    def _lease(self) -> str:
        """Take the lease; give why there is none, empty where there is one."""
        last = "no answer"
        for pause in (*_PAUSES_S, 0.0):
            try:
                answer = self._ask()
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if answer.is_success:
                    return ""
                last = str(answer.json().get("reason"))
                if answer.is_client_error and last != "not_our_run":
                    return last
            time.sleep(pause)
        return last

    def _ask(self) -> httpx.Response:
        url = self.repository.variables["HEALER_URL"]
        with httpx.Client(timeout=15, trust_env=False) as http:
            asked = http.get(
                f"{self.identity.url}&audience={_LEASE}", headers={"Authorization": f"bearer {self.identity.token}"}
            )
            headers = {"Authorization": f"Bearer {asked.json()['value']}", "Content-Type": "application/json"}
            return http.post(f"{url}/v1/leases", content=b"{}", headers=headers)

    def _identity(self) -> dict[str, Any]:
        run, inputs = self.run, self.run.inputs
        return {
            "case": inputs["case"],
            "attempt": int(inputs["attempt"]),
            "mode": inputs["mode"],
            "importer": inputs["importer"],
            "correlation": inputs["correlation"],
            "repository": self.repository.name,
            "run_id": run.id,
            "run_attempt": run.attempt,
            "ref": f"refs/heads/{run.branch}",
            "sha": run.sha,
        }

    def _found(self) -> dict[str, Any]:
        importer = self.run.inputs["importer"]
        path = f"lib/gatherers/{importer}.rb"
        recording = json.loads(self.repository.git.read(self.run.sha, f"recordings/{importer}.json") or b"{}")
        here = self.repository.git.read(self.run.sha, path) or b""
        if RENAMED.split()[0].encode() not in here:
            checks = [{"name": "exit_code", "passed": True}]
            green = {"conclusion": _GREEN, "summary": "6 bills", "exit_code": 0, "bills": 6, "logins_used": 1}
            return {**green, "checks": checks, "trace": recording}
        return _red(recording, path)

    def hand_in(self) -> bool:
        """Post the report as the job's last step does, by the product's own program; tell whether it was taken."""
        inputs = {f"HEALER_{name.upper()}": value for name, value in self.run.inputs.items()}
        env = {
            **inputs,
            "PATH": os.defpath,
            "HEALER_URL": self.repository.variables["HEALER_URL"],
            "GITHUB_SERVER_URL": self.server,
            "GITHUB_REPOSITORY": self.repository.name,
            "GITHUB_RUN_ID": str(self.run.id),
            "GITHUB_RUN_ATTEMPT": str(self.run.attempt),
            "GITHUB_REF": f"refs/heads/{self.run.branch}",
            "GITHUB_SHA": self.run.sha,
            "GITHUB_WORKSPACE": str(self.folder),
            "RUNNER_TEMP": str(self.folder),
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.identity.url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.identity.token,
        }
        program = str(Path(sys.executable).parent / "healer-report")
        with (self.folder / "log").open("ab") as log:
            return subprocess.run([program], env=env, stdout=log, stderr=log, check=False).returncode == 0  # noqa: S603 - our own argv


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _broken(why: str) -> dict[str, Any]:
    return {"conclusion": "error", "summary": f"The gate got no login: {why}."}


def _red(recording: dict[str, Any], path: str) -> dict[str, Any]:
    """Make what a fetch sees after the portal has renamed its table: the same pages up to there, and one lookup that finds nothing."""
    steps = recording["steps"][:3]
    last = steps[2]
    number = next(n for n, look in enumerate(last["lookups"]) if look["selector"] == RENAMED)
    failing = last["lookups"][number]
    looks = [*last["lookups"][:number], {**failing, "found": 0}]
    pages = {name: text for name, text in recording["pages"].items() if name <= _PAGE}
    pages[_PAGE] = pages[_PAGE].replace('id="bills"', 'id="statements"')
    trace = {**recording, "steps": [*steps[:2], {**last, "lookups": looks}], "pages": pages}
    failure = {
        "kind": "source_changed",
        "exception": "Importers::SourceChanged",
        "message": f"nothing matches {RENAMED}",
        "step": 3,
        "selector": RENAMED,
        "file": path,
        "line": failing["line"],
        "signature": "0123456789abcdef",
    }
    red = {"conclusion": "failure", "summary": "rake fetch ended with source_changed", "exit_code": 3, "logins_used": 1}
    return {**red, "failure": failure, "trace": trace}
