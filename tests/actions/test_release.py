"""CI's release job as it is committed, run by `act`: all of it but GitHub's own services, whose actions are stood in for."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from localworld import seed

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / ".github/workflows/ci.yml"
BIN = Path(sys.executable).parent
DONE = '    runs-on: ubuntu-latest\n    steps: [{ run: "true" }]\n'
INPUTS = {"checkout": (), "attest": ("subject-path", "sbom-path"), "upload-artifact": ("name", "path")}
LINES = {
    "checkout": ['git clone -q "$SOURCE" .', 'ln -s "$VENV" .venv'],
    "attest": [
        'for file in $SUBJECT_PATH; do hash=$(sha256sum <"$file" | cut -c1-64); done',
        'echo "attest $hash $(basename $SUBJECT_PATH) $SBOM_PATH" >>"$TOLD"',
        '[ -z "$SBOM_PATH" ] || [ -f "$SBOM_PATH" ]',
    ],
    "upload-artifact": [
        'for file in $PATHS; do cp "$file" "$KEPT"; echo "keep $NAME $(basename "$file")" >>"$TOLD"; done'
    ],
}
"""Of each action shell lines that fail where what we give it leads to no file."""


def stand_in(folder, name):
    """Write an action that takes the same inputs and tells what it was given."""
    variables = {given: "PATHS" if given == "path" else given.upper().replace("-", "_") for given in INPUTS[name]}
    step = {
        "shell": "bash",
        "env": {variable: f"${{{{ inputs.{given} }}}}" for given, variable in variables.items()},
        "run": "\n".join(["set -e", *LINES[name]]),
    }
    action = {
        "name": name,
        "description": "stands in",
        "inputs": {given: {"description": given, "default": ""} for given in INPUTS[name]},
        "runs": {"using": "composite", "steps": [step]},
    }
    folder.mkdir(parents=True)
    (folder / "action.yml").write_text(json.dumps(action))
    return folder


def act(folder, event):
    """Give act's command line for an event of the checkout in `folder`."""
    checkout = folder / "checkout"
    argv = [BIN / "act", event, "-C", checkout, "-W", checkout / ".github/workflows/ci.yml"]
    argv += ["-e", folder / "event.json", "--input-file", "/dev/null"]
    argv += ["--secret-file", folder / "secrets", "--env-file", folder / "env", "--var-file", folder / "vars"]
    argv += ["-P", "ubuntu-latest=-self-hosted", "--rm", "--json", "--pull=false", "--defaultbranch", "main"]
    argv += ["--action-offline-mode", "--no-cache-server", "--action-cache-path", folder / "cache"]
    return [*argv, "--no-skip-checkout"]


@pytest.fixture
def released(tmp_path):
    """Give a function that runs CI for an event, with the jobs before the release already done; it gives exit code and output."""
    seed.seed_gate(tmp_path, tmp_path / "bare.git")
    text = CI.read_text()
    before, release = text.split("jobs:\n")[0], text.split("  release:\n")[1]
    workflow = f"{before}jobs:\n  test:\n{DONE}  images:\n{DONE}  release:\n{release}"
    checkout = tmp_path / "checkout"
    seed.git("clone", "-q", str(tmp_path / "bare.git"), str(checkout), cwd=tmp_path)
    (checkout / ".github/workflows/ci.yml").write_text(workflow)
    used = {
        name: f"actions/{name}@{sha}" for name, sha in re.findall(r"uses: actions/([\w-]+)@([0-9a-f]{40})", release)
    }
    assert set(used) == set(INPUTS)
    (tmp_path / "kept").mkdir()
    env = {"SOURCE": tmp_path / "bare.git", "VENV": BIN.parent, "TOLD": tmp_path / "told", "KEPT": tmp_path / "kept"}
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    for name in ("secrets", "vars"):
        (tmp_path / name).touch()
    (tmp_path / "cwd").mkdir()
    mapped = [f"--local-repository={ref}={stand_in(tmp_path / 'actions' / name, name)}" for name, ref in used.items()]

    def run(event):
        (tmp_path / "event.json").write_text(json.dumps({"ref": "refs/heads/main"}))
        ours = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))}
        path = f"{ROOT / 'var/uv/bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            [*map(str, act(tmp_path, event)), *mapped],
            cwd=tmp_path / "cwd",
            env={**ours, "PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_push_builds_signs_and_keeps_wheel_and_sbom(released, tmp_path):
    """On the base branch one wheel is built, attested by itself and with its SBOM, and both are kept; a pull request releases nothing."""
    code, said = released("pull_request")
    assert code == 0, said
    assert not (tmp_path / "told").exists()
    code, said = released("push")
    assert code == 0, said
    told = [line.split() for line in (tmp_path / "told").read_text().splitlines()]
    [wheel] = (tmp_path / "kept").glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert told == [
        ["attest", digest, wheel.name],
        ["attest", digest, wheel.name, "out/sbom.cdx.json"],
        ["keep", "importer-healer", wheel.name],
        ["keep", "importer-healer", "sbom.cdx.json"],
    ]
    names = zipfile.ZipFile(wheel).namelist()
    assert {"actions/gate.py", "healer/bills.schema.json", "flows/heal.py"} <= set(names)
    assert not [name for name in names if name.startswith(("localworld/", "tests/", "bench/"))]
    sbom = json.loads((tmp_path / "kept/sbom.cdx.json").read_text())
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
    assert {"httpx", "pydantic", "prefect"} <= {part["name"] for part in sbom["components"]}
