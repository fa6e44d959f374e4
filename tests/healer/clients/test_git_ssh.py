"""The importers repository over SSH, with a deploy key, against a real sshd."""

import getpass
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flow_site import wait_for
from git_site import git
from healer.clients.git import Git
from localworld.redis import free_port

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(SSHD is None or os.geteuid() != 0, reason="wants an installed sshd, and root to run it")


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def place(tmp_path):
    """Give an sshd that lets one deploy key in, and a bare repository behind it."""
    host_key, deploy_key = make_key(tmp_path / "host"), make_key(tmp_path / "deploy key")
    (tmp_path / "authorized_keys").write_bytes(deploy_key.with_suffix(".pub").read_bytes())
    bare, source, port = tmp_path / "importers.git", tmp_path / "source", free_port()
    git("init", "-q", "--bare", "-b", "main", str(bare), cwd=tmp_path)
    git("clone", "-q", str(bare), str(source), cwd=tmp_path)
    (source / "Rakefile").write_text("task :fetch\n")
    for words in (("add", "."), ("commit", "-qm", "Begin"), ("push", "-q", "origin", "HEAD:main")):
        git(*words, cwd=source)
    options = [f"HostKey={host_key}", f"AuthorizedKeysFile={tmp_path}/authorized_keys", "StrictModes=no", "UsePAM=no"]
    options += [f"PidFile={tmp_path}/pid", f"ListenAddress=127.0.0.1:{port}", "PasswordAuthentication=no"]
    Path("/run/sshd").mkdir(exist_ok=True)
    argv = [str(SSHD), "-D", "-e", "-f", "/dev/null", *(word for option in options for word in ("-o", option))]
    with (tmp_path / "sshd.log").open("wb") as log:
        child = subprocess.Popen(argv, stderr=log, env={"PATH": os.defpath})
        wait_for(lambda: "listening" in (tmp_path / "sshd.log").read_text().lower())
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}{bare}", deploy_key, bare
        child.terminate()
        child.wait()


def test_a_branch_is_pushed_with_a_deploy_key(place, tmp_path):
    """Fetch, commit and push go over SSH with the key's file alone; the branch stands in the repository behind it."""
    url, key, bare = place
    client = Git(url, tmp_path / "work", ssh_key=key)
    client.fetch()
    base = client.head("main")
    with client.worktree(base) as tree:
        (tree / "Rakefile").write_text("task :fetch, [:name]\n")
        sha = client.commit(tree, base, "Mend", "Ann <ann@acme.example>", datetime.now(UTC))
    client.push(sha, "heal/UTIL-101", None)
    assert git("rev-parse", "heal/UTIL-101", cwd=bare) == sha
    assert (tmp_path / "work/known_hosts").read_text().startswith("[127.0.0.1]")
