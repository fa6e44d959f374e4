"""Our side of the agent's bench: all that a flow does from a brief to a diff that the guard let through: tree, walls, rules, proxy, guard.

`python -m bench.agent_ours URL FOLDER`.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from pydantic import SecretStr

import prompts
from bench.agent_runs import FILE, MODEL, OLD, REPOSITORY, answer_each
from healer import importers, patch
from healer.clients.agents.claude import ClaudeAgent, ClaudeConfig
from healer.clients.git import Git
from healer.contracts import Brief, Ceiling, Failure, FailureClass, Patch, Trace
from localworld.seed import CHECKOUT

_IMPORTER: Final = "brightwater"


def _brief(good: Trace) -> Brief:
    importer = importers.parse((CHECKOUT / "localworld/importers/importers.toml").read_text()).get(_IMPORTER)
    if importer is None:
        raise SystemExit(f"no importer {_IMPORTER}")
    pages = {name: page.replace('id="bills"', 'id="statements"') for name, page in good.pages.items()}
    return Brief(
        case="UTIL-361",
        attempt=1,
        importer=importer,
        failure=Failure(
            kind=FailureClass.SOURCE_CHANGED,
            message=f"nothing matches {OLD} tbody tr",
            step=len(good.steps),
            selector=f"{OLD} tbody tr",
            file=FILE,
            line=10,
            signature="0123456789abcdef",
        ),
        now=good.model_copy(update={"pages": pages}),
        last_good=good,
        prompt_version=prompts.PROMPT_VERSION,
    )


def main(url: str, folder: Path) -> None:
    """Make a run for each line on standard input, as the task `patch` makes it."""
    store = Git(f"file://{folder / REPOSITORY}", folder / "ours")
    config = ClaudeConfig(
        SecretStr("k"), MODEL, Ceiling(usd=5, seconds=120), url, require_isolation=False, silence_s=60, pauses_s=()
    )
    agent = ClaudeAgent(config, prompts.write)
    recording = CHECKOUT / f"localworld/importers/recordings/{_IMPORTER}.json"
    brief = _brief(Trace.model_validate_json(recording.read_text()))

    def once() -> str:
        store.fetch()
        base = store.head("main") or ""
        with store.worktree(base) as tree:
            said = asyncio.run(agent.work(brief, tree, lambda _step: None))
            changes, diff = store.changes(tree, base), store.diff(tree, base)
            accepted = patch.accept(changes, diff, said, brief.importer)
        if not isinstance(accepted, Patch):
            raise SystemExit(f"refused: {accepted} {said.unfinished_because}")
        return diff

    answer_each(once)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
