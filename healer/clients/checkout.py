"""A checkout of an operator's: its files are read, and a branch is made beside it. Work tree, index and current branch stay untouched."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from healer.errors import Misconfigured


class Checkout:
    """The git repository at `folder`, with the operator's own configuration and logins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, base: str, paths: tuple[str, ...]) -> dict[str, str]:
        """Give those of the files that the base has, by path.

        Raises: Misconfigured where this is no git repository, or it has no such base.
        """
        listed = self._git("ls-tree", "-z", "--name-only", base, "--", *paths).split("\0")
        return {path: self._git("show", f"{base}:{path}") for path in filter(None, listed)}

    def commit(self, base: str, branch: str, files: Mapping[str, str], message: str) -> None:
        """Make the branch one commit on the base that writes these files.

        Raises: as `read`.
        """
        with TemporaryDirectory(prefix="healer-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._git("read-tree", base, env=index)
            for path, text in files.items():
                blob = self._git("hash-object", "-w", "--stdin", given=text).strip()
                self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self._git("write-tree", env=index).strip()
        made = self._git("commit-tree", tree, "-p", base, "-m", message).strip()
        self._git("update-ref", f"refs/heads/{branch}", made)

    def push(self, branch: str) -> None:
        """Bring the branch to `origin`, in place of an earlier one of ours.

        Raises: Misconfigured where git refuses.
        """
        self._git("push", "--quiet", "--force", "origin", f"refs/heads/{branch}:refs/heads/{branch}")

    def _git(self, *arguments: str, env: Mapping[str, str] | None = None, given: str = "") -> str:
        done = subprocess.run(  # noqa: S603 - our own argv
            ["git", "-C", str(self._folder), *arguments],  # noqa: S607 - the operator's git
            input=given,
            env={**os.environ, **(env or {})},
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
            raise Misconfigured(
                f"git {arguments[0]} failed: {last}",
                reason="checkout",
                remedy="Give the folder of a clone of the importers repository, whose origin you may push to.",
            )
        return done.stdout
