"""The stock side of the agent's bench: Claude Code through its SDK in a clone of git's, as the SDK's documentation starts it.

`python -m bench.agent_stock URL FOLDER`.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from claude_agent_sdk import ClaudeAgentOptions, query

from bench.agent_runs import FILE, MODEL, OLD, REPOSITORY, answer_each


def _git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True)  # noqa: S603, S607 - our own argv
    return done.stdout


async def _asked(clone: Path) -> None:
    options = ClaudeAgentOptions(
        cwd=clone, model=MODEL, permission_mode="acceptEdits", allowed_tools=["Read", "Grep", "Glob", "Edit", "Write"]
    )
    prompt = f"The importer {FILE} fails: nothing matches {OLD} tbody tr. Mend it."
    async for _message in query(prompt=prompt, options=options):
        pass


def main(url: str, folder: Path) -> None:
    """Make a run for each line on standard input."""
    os.environ |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k", "HOME": str(folder / "home")}
    os.environ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"
    (folder / "home").mkdir(exist_ok=True)

    def once() -> str:
        clone = folder / f"stock-{time.monotonic_ns()}"
        _git("clone", "--quiet", str(folder / REPOSITORY), str(clone), cwd=folder)
        asyncio.run(_asked(clone))
        return _git("diff", cwd=clone)

    answer_each(once)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
