"""Rules of reading git's objects for the leak audit, with real repositories."""

import base64
from pathlib import Path

import pytest

from git_site import git
from healer.audit import Search, examine
from healer.clients.git_remote import Login, Remote
from healer.clients.sinks.objects import CloneSink, RemoteSink
from healer.redact import Redactor

SECRET = "plain-secret-77"
HIDDEN = base64.b64encode(SECRET.encode()).decode()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Give a bare repository with a clean base, a leaky branch, and a leak that no branch reaches any more."""
    work, bare = tmp_path / "work", tmp_path / "bare.git"
    work.mkdir()
    git("init", "-q", "-b", "main", cwd=work)
    for branch, content in (("main", "clean"), ("heal/UTIL-1", HIDDEN), ("heal/UTIL-10", "clean too")):
        git("checkout", "-q", "-B", branch, *(["main"] if branch != "main" else []), cwd=work)
        (work / "file.rb").write_text(content)
        git("add", "-A", cwd=work)
        git("commit", "-q", "-m", f"Write on {branch}", cwd=work)
    git("clone", "-q", "--bare", str(work), str(bare), cwd=tmp_path)
    (tmp_path / "lost").write_text(f"lost {SECRET}")
    git("hash-object", "-w", str(tmp_path / "lost"), cwd=bare)
    return bare


def found(sink):
    return examine("git", sink.pieces(), Search([SECRET]))


def remote(bare, case=None):
    return RemoteSink(lambda command: Remote(str(bare), command, Login(), Redactor()), "file", case)


def test_every_object_of_a_clone_is_searched(bare):
    """What a branch holds and what none reaches any more are both found, and named by kind and sha."""
    finding = found(CloneSink(bare))
    assert finding.hits == 2
    assert all(place.startswith("blob ") for place in finding.places)


def test_a_case_narrows_to_what_its_branch_has(bare):
    """Of a case only what its own branch adds is read; another case with a longer number is another case."""
    assert found(CloneSink(bare, "UTIL-1")).hits == 1
    assert found(CloneSink(bare, "UTIL-10")).hits == 0
    assert found(CloneSink(bare, "UTIL-2")).pieces == 1


def test_the_remotes_branches_are_fetched_anew(bare):
    """Branches of the healer are read from the remote itself; what they do not reach is not there to be read."""
    assert found(remote(bare)).hits == 1
    assert found(remote(bare, "UTIL-1")).hits == 1
    assert found(remote(bare, "UTIL-10")).hits == 0


def test_messages_and_names_are_searched(bare):
    """Commit messages and branch names are read too."""
    assert examine("git", CloneSink(bare).pieces(), Search(["Write on heal/UTIL-10"])).hits == 1
    assert "names of branches" in examine("git", CloneSink(bare).pieces(), Search(["heads/heal/UTIL-10"])).places


def test_large_objects_are_searched(bare, tmp_path):
    """Objects too large to be read together are read one after another, each to its end."""
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(bytes(5 << 20) + name.encode() + SECRET.encode())
        git("hash-object", "-w", str(tmp_path / name), cwd=bare)
    assert found(CloneSink(bare)).hits == 4


def test_a_clone_that_is_not_there_is_unread(tmp_path):
    """A folder that is no repository, and a remote that does not answer, are unread."""
    assert found(CloneSink(tmp_path / "none.git")).unread
    assert found(remote(tmp_path / "none.git")).unread
