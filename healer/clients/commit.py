"""The files of another commit than the checked-out one, of a checkout that has its history: git alone, no hook and no network."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from healer.contracts import Sha
from healer.errors import UpstreamError

_SECONDS: Final = 60.0
_QUIET: Final = ("-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*")


@contextmanager
def laid_out(checkout: Path, sha: Sha, temp: Path) -> Iterator[Path]:
    """Give a folder below `temp` with the commit's files, until the block ends. The checkout stays as it is.

    Raises: UpstreamError (`base_missing`) where the checkout has no such commit.
    """
    with TemporaryDirectory(dir=temp, prefix="healer-commit-") as folder:
        tree, env = Path(folder, "tree"), {**os.environ, "GIT_INDEX_FILE": f"{folder}/index"}
        tree.mkdir()
        for command in (("read-tree", sha), ("checkout-index", "--all", f"--prefix={tree}/")):
            _git(checkout, env, *command)
        yield tree


def _git(checkout: Path, env: dict[str, str], *arguments: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - our own argv
            ["git", "-C", str(checkout), *_QUIET, *arguments],  # noqa: S607 - the runner's git
            env=env,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UpstreamError(
            f"the base commit cannot be laid out from the checkout ({type(error).__name__}).",
            service="git",
            reason="base_missing",
            remedy="The caller workflow must pass `with-base` on, so that the history is checked out: healer init-importers.",
        ) from None
