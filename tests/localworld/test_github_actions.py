"""Dispatches at the GitHub stand-in: real `act`, real workflow files, GitHub's states, identity and masks."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import jwt
import pytest

import github_site
from git_site import ENV, git
from github_site import MAY, REPOSITORY, TOKEN
from loopback import NO_TLS

BIN = Path(sys.executable).parent
MASKED = "planted&masked <value>"
HEAD = "on: { workflow_dispatch: { inputs: { what: { type: string, default: none } } } }\n"
JOB = "jobs:\n  gate:\n    runs-on: ubuntu-latest\n"
GREEN = HEAD + JOB + '    steps: [{ run: "echo fine && echo summary-text >> $GITHUB_STEP_SUMMARY" }]\n'
FILES = {
    "green.yml": "run-name: run of ${{ inputs.what }}\n" + GREEN,
    # act loses what a step says in the instant in which it ends, so this one ends later.
    "red.yml": HEAD + JOB + '    steps: [{ run: "echo ::error file=lib/a.rb,line=3::wrong; sleep 0.5; exit 1" }]\n',
    "long.yml": HEAD + JOB + '    timeout-minutes: 0.02\n    steps: [{ run: "sleep 20" }]\n',
    "held.yml": HEAD + JOB + '    steps: [{ run: "sleep 20" }]\n',
    "turn.yml": "concurrency: { group: 'turn-${{ inputs.what }}', cancel-in-progress: false }\n"
    + HEAD
    + JOB
    + '    steps: [{ run: "sleep 20" }]\n',
    "odd.yml": HEAD + JOB.replace("ubuntu-latest", "windows-latest") + '    steps: [{ run: "true" }]\n',
    "half.yml": GREEN + '  other:\n    runs-on: windows-latest\n    steps: [{ run: "true" }]\n',
    "leak.yml": HEAD
    + JOB
    + "    permissions: { id-token: write }\n    steps:\n      - env: { TOKEN: '${{ secrets.GITHUB_TOKEN }}' }\n        run: |\n"
    + f"          echo '::add-mask::{MASKED}'\n"
    + f"          echo '{MASKED}' $(printf %s '{MASKED}' | base64 -w0) | tee -a $GITHUB_STEP_SUMMARY\n"
    + '          echo "::notice::$TOKEN"; echo "$TOKEN $ACTIONS_ID_TOKEN_REQUEST_TOKEN" | tee -a $GITHUB_STEP_SUMMARY\n'
    + '          echo "$TOKEN $ACTIONS_ID_TOKEN_REQUEST_TOKEN" > "$KEPT"\n',
    "called.yml": "on: workflow_call\n" + JOB + '    steps: [{ run: "true" }]\n',
    "idle.yml": "on: push\n" + JOB + '    steps: [{ run: "true" }]\n',
}


class Actions:
    """The site, with what these tests ask of it."""

    def __init__(self, site):
        self.site, self.kept = site, site.root / "kept"

    def dispatch(self, file, **body):
        """Ask for a run; give GitHub's answer."""
        url = f"{self.site.api}/repos/{REPOSITORY}/actions/workflows/{file}/dispatches"
        return httpx.post(url, json={"ref": "main", **body}, headers=self.login, verify=NO_TLS, trust_env=False)

    @property
    def login(self):
        """Give the headers of the maintainer."""
        return {"Authorization": f"token {TOKEN}"}

    def start(self, file, **inputs):
        """Start a run; give its id."""
        return self.dispatch(file, inputs=inputs, return_run_details=True).json()["workflow_run_id"]

    def wait(self, run, status="completed"):
        """Wait for a status of a run."""
        deadline = time.monotonic() + 20
        while (found := self.site.send("GET", f"/actions/runs/{run}"))["status"] != status:
            assert time.monotonic() < deadline, found["status"]
            time.sleep(0.02)
        return found

    def ended(self, file, **inputs):
        """Run a workflow to its end."""
        return self.wait(self.start(file, **inputs))

    def oidc(self, secret):
        """Ask for a token as a step does."""
        url = f"{self.site.url}/_oidc/token?api-version=2.0&audience=somebody"
        return httpx.get(url, headers={"Authorization": f"bearer {secret}"}, verify=NO_TLS, trust_env=False)


