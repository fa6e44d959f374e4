"""The build context of the gate's image."""

import os
import tarfile
from io import BytesIO

from healer.clients.context import pack


def names(packed):
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        return {entry.name: entry for entry in tar.getmembers()}


def test_only_files_directories_and_links_are_packed(tmp_path):
    """A pipe and `.git` stay out, at any depth; a link stays a link and is not followed."""
    tree = tmp_path / "tree"
    (tree / "sub" / ".git").mkdir(parents=True)
    (tree / "sub" / ".git" / "HEAD").write_text("x")
    (tree / "a").write_text("a")
    os.link(tree / "a", tree / "b")
    os.mkfifo(tree / "pipe")
    (tree / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "Dockerfile").write_text("FROM x")
    found = names(pack(tmp_path / "Dockerfile", tree))
    assert sorted(found) == ["Dockerfile", "tree", "tree/a", "tree/b", "tree/passwd", "tree/sub"]
    assert found["tree/passwd"].issym()


def test_a_program_stays_executable_and_nothing_else_differs(tmp_path):
    """Modes become 0755 or 0644, times zero, owners root."""
    (tmp_path / "Dockerfile").write_text("FROM x")
    tree = tmp_path / "tree"
    tree.mkdir(mode=0o700)
    (tree / "run").write_text("x")
    (tree / "run").chmod(0o700)
    (tree / "data").write_text("x")
    (tree / "data").chmod(0o600)
    found = names(pack(tmp_path / "Dockerfile", tree))
    assert [oct(found[n].mode) for n in ("tree", "tree/run", "tree/data")] == ["0o755", "0o755", "0o644"]
    assert {(e.uid, e.gid, e.mtime, e.uname) for e in found.values()} == {(0, 0, 0, "")}
