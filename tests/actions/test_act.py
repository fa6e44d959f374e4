"""The workflow files as they are committed, dispatched at the GitHub stand-in and run by `act`."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from gate_runner import BASE_IMAGE, GREEN, PASSWORD, World, make_grant, make_rakefile, serve
from healer.contracts import Conclusion
from localworld import seed
from localworld.redis import free_port

pytestmark = pytest.mark.docker
BIN = Path(sys.executable).parent
TOKEN = "ghp_" + "a" * 36
API = "/api/v3/repos/acme/importers/actions"
INPUTS = {
    "case": "UTIL-101",
    "attempt": "1",
    "mode": "verify",
    "importer": "tiny",
    "base_sha": "b" * 40,
    "correlation": "UTIL-101-1-0a1b2c3d",
}


class Actions:
    """GitHub with an importers repository, its caller workflow pinned to this checkout as the gate."""

    def __init__(self, folder, world, ruby, base=None):
        self.world, self.folder, self.root = world, folder, folder / "github"
        world.grant = make_grant(world.portal)
        self.gate_sha = seed.seed_gate(folder, self.root / "repos/acme/importer-healer.git")
        source = folder / "source"
        source.mkdir()
        self.inputs = INPUTS
        if base:
            (source / "Rakefile").write_text(make_rakefile(base))
            world.grant["base"] = seed.commit_tree(source, "The base")
            self.inputs = {**INPUTS, "base_sha": world.grant["base"], "with_base": "true"}
        (source / "Rakefile").write_text(make_rakefile(ruby))
        if base:
            seed.commit_tree(source, "The head")
        seed.seed_importers(source, folder, self.root / "repos/acme/importers.git", self.gate_sha)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{free_port()}", headers={"Authorization": f"Bearer {TOKEN}"}
        )

    def config(self):
        """Give what the stand-in is told."""
        variables = {"HEALER_URL": self.world.url, "HEALER_BASE_IMAGE": BASE_IMAGE}
        everything = dict.fromkeys(("contents", "actions", "workflows", "metadata"), "write")
        return {
            "repositories": [{"name": "acme/importers", "variables": variables}, {"name": "acme/importer-healer"}],
            "app": {"id": 1, "slug": "importer-healer", "installation": 2, "public_key": "", "permissions": {}},
            "tokens": [{"token": TOKEN, "login": "maintainer", "permissions": everything}],
            "webhook": {"url": "http://127.0.0.1:9/nobody", "secret": "s"},
            "act": {"program": str(BIN / "act"), "path": f"{BIN}:{os.environ['PATH']}", "unread": seed.UNREAD},
        }

    def __enter__(self):
        (self.folder / "config.json").write_text(json.dumps(self.config()))
        argv = [
            sys.executable,
            "-m",
            "localworld.github",
            "--root",
            str(self.root),
            "--config",
            str(self.folder / "config.json"),
        ]
        self.process = subprocess.Popen([*argv, "--port", str(self.http.base_url.port)], stdout=subprocess.PIPE)
        assert b"ready" in self.process.stdout.readline()
        return self

    def __exit__(self, *_):
        self.http.close()
        self.process.terminate()
        self.process.communicate(timeout=20)

    def dispatch(self):
        """Start the gate as the healer does; give the run's id."""
        body = {"ref": "main", "inputs": self.inputs, "return_run_details": True}
        return self.http.post(f"{API}/workflows/healer-gate.yml/dispatches", json=body).json()["workflow_run_id"]

    def wait(self, run_id, *statuses, seconds=40):
        """Wait until the run has one of the statuses."""
        deadline = time.monotonic() + seconds
        while (run := self.http.get(f"{API}/runs/{run_id}").json())["status"] not in statuses:
            assert time.monotonic() < deadline, run["status"]
            time.sleep(0.05)
        return run


@pytest.fixture(scope="module")
def outside():
    world = World()
    server, thread = serve(world)
    yield world
    server.should_exit = True
    thread.join()


@pytest.fixture
def actions(outside, tmp_path):
    outside.reports, outside.leases = [], 0
    return lambda ruby, **more: Actions(tmp_path, outside, ruby, **more)


def containers(github, run_id):
    place = hashlib.sha256(f"http://127.0.0.1:{github.http.base_url.port}/acme/importers".encode()).hexdigest()[:8]
    name = f"name=healer-gate-{run_id}-1-{place}"
    return subprocess.run(["docker", "ps", "-aq", "--filter", name], capture_output=True, check=True).stdout


def test_a_good_fetch_is_a_green_run(actions):
    """The run succeeds, is named by case and correlation, and its report says the same of the same commit."""
    with actions(GREEN) as github:
        run = github.wait(github.dispatch(), "completed")
    [(_, report, _)] = github.world.reports
    assert (run["conclusion"], report.conclusion) == ("success", Conclusion.SUCCESS)
    assert run["display_title"] == "verify UTIL-101 UTIL-101-1-0a1b2c3d"
    assert (report.sha, report.run_id, report.ref) == (run["head_sha"], run["id"], "refs/heads/main")


def test_base_and_head_are_one_run(actions):
    """Asked for, one job fetches with the base and with the head, by one lease; one report says that it went from red to green."""
    with actions(GREEN, base="exit 3") as github:
        run = github.wait(github.dispatch(), "completed")
    [(_, report, _)] = github.world.reports
    assert (run["conclusion"], report.conclusion, report.bills) == ("success", Conclusion.SUCCESS, 1)
    assert (report.base.sha, report.base.conclusion) == (github.inputs["base_sha"], Conclusion.FAILURE)
    assert (report.sha, report.logins_used, github.world.leases) == (run["head_sha"], 2, 1)


def test_a_broken_importer_is_a_red_run_without_its_login(actions):
    """The run fails, the report is handed in all the same, and nothing that GitHub keeps holds the login."""
    with actions("puts ENV.to_h, ENV['PORTAL_PASSWORD'].unpack1('H*'); exit 3") as github:
        run = github.wait(github.dispatch(), "completed")
        kept = github.http.get("/_control/state").content
    [(_, report, body)] = github.world.reports
    assert (run["conclusion"], report.conclusion) == ("failure", Conclusion.FAILURE)
    files = [path for path in (github.root / "record").rglob("*") if path.is_file()]
    for text in (kept, body, *(path.read_bytes() for path in files)):
        assert b"S3cr" not in text
        assert PASSWORD.encode().hex().encode() not in text


def test_a_cancelled_run_reports_and_leaves_no_container(actions):
    """A run that GitHub cancels hands in an `error`, and what was running is gone."""
    with actions("sleep 60") as github:
        run_id = github.dispatch()
        github.wait(run_id, "in_progress")
        deadline = time.monotonic() + 20
        while not containers(github, run_id) and time.monotonic() < deadline:
            time.sleep(0.05)
        github.http.post(f"{API}/runs/{run_id}/cancel")
        run = github.wait(run_id, "completed")
    [(_, report, _)] = github.world.reports
    assert (run["conclusion"], report.conclusion) == ("cancelled", Conclusion.ERROR)
    assert not containers(github, run_id)