def seed(site, kept):
    """Commit the workflow files to the main branch, past the rules for pushes, as an owner may."""
    work = site.root / "work"
    for name, text in FILES.items():
        (work / f".github/workflows/{name}").write_text(text.replace("$KEPT", str(kept)))
    (work / "many").mkdir()
    for number in range(1500):  # so that laying the commit out takes longer than runs are apart
        (work / f"many/{number}").write_text(str(number))
    git("add", "-A", cwd=work)
    git("commit", "-q", "-m", "Add workflows", cwd=work)
    called = f"{REPOSITORY}/.github/workflows/called.yml@{git('rev-parse', 'HEAD', cwd=work)}"
    git("rm", "-r", "-q", "many", cwd=work)
    (work / ".github/workflows/calling.yml").write_text(f"{HEAD}jobs:\n  gate:\n    uses: {called}\n")
    git("add", "-A", cwd=work)
    git("commit", "-q", "-m", "Call a workflow", cwd=work)
    bare = str(site.root / f"repos/{REPOSITORY}.git")
    subprocess.run(["git", "push", "-q", bare, "main"], cwd=work, env={**ENV, "GH_WORKFLOWS": "write"}, check=True)


@pytest.fixture(scope="module")
def actions(tmp_path_factory):
    act = {"program": str(BIN / "act"), "path": f"{BIN}:{os.environ['PATH']}"}
    tokens = [{"token": TOKEN, "login": "maintainer", "permissions": {**MAY, "workflows": "write"}}]
    with github_site.running(tmp_path_factory.mktemp("actions"), act=act, tokens=tokens) as site:
        found = Actions(site)
        seed(site, found.kept)
        yield found


@pytest.mark.parametrize(
    ("file", "conclusion"),
    [
        ("green.yml", "success"),
        ("red.yml", "failure"),
        ("long.yml", "timed_out"),
        ("odd.yml", "skipped"),
        ("half.yml", "failure"),
    ],
)
def test_a_run_ends_as_its_jobs_did(actions, file, conclusion):
    """A run is green only if every job found a runner and succeeded; the job's own time limit ends it."""
    assert actions.ended(file)["conclusion"] == conclusion


def test_runs_of_one_group_take_turns(actions):
    """A run waits for the one of its concurrency group, and is not cancelled by it; another group's run does not wait."""
    one, two, other = (actions.start("turn.yml", what=what) for what in ("a", "a", "b"))
    running = {actions.wait(other, "in_progress")["id"]}
    deadline = time.monotonic() + 20
    while len(running) < 2:
        assert time.monotonic() < deadline
        found = [actions.site.send("GET", f"/actions/runs/{run}") for run in (one, two)]
        running |= {run["id"] for run in found if run["status"] == "in_progress"}
    [waiting] = {one, two} - running
    assert actions.site.send("GET", f"/actions/runs/{waiting}")["status"] == "queued"
    for run in (*running, waiting):
        actions.site.send("POST", f"/actions/runs/{run}/cancel")
        assert actions.wait(run)["conclusion"] == "cancelled"


def test_runs_that_begin_together_share_what_they_call(actions):
    """Several first runs of one reusable workflow of another repository all start."""
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(actions.start, ["calling.yml"] * 6))
    assert [actions.wait(run)["conclusion"] for run in runs] == ["success"] * 6


def test_a_push_under_way_harms_no_run(actions):
    """A run starts although a push is laying down objects at the same time, of which some are gone when looked at."""
    quarantine = actions.site.root / f"repos/{REPOSITORY}.git/objects/tmp_objdir-incoming-test"
    quarantine.mkdir()
    (quarantine / "gone").symlink_to(quarantine / "nothing")
    try:
        assert actions.ended("green.yml")["conclusion"] == "success"
    finally:
        shutil.rmtree(quarantine)


def test_a_run_can_be_looked_at(actions):
    """Title, jobs, steps, summary and log of a run are there, in the API, on its page and in its archive."""
    run = actions.ended("green.yml", what="UTIL-101")
    [job] = actions.site.send("GET", f"/actions/runs/{run['id']}/jobs")["jobs"]
    page = httpx.get(run["html_url"], verify=NO_TLS, trust_env=False).text
    assert (run["display_title"], job["conclusion"]) == ("run of UTIL-101", "success")
    assert [step["conclusion"] for step in job["steps"] if step["name"].startswith("Main")] == ["success"]
    assert "summary-text" in page
    assert "fine" in page


def test_a_log_is_fetched_without_a_login(actions):
    """The log archive is elsewhere, at an address that refuses a login."""
    run = actions.ended("green.yml")
    moved = httpx.get(run["logs_url"], headers=actions.login, verify=NO_TLS, trust_env=False)
    assert moved.status_code == 302
    assert httpx.get(moved.headers["location"], verify=NO_TLS, trust_env=False).content.startswith(b"PK")
    assert (
        httpx.get(moved.headers["location"], headers=actions.login, verify=NO_TLS, trust_env=False).status_code == 403
    )


