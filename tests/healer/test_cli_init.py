"""`healer init-importers` against a clone and the GitHub stand-in."""

import subprocess

import pytest
from typer.testing import CliRunner

import github_site
from git_site import git
from github_site import REPOSITORY, TOKEN
from healer.cli import app
from healer.installer import BRANCH, CALLER, RECORDER

MAY = {**github_site.MAY, "workflows": "write"}


@pytest.fixture
def site(tmp_path):
    people = [{"token": TOKEN, "login": "maintainer", "permissions": MAY}]
    with github_site.running(tmp_path / "github", tokens=people) as running:
        yield running


@pytest.fixture
def clone(site, tmp_path, monkeypatch):
    """Give a clone whose work tree is dirty."""
    address = f"http://x-access-token:{TOKEN}@{site.url.removeprefix('http://')}/{REPOSITORY}.git"
    git("clone", "-q", address, "clone", cwd=tmp_path)
    (tmp_path / "clone/importers.toml").write_text("half of a thought")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Alice")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "alice@acme.example")
    monkeypatch.setenv("HEALER_GITHUB_API_URL", site.api)
    monkeypatch.setenv("HEALER_GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("HEALER_IMPORTERS_REPOSITORY", REPOSITORY)
    monkeypatch.setenv("HEALER_GITHUB_PACE_S", "0")
    return tmp_path / "clone"


def run(clone, *more, sha="b" * 40):
    return CliRunner().invoke(app, ["init-importers", str(clone), "--gate", "acme/gate", "--sha", sha, *more])


def test_a_dry_run_prints_a_patch_and_does_nothing(site, clone):
    """What is printed applies to the base; no branch, no pull request, and the work tree is as it was."""
    done = run(clone, "--dry-run")
    assert done.exit_code == 0, done.output
    subprocess.run(["git", "-C", clone, "apply", "--check", "-"], input=done.output, text=True, check=True)
    assert git("branch", "--list", BRANCH, cwd=clone) == ""
    assert site.send("GET", "/pulls?state=all") == []
    assert (clone / "importers.toml").read_text() == "half of a thought"


def test_it_opens_one_pull_request_and_touches_no_work_tree(site, clone):
    """Caller, recorder and owners are on the branch, the labels are there, and a second run changes nothing."""
    for _ in range(2):
        done = run(clone, "--owners", "@acme/keepers")
        assert done.exit_code == 0, done.output
    [pull] = site.send("GET", "/pulls?state=all")
    assert (pull["head"]["ref"], [label["name"] for label in pull["labels"]]) == (BRANCH, ["importer-healer"])
    changed = {file["filename"] for file in site.send("GET", f"/pulls/{pull['number']}/files")}
    assert changed == {CALLER, RECORDER, ".github/CODEOWNERS"}
    assert f"uses: acme/gate/.github/workflows/verify-fetch.yml@{'b' * 40}" in git(
        "show", f"{BRANCH}:{CALLER}", cwd=clone
    )
    assert (clone / "importers.toml").read_text() == "half of a thought"
    assert git("diff", "--cached", "--name-only", cwd=clone) == ""
    assert "importer-healer" in [label["name"] for label in site.send("GET", "/labels")]


@pytest.mark.parametrize("sha", ["main", "v1", "B" * 40, "b" * 39])
def test_only_a_commit_is_pinned(clone, sha):
    """A branch or tag, which others can move, is refused."""
    done = run(clone, sha=sha)
    assert done.exit_code != 0
