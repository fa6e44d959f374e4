"""A bare repository: the truth about commits, branches and files."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localworld.github.problem import Problem

ZERO = "0" * 40
_ENV = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": os.defpath + ":/usr/local/bin"}
_WHO = {"NAME": "GitHub", "EMAIL": "noreply@github.example"}
_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
_STATUS = {"A": "added", "M": "modified", "D": "removed"}


@dataclass(frozen=True)
class Commit:
    """A commit as git shows it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: dict[str, str]
    committer: dict[str, str]
    message: str


class Bare:
    """Git on one bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str) -> str:
        """Run git and give its output.

        Raises: Problem 422 without git's own words, which name paths of this machine.
        """
        done = self._run(*arguments)
        if done.returncode:
            raise Problem(422, f"The repository does not support this operation: {arguments[0]}")
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        env = {**_ENV, **{f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in _WHO.items()}}
        return subprocess.run(["git", "-C", str(self.path), *arguments], env=env, capture_output=True, check=False)  # noqa: S603, S607 - our own argv

    def sha(self, name: str) -> str | None:
        """Resolve a commit; None where there is none."""
        done = self._run("rev-parse", "-q", "--verify", name + "^{commit}")
        return done.stdout.decode().strip() or None

    def branches(self) -> dict[str, str]:
        """Give all branches with their heads."""
        lines = self.run("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def read(self, sha: str, path: str) -> bytes | None:
        """Read a file of a commit; None where there is none."""
        done = self._run("cat-file", "blob", f"{sha}:{path}")
        return done.stdout if done.returncode == 0 else None

    def files(self, sha: str, folder: str) -> list[str]:
        """List the files directly in a folder of a commit."""
        return [path for _, _, path in self.folder(sha, folder)]

    def folder(self, sha: str, folder: str) -> list[tuple[str, str, str]]:
        """List what is directly in a folder of a commit: kind (`blob`, `tree`, `commit`), object and path."""
        below = [folder.strip("/") + "/"] if folder.strip("/") else []
        lines = (line.split("\t", 1) for line in self.run("ls-tree", sha, *below).splitlines())
        return [(meta.split()[1], meta.split()[2], path) for meta, path in lines]

    def holds(self, base: str, head: str) -> bool:
        """Tell whether head contains base: a reference may move from one to the other without force."""
        return self._run("merge-base", "--is-ancestor", base, head).returncode == 0

    def merges(self, base: str, head: str) -> bool:
        """Tell whether head merges into base without conflict."""
        return self._run("merge-tree", "--write-tree", base, head).returncode == 0

    def commit(self, sha: str) -> Commit:
        """Read a commit."""
        f = self.run("show", "-s", f"--format={_FORMAT}", sha).split("\0")
        author = {"name": f[3], "email": f[4], "date": f[5]}
        committer = {"name": f[6], "email": f[7], "date": f[8]}
        return Commit(f[0], f[1], tuple(f[2].split()), author, committer, f[9].rstrip("\n"))

    def between(self, base: str, head: str) -> list[str]:
        """Give the commits that head has and base has not, oldest first."""
        return self.run("rev-list", "--reverse", f"{base}..{head}").splitlines()

    def diff(self, base: str, head: str) -> str:
        """Give the difference since the merge base as text."""
        return self.run("diff", "--no-renames", f"{base}...{head}")

    def changed(self, base: str, head: str) -> list[dict[str, Any]]:
        """Give the files that changed since the merge base: name, status, counts, blob, patch."""
        spread = f"{base}...{head}"
        counts = {
            line.split("\t")[2]: line.split("\t")[:2]
            for line in self.run("diff", "--numstat", "--no-renames", spread).splitlines()
        }
        found = []
        for line in self.run("diff", "--raw", "--no-renames", "--abbrev=40", spread).splitlines():
            meta, path = line.split("\t", 1)
            added, removed = (int(n) if n.isdigit() else 0 for n in counts[path])
            patch = self.run("diff", "--no-renames", spread, "--", path)
            blob = meta.split()[2 if meta.endswith("D") else 3]
            found.append(
                {
                    "sha": blob,
                    "filename": path,
                    "status": _STATUS.get(meta[-1], "changed"),
                    "additions": added,
                    "deletions": removed,
                    "changes": added + removed,
                    "patch": "@@" + patch.partition("\n@@")[2],
                }
            )
        return found

    def merge(self, base: str, head: str, message: str) -> str:
        """Merge head into the base branch; give the merge commit.

        Raises: Problem 405 where they conflict.
        """
        ours, theirs = self.sha(f"refs/heads/{base}"), self.sha(head)
        done = self._run("merge-tree", "--write-tree", str(ours), str(theirs))
        if done.returncode:
            raise Problem(405, "Pull Request is not mergeable")
        tree = done.stdout.decode().splitlines()[0]
        sha = self.run("commit-tree", tree, "-p", str(ours), "-p", str(theirs), "-m", message)
        self.run("update-ref", f"refs/heads/{base}", sha, str(ours))
        return sha
