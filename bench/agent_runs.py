"""What both sides of the agent's bench share: the task, and answering each line that comes in by one run. It imports nothing of ours."""

import json
import sys
import time
from collections.abc import Callable
from typing import Final

MODEL: Final = "claude-sonnet-5"
FILE: Final = "lib/gatherers/brightwater.rb"
OLD: Final = "table#bills"
NEW: Final = "table#statements"
REPOSITORY: Final = "importers.git"


def answer_each(once: Callable[[], str]) -> None:
    """Answer each line on standard input by a line about one run, which gives a diff: its seconds, and whether the diff mends."""
    for _line in sys.stdin:
        began = time.monotonic()
        diff = once()
        mended = any(line[:1] == "+" and NEW in line for line in diff.splitlines())
        sys.stdout.write(json.dumps({"seconds": time.monotonic() - began, "mended": mended}) + "\n")
        sys.stdout.flush()
