"""`healer deploy` against a real Prefect server: what differs is named, mended, and then no more."""

import subprocess
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from flow_site import BIN, Prefect, environment, wait_for
from healer.cli import app
from healer.errors import Misconfigured
from serving import serving

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("heal", "publish", "reconcile")


@pytest.fixture
def deploy(prefect: Prefect):
    """Give the command, within this process, which has imported Prefect already; it answers code and lines."""

    def run(*arguments: str, **settings: str) -> tuple[int, list[str]]:
        env = {"PREFECT_API_URL": prefect.api_url, **settings}
        with temporary_settings({PREFECT_API_URL: prefect.api_url}):
            done = CliRunner().invoke(app, ["deploy", *arguments], env=env, catch_exceptions=False)
        return done.exit_code, done.stdout.splitlines()

    yield run
    for one in _ours(prefect):  # other tests of this server let runs crash
        prefect.call("DELETE", f"/automations/{one['id']}")


def _ours(prefect: Prefect) -> list[dict[str, Any]]:
    return [one for one in prefect.call("POST", "/automations/filter", {}) if "importer-healer" in one["tags"]]


@pytest.fixture
def inbox(prefect: Prefect):
    """Give what a webhook block of Prefect has sent, and the block's name."""
    told: list[str] = []

    async def take(request: Request) -> Response:
        told.append((await request.body()).decode())
        return Response()

    with serving(lambda _: Starlette(routes=[Route("/", take, methods=["POST"])])) as url:
        kind = prefect.call("GET", "/block_types/slug/custom-webhook")["id"]
        (schema, *_) = prefect.call(
            "POST", "/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind]}}}
        )
        data = {"name": "ops", "url": url, "method": "POST", "json_data": {"text": "{{subject}}: {{body}}"}}
        document = {"name": "ops", "data": data, "block_type_id": kind, "block_schema_id": schema["id"]}
        made = prefect.call("POST", "/block_documents/", document)["id"]
        yield told
        prefect.call("DELETE", f"/block_documents/{made}")


def test_what_differs_is_named_mended_and_then_no_more(prefect: Prefect, deploy, inbox: list[str]):
    """A check changes nothing and ends with 1; a deploy mends; then nothing differs, until somebody changes something in the UI."""
    code, lines = deploy("--check")
    assert code == 1
    assert "automation importer-healer, a run crashed: not there" in lines
    assert "automation importer-healer, a budget is spent: left out, HEALER_NOTIFY_BLOCK is not set" in lines
    with_block = {"HEALER_NOTIFY_BLOCK": "custom-webhook/ops"}
    assert deploy(**with_block)[0] == 0
    assert deploy("--check", **with_block) == (0, ["nothing differs"])
    ours = _ours(prefect)
    assert len(ours) == 4
    crashed = next(one for one in ours if "crashed" in one["name"])
    prefect.call("PATCH", f"/automations/{crashed['id']}", {"enabled": False})
    watch = prefect.call("GET", "/deployments/name/watch/watch")["id"]
    prefect.call("PATCH", f"/deployments/{watch}", {"description": "mine"})
    lines = ["deployment watch/watch: other description", f"automation {crashed['name']}: other enabled"]
    assert deploy("--check", **with_block) == (1, lines)
    assert deploy(**with_block) == (0, lines)
    _notified(prefect, inbox)
    # Without the block the notifications are taken away again: what the files do not ask for is not left.
    assert deploy()[0] == 0
    assert len(_ours(prefect)) == 1


def _notified(prefect: Prefect, inbox: list[str]) -> None:
    """Prove that an event of a case whose budget is spent sends one notification by the block, and another reason none."""
    resource = {
        "prefect.resource.name": "UTIL-378",
        "importer": "brightwater",
        "prefect.resource.id": "importer-healer.case.UTIL-378",
    }
    for reason in ("NO_PATCH", "BUDGET_SPENT"):
        event = {
            "id": str(uuid4()),
            "occurred": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "event": "importer-healer.needs_engineer",
            "resource": {**resource, "reason": reason},
            "payload": {},
        }
        prefect.call("POST", "/events", [event])
    wait_for(lambda: inbox, 30)
    (told,) = inbox
    assert "UTIL-378 (brightwater) has no money" in told


def test_block_that_is_not_there_is_named(prefect: Prefect, tmp_path: Path):
    """Nothing is guessed: a block of another name is refused with the way out, and the process ends with 2."""
    env = environment(
        PREFECT_API_URL=prefect.api_url,
        PREFECT_HOME=str(tmp_path / "prefect"),
        HEALER_NOTIFY_BLOCK="slack-webhook/nobody",
    )
    argv = [str(BIN / "healer"), "deploy", "--check"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "Prefect has no block slack-webhook/nobody" in done.stderr) == (2, True)


def test_agents_may_run_in_a_pool_of_their_own(prefect: Prefect, deploy, tmp_path: Path):
    """With a template and a name, heal and publish go to that pool; what differs is named, and a pool of another type is not touched."""
    template = tmp_path / "pool.json"
    template.write_text((ROOT / "deployments/kubernetes/pool.json").read_text())
    pool = {"HEALER_TASK_POOL": "tasks-of-test-deploy"}
    asked = ("--template", str(template), "--type", "kubernetes")
    try:
        code, lines = deploy(*asked, **pool)
        assert (code, lines[0]) == (0, "work pool tasks-of-test-deploy: not there")
        code, lines = deploy("--check", *asked, **pool)
        assert (code, lines[-1]) == (0, "nothing differs")
        pools = {name: prefect.call("GET", f"/deployments/name/{name}/{name}")["work_pool_name"] for name in NAMES}
        assert pools == {name: pool["HEALER_TASK_POOL"] if name in {"heal", "publish"} else "healer" for name in NAMES}
        template.write_text(template.read_text().replace("4Gi", "8Gi"))
        assert deploy(*asked, **pool)[1][0] == "work pool tasks-of-test-deploy: other base job template"
        with pytest.raises(Misconfigured, match="of type kubernetes, not ecs"):
            deploy("--check", "--template", str(template), **pool)
        with pytest.raises(Misconfigured, match="HEALER_TASK_POOL"):
            deploy("--check", **pool)
    finally:
        deploy()  # other tests have all of them in the runner's pool
