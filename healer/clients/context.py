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
    # Not entry.replace(): Python 3.11 has it only from 3.11.4 on, and Debian 12 ships 3.11.2.
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if executable else 0o644
    return entry
