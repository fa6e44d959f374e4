"""The workflow files and composite actions: what a customer installs."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CALLER = ROOT / "localworld/importers/.github/workflows/healer-gate.yml"
GATE = ROOT / ".github/workflows/verify-fetch.yml"
APPROVAL = ROOT / "localworld/importers/.github/workflows/healer-approval.yml"
WORKFLOWS = [*sorted((ROOT / ".github/workflows").glob("*.yml")), CALLER, APPROVAL]
ACTIONS = sorted((ROOT / "actions").glob("*/action.yml"))
BIN = Path(sys.executable).parent


def load(path):
    return yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506 - texts only: `on` is a key, not a boolean


def steps(document):
    jobs = document.get("jobs", {}).values()
    return [step for job in (*jobs, document.get("runs", {})) for step in job.get("steps", [])]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda p: str(p.relative_to(ROOT)))
def test_shell_never_holds_an_expression(path):
    """Values reach a shell by its environment: no `run` has an expression in it."""
    assert [step["run"] for step in steps(load(path)) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda p: str(p.relative_to(ROOT)))
def test_foreign_actions_are_pinned(path):
    """Every action is ours (`$/`) or named by a commit."""
    used = [step["uses"] for step in steps(load(path)) if "uses" in step]
    assert [name for name in used if not (name.startswith("$/") or re.search(r"@[0-9a-f]{40}$", name))] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: str(p.relative_to(ROOT)))
def test_workflows_grant_nothing_that_a_job_does_not_name(path):
    """The workflow as a whole has no permission."""
    assert load(path)["permissions"] == {}


def test_the_gate_may_read_and_prove_itself_and_no_more():
    """The gate's job has `contents: read` and `id-token: write`, a limit in time, no secret, and checks out without credentials."""
    job = load(GATE)["jobs"]["gate"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert int(job["timeout-minutes"]) <= 15
    checkout = {"persist-credentials": "false", "fetch-depth": "${{ inputs.with-base == 'true' && '0' || '1' }}"}
    assert job["steps"][0]["with"] == checkout
    assert "secrets" not in GATE.read_text() + CALLER.read_text()


def test_the_report_is_handed_in_whatever_happens():
    """The last step runs always."""
    assert load(GATE)["jobs"]["gate"]["steps"][-1] == {
        "name": "Hand in the report",
        "if": "always()",
        "uses": "$/actions/report",
        "timeout-minutes": "3",
    }


def test_no_step_of_the_report_waits_for_success():
    """Also inside the action each step runs always: in a cancelled job the others are skipped."""
    assert {step["if"] for step in steps(load(ROOT / "actions/report/action.yml"))} == {"always()"}


def test_caller_and_gate_agree_on_their_inputs():
    """The caller hands over every input that the gate requires, from the inputs of the dispatch and two repository variables."""
    wanted, caller = load(GATE)["on"]["workflow_call"]["inputs"], load(CALLER)
    assert set(caller["jobs"]["gate"]["with"]) == set(wanted)
    assert set(caller["on"]["workflow_dispatch"]["inputs"]) == {
        "case",
        "attempt",
        "mode",
        "importer",
        "base_sha",
        "with_base",
        "correlation",
    }
    assert set(re.findall(r"vars\.(\w+)", CALLER.read_text())) == {"HEALER_URL", "HEALER_BASE_IMAGE"}


def test_a_run_can_be_recognised_and_importers_take_turns():
    """The run's name carries case and correlation; runs of one importer wait for one another and cancel none."""
    caller = load(CALLER)
    assert "inputs.case" in caller["run-name"]
    assert "inputs.correlation" in caller["run-name"]
    assert caller["concurrency"] == {"group": "healer-gate-${{ inputs.importer }}", "cancel-in-progress": "false"}


@pytest.mark.parametrize("caller", [CALLER, APPROVAL], ids=lambda path: path.name)
def test_the_installed_callers_pass_the_linters(tmp_path, caller):
    """With a repository and a commit in place of the tokens, zizmor and actionlint have nothing to say."""
    text = caller.read_text().replace("__GATE_REPOSITORY__", "acme/importer-healer").replace("__GATE_SHA__", "a" * 40)
    assert "__" not in text
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / caller.name).write_text(text)
    for argv in ([BIN / "zizmor", "--offline", "--quiet", tmp_path], [BIN / "actionlint", folder / caller.name]):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_runner_installs_is_what_the_lock_says():
    """`actions/requirements.txt` has the locked versions and hashes of the base dependencies, all of them."""
    lock = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    text = (ROOT / "actions/requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))
    assert {name: lock[name]["version"] for name in pinned} == pinned
    wanted = {d["name"] for d in lock["importer-healer"]["dependencies"]} | {"hatchling"}
    assert wanted <= set(pinned)
    hashes = {f["hash"] for name in pinned for f in [*lock[name].get("wheels", []), lock[name].get("sdist")] if f}
    assert set(re.findall(r"--hash=(\S+)", text)) == hashes


def run_script(folder, program, **env):
    argv = ["sh", str(ROOT / "actions/run.sh"), program]
    env = {"PATH": f"{BIN}:/usr/bin:/bin", "RUNNER_TEMP": str(folder / "temp"), "HOME": str(folder), **env}
    return subprocess.run(argv, cwd=folder / "work", env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "temp").mkdir()
    return tmp_path


def test_nothing_of_the_checkout_is_loaded(folder):
    """In a checkout full of modules and programs with our names, ours is what runs."""
    for name in ("actions", "healer", "venv", "json", "pip"):
        (folder / "work" / name).mkdir()
        (folder / "work" / name / "__init__.py").write_text("print('UNTRUSTED CODE RAN')")
    shutil.copy(shutil.which("true"), folder / "work" / "healer-gate")
    done = run_script(folder, "healer-gate")
    assert "UNTRUSTED" not in done.stdout + done.stderr
    assert done.returncode == 2
    assert "HEALER_CASE (missing)" in done.stdout


def test_a_program_of_another_version_is_not_used(folder):
    """A console script on the PATH that tells another version is passed by for the private environment."""
    (folder / "bin").mkdir()
    for name, script in {"healer-gate": "echo 9.9.9", "python3": 'echo "private: $*"; exit 9'}.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / "bin" / name).chmod(0o755)
    done = run_script(folder, "healer-gate", PATH=f"{folder / 'bin'}:/usr/bin:/bin")
    assert done.returncode == 9
    assert done.stdout.startswith(f"private: -I -m venv {folder / 'temp'}/healer-gate-")