def test_an_annotation_is_shown(actions):
    """What a step reports about a line of a file is on the page of the run."""
    page = httpx.get(actions.ended("red.yml")["html_url"], verify=NO_TLS, trust_env=False).text
    assert "lib/a.rb:3" in page


def test_a_run_is_cancelled(actions):
    """A cancelled run ends as cancelled, however early the wish came, and cannot be cancelled again."""
    run = actions.start("held.yml")
    actions.site.send("POST", f"/actions/runs/{run}/cancel")
    assert actions.wait(run)["conclusion"] == "cancelled"
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        actions.site.send("POST", f"/actions/runs/{run}/cancel")


def test_nothing_keeps_a_masked_value(actions):
    """Values that a job masks, its own token and its request token are in no file and on no page afterwards."""
    run = actions.ended("leak.yml")
    token, request = actions.kept.read_text().split()
    actions.kept.unlink()
    kept = [path.read_text("utf-8", "replace") for path in actions.site.root.glob("record/*")]
    kept += [
        httpx.get(f"{actions.site.url}/_control/state", verify=NO_TLS, trust_env=False).text,
        (actions.site.root / "log").read_text(),
    ]
    kept += [httpx.get(run["html_url"], verify=NO_TLS, trust_env=False).text]
    assert run["conclusion"] == "success"
    assert "***" in kept[-1]
    for secret in (MASKED, token, request, "cGxhbnRlZCZtYXNrZWQ"):
        assert not [text for text in kept if secret in text]


def test_the_right_to_a_token_ends_with_the_run(actions):
    """After the run neither its request token nor its GitHub token is worth anything."""
    actions.ended("leak.yml")
    token, request = actions.kept.read_text().split()
    headers = {"Authorization": f"token {token}"}
    assert actions.oidc(request).status_code == 401
    assert httpx.get(f"{actions.site.api}/user", headers=headers, verify=NO_TLS, trust_env=False).status_code == 401


def test_a_job_proves_which_run_it_is(actions):
    """The OIDC token verifies by the published key, names the run, and carries ids as text."""
    actions.kept.unlink(missing_ok=True)
    work = actions.site.root / "work"
    file = work / ".github/workflows/leak.yml"
    file.write_text(file.read_text() + "          sleep 20\n")
    git("commit", "-q", "-am", "Wait", cwd=work)
    bare = str(actions.site.root / f"repos/{REPOSITORY}.git")
    subprocess.run(["git", "push", "-q", bare, "main"], cwd=work, env={**ENV, "GH_WORKFLOWS": "write"}, check=True)
    run = actions.start("leak.yml")
    deadline = time.monotonic() + 10
    while not (actions.kept.exists() and actions.kept.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    value = actions.oidc(actions.kept.read_text().split()[1]).json()["value"]
    actions.site.send("POST", f"/actions/runs/{run}/cancel")
    known = httpx.get(
        f"{actions.site.url}/_oidc/.well-known/openid-configuration", verify=NO_TLS, trust_env=False
    ).json()
    keys = jwt.PyJWKSet.from_dict(httpx.get(known["jwks_uri"], verify=NO_TLS, trust_env=False).json())
    claims = jwt.decode(value, keys.keys[0].key, ["RS256"], audience="somebody", issuer=known["issuer"])
    head = git("rev-parse", "HEAD", cwd=work)
    assert (claims["run_id"], claims["run_attempt"], claims["sha"]) == (str(run), "1", head)
    assert claims["job_workflow_ref"] == f"{REPOSITORY}/.github/workflows/leak.yml@refs/heads/main"
    assert claims["sub"].endswith(":ref:refs/heads/main")
    assert isinstance(claims["repository_id"], str)
    assert actions.wait(run)["conclusion"] == "cancelled"


@pytest.mark.parametrize(
    ("file", "body", "status"),
    [
        ("idle.yml", {}, 422),
        ("green.yml", {"inputs": {"other": "x"}}, 422),
        ("green.yml", {"ref": "nowhere"}, 422),
        ("none.yml", {}, 404),
        ("healer-gate.yml", {"inputs": {"case": "UTIL-1"}}, 422),
        ("green.yml", {}, 204),
    ],
)
def test_a_dispatch_is_checked(actions, file, body, status):
    """Trigger, reference and inputs are checked before anything starts."""
    assert actions.dispatch(file, **body).status_code == status
