"""Rules of `healer doctor`, against the real wire of each neighbour: a sound installation is well, and what is broken is named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import respx
import yaml

import github_site
from gateway_site import REGISTRY
from git_site import git
from healer import doctor
from jira_site import TOKEN, VIEWERS_TOKEN
from jira_site import running as running_jira

PREFECT = "http://prefect.example/api"
GATEWAY = "http://gateway.example"
ROOT = Path(__file__).resolve().parents[2]


def test_doctor_knows_the_deployments_by_name():
    """The names that the doctor looks for are those of `deployments/prefect.yaml`."""
    written = yaml.safe_load((ROOT / "deployments/prefect.yaml").read_text())["deployments"]
    assert sorted(one["name"] for one in written) == list(doctor.DEPLOYMENTS)


REGISTERED = REGISTRY.partition("[importers.broken]")[0]


def commit(github, name, text):
    """Change a file on the base branch."""
    work = github.root / "work"
    (work / name).write_text(text)
    git("commit", "-q", "-a", "-m", "Change", cwd=work)
    git("push", "-q", str(github.root / f"repos/{github_site.REPOSITORY}.git"), "main", cwd=work)


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    with github_site.running(tmp_path_factory.mktemp("github")) as site:
        commit(site, "importers.toml", REGISTERED)
        yield site


@pytest.fixture(params=["cloud", "datacenter"], scope="module")
def jira(request, tmp_path_factory):
    with running_jira(request.param, tmp_path_factory.mktemp("jira")) as site:
        yield site


@pytest.fixture
def wire(github, jira):
    """Give the wire: Prefect and the gateway answer as they do when all is well; GitHub and JIRA are there in earnest."""
    with respx.mock(assert_all_called=False) as router:
        for site in (github, jira):
            router.route(host="127.0.0.1", port=int(site.url.rpartition(":")[2])).pass_through()
        router.route(host="127.0.0.1", port=9).pass_through()
        router.get(f"{PREFECT}/admin/version").respond(json="3.8.8")
        served = [{"name": name, "paused": False, "status": "READY"} for name in doctor.DEPLOYMENTS]
        router.post(f"{PREFECT}/deployments/filter", name="deployments").respond(json=served)
        ended = [{"end_time": datetime.now(UTC).isoformat()}]
        router.post(f"{PREFECT}/flow_runs/filter", name="runs").respond(json=ended)
        ready = dict.fromkeys(("redis", "registry", "prefect", "jira", "github"), "ok")
        router.get(f"{GATEWAY}/readyz", name="ready").respond(json={"status": "ready", **ready})
        yield router


@pytest.fixture
def ask(healer, wire, github, jira, monkeypatch):
    """Give the question as an operator types it where the worker runs, on a machine without Docker; it answers code and findings."""
    user = {"HEALER_JIRA_USER": "importer-healer@acme.example"} if jira.cloud else {}
    settings = {
        "HEALER_GITHUB_API_URL": github.api,
        "HEALER_GITHUB_APP_ID": "4711",
        "HEALER_GITHUB_APP_INSTALLATION": "815",
        "HEALER_GITHUB_APP_KEY": github.keys.private,
        "HEALER_IMPORTERS_REPOSITORY": github_site.REPOSITORY,
        "HEALER_JIRA_URL": jira.url,
        "HEALER_JIRA_TOKEN": TOKEN,
        "HEALER_JIRA_PROJECT": "UTIL",
        "HEALER_PREFECT_API_URL": PREFECT,
        "PATH": "/usr/bin:/bin",
        **user,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert healer("credential", "put", "brightwater-main", stdin='{"password": "correct-horse"}')[0] == 0

    def run(**changed):
        for name, value in changed.items():
            monkeypatch.setenv(f"HEALER_{name.upper()}", value)
        code, out, _ = healer("doctor", "--json")
        return code, json.loads(out)["findings"]

    return run


def bad(findings):
    return {one["about"]: one["says"] for one in findings if one["mark"] == "bad"}


def test_sound_installation_is_well(ask):
    """Where every neighbour answers and permits what is needed, nothing is bad, each was looked at, and the exit code is 0."""
    code, findings = ask()
    assert (code, bad(findings)) == (0, {})
    seen = {one["about"] for one in findings if one["mark"] == "good"}
    wanted = {"Redis", "vault", "Prefect", "deployments", "reconcile", "gateway", "GitHub", "JIRA", "JIRA statuses"}
    assert wanted | {"GitHub permissions", "JIRA permissions", "importers", "gate", "clock of JIRA"} <= seen


def test_what_is_broken_is_named_with_its_mend(ask, wire, jira):
    """A viewer's account, statuses of another name, an unserved deployment and an absent gateway are findings; the exit code is 1."""
    wire["deployments"].respond(json=[{"name": "heal", "paused": True, "status": "NOT_READY"}])
    wire["runs"].respond(json=[])
    wire["ready"].respond(404)
    viewer = {"jira_user": "auditor@acme.example"} if jira.cloud else {}
    code, findings = ask(jira_token=VIEWERS_TOKEN, jira_status_review="Peer Review", **viewer)
    told = bad(findings)
    assert code == 1
    assert set(told) == {"deployments", "reconcile", "gateway", "JIRA permissions", "JIRA statuses"}
    assert (told["reconcile"], told["JIRA statuses"]) == ("has never ended well", "not there: Peer Review")
    assert all(one["mend"] for one in findings if one["mark"] == "bad")


def test_registry_is_held_against_the_vault(ask, github):
    """An entry that cannot be used, and a login that nobody has stored, are told by name."""
    commit(github, "importers.toml", REGISTRY.replace("brightwater-main", "brightwater-new"))
    try:
        _, findings = ask()
    finally:
        commit(github, "importers.toml", REGISTERED)
    assert set(bad(findings)) == {"importers", "credential brightwater-new"}


def test_neighbour_that_is_not_there_keeps_nobody_waiting(ask):
    """One that does not answer, or answers as something else, is a finding, and the others are looked at all the same."""
    code, findings = ask(redis_url="redis://127.0.0.1:9/0", prefect_api_url="http://127.0.0.1:9/api")
    told = bad(findings)
    assert code == 1
    assert {"Redis", "vault", "API tokens", "Prefect"} <= set(told)
    assert "GitHub" in {one["about"] for one in findings if one["mark"] == "good"}


def test_settings_that_are_not_complete_are_listed(healer, monkeypatch):
    """Where neither room is complete nothing is asked; what each lacks is named, and the table is for people."""
    monkeypatch.delenv("HEALER_IMPORTERS_REPOSITORY", raising=False)
    code, out, _ = healer("doctor")
    assert code == 1
    assert "HEALER_IMPORTERS_REPOSITORY" in "".join(out.split())
