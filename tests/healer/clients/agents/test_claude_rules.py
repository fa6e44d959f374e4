"""What the hook before each call says."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_importer
from healer.clients.agents.claude_rules import ALL, READS, WRITES, allowed, hook, refusal

OWN = make_importer().paths[0]


@pytest.fixture
def repo(tmp_path):
    (tmp_path / "repo/lib/gatherers").mkdir(parents=True)
    (tmp_path / "repo" / OWN).touch()
    (tmp_path / "secret").touch()
    (tmp_path / "repo/link").symlink_to(tmp_path)
    return tmp_path / "repo"


def asked(repo, tool, path):
    return refusal(tool, {"file_path": path}, str(repo), repo, make_importer())


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", "link/secret", "/proc/self/environ", "lib/../../secret"])
def test_nothing_outside_is_read_or_written(repo, path):
    """However a path leads out of the clone, the call is refused."""
    assert [tool for tool in (*READS, *WRITES) if asked(repo, tool, path) is None] == []


def test_only_the_importers_own_file_is_written(repo):
    """Every file of the clone may be read, one may be written."""
    assert [asked(repo, tool, OWN) for tool in (*READS, *WRITES)] == [None] * 5
    assert [asked(repo, tool, str(repo / OWN)) for tool in WRITES] == [None] * 2
    assert asked(repo, "Read", "Rakefile") is None
    assert "may be changed" in asked(repo, "Write", "Rakefile")


@given(st.text(max_size=20).filter(lambda name: name not in ALL))
def test_a_tool_that_is_not_named_is_refused(name):
    """No other tool may be called, whatever it is called."""
    assert refusal(name, {}, os.sep, os.sep, make_importer())


def test_no_tool_of_files_is_allowed_everywhere(repo):
    """An allow rule without a place would hold outside of the clone too."""
    bare = {rule for rule in allowed(repo, make_importer()) if "(" not in rule}
    assert bare.isdisjoint({*READS, *WRITES})


def test_a_hook_that_fails_blocks():
    """What cannot be judged is refused."""
    assert hook(".", make_importer()).on_failure == "block"
    assert hook(".", make_importer()).matcher is None
