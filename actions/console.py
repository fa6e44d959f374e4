"""The one way in which the console scripts speak: lines on standard output, where the runner reads commands."""

import sys
from collections.abc import MutableMapping
from enum import IntEnum
from importlib.metadata import version
from types import ModuleType
from typing import cast

DISTRIBUTION = "importer-healer"


class Exit(IntEnum):
    """Exit codes of the console scripts (SPEC, "Gate protocol")."""

    GREEN = 0
    RED = 1
    BROKEN = 2
    REFUSED = 3


def say(*lines: str) -> None:
    """Write lines at once: a mask must reach the runner before what it masks."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def own_version() -> str:
    """Give the version of the installed distribution."""
    return version(DISTRIBUTION)


def start_light() -> None:
    """Have httpx leave its own command line out where click is installed beside us: its import would take a tenth of a second."""
    cast("MutableMapping[str, ModuleType | None]", sys.modules).setdefault("click", None)


def wants_version() -> bool:
    """Say whether the only argument is `--version`."""
    return sys.argv[1:] == ["--version"]
