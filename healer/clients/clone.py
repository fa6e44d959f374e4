"""The door to a clone that somebody else made: revisions, files and differences. Nothing in it is run, fetched or written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from healer.clients.git_command import GitCommand
from healer.clients.git_tree import changes_between, text_at
from healer.contracts import FileChange, Sha
from healer.errors import Misconfigured

_WALL_S: Final = 60.0


class Clone:
    """A clone, bare or not."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command

    def sha(self, revision: str) -> Sha:
        """Give the commit that a revision names.

        Raises: Misconfigured where it names none here.
        """
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        done = self._command.run(*asked)
        if done.code:
            raise Misconfigured(
                f"there is no commit {revision!r} in this clone.",
                reason="revision",
                remedy="Fetch it, or name another revision.",
            )
        return done.out.decode().strip()

    def read(self, sha: Sha, path: str) -> str | None:
        """Give a file's text at a commit; None where it has no such file, or one that is not UTF-8."""
        return text_at(self._command, sha, path)

    def changes(self, base: Sha, head: Sha) -> tuple[FileChange, ...]:
        """Compare the trees of two commits, path by path.

        Raises: PolicyViolation `too_many_changes`; UpstreamError.
        """
        return changes_between(self._command, base, head, {})


@contextmanager
def opened(folder: Path) -> Iterator[Clone]:
    """Give the clone in which `folder` is.

    Raises: Misconfigured where it is in none.
    """
    here = folder.resolve()
    places = [place / ".git" for place in (here, *here.parents)]
    found = next((place for place in places if place.exists()), here if (here / "objects").is_dir() else None)
    if found is None:
        raise Misconfigured(f"{folder} is in no git clone.", reason="clone", remedy="Run it in a clone, or name one.")
    with TemporaryDirectory() as home:
        # No protocol: what a partial clone lacks is not fetched, and the comparison fails.
        yield Clone(GitCommand(found, Path(home), "none", _WALL_S))
