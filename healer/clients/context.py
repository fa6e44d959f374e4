"""The build context of the gate's image: our Dockerfile beside the checked-out tree, as one tar.

The tree lies below `tree/`, so that a `.dockerignore` or Dockerfile in it means nothing; owners, times and modes are made
even, so that the same commit gives the same image on each runner.
"""

import tarfile
from io import BytesIO
from pathlib import Path


def pack(dockerfile: Path, tree: Path) -> bytes:
    """Give the tar. Links stay links; `.git` and what is neither file, directory nor link are left out."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(dockerfile, "Dockerfile", filter=_plain)
        tar.add(tree, "tree", filter=_plain)
    return buffer.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if Path(entry.name).name == ".git" or not (entry.isfile() or entry.isdir() or entry.issym() or entry.islnk()):
        return None
    executable = entry.isdir() or entry.mode & 0o100
    return entry.replace(uid=0, gid=0, uname="", gname="", mtime=0, mode=0o755 if executable else 0o644, deep=False)
