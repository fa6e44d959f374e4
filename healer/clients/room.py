"""How much a container has written to its directory on this machine, which has no limit of its own there."""

import os
from pathlib import Path
from typing import Final

BYTES_MAX: Final = 512 << 20
ENTRIES_MAX: Final = 20_000
_BLOCK: Final = 512


def is_overfull(folder: Path) -> bool:
    """Say whether more lies below `folder` than a fetch may leave. It changes while it is counted; no link is followed."""
    used, entries, waiting = 0, 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as listed:
                for entry in listed:
                    entries += 1
                    used += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if used > BYTES_MAX or entries > ENTRIES_MAX:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue  # it was removed meanwhile, or is closed to us: then nothing in it is read either
    return False
