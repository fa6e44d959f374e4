"""The dispatch of a gate run, and GitHub's last word about one: what `heal` and `publish` share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from flows.story import Story, call
from healer import push, verify
from healer.contracts import Case, GateMode, GateRun, RunState, Sha

_SETTLING_S: Final = (0.3, 0.5, 1, 1, 2, 2, 3, 5, 5, 10, 10, 20)
"""The report is posted by the job's last step, so GitHub closes the run moments later; a minute is generous."""


@asynccontextmanager
async def dispatched(
    story: Story, case: Case, mode: GateMode, branch: str, sha: Sha, *, base: Sha | None = None
) -> AsyncIterator[GateRun]:
    """Have the gate run on a branch whose head is `sha`, after `base` where that is given; within, the caller records it.

    A dispatch that was made already is found by its correlation. GitHub shows it only after a moment, so nobody else
    dispatches for the case until it is recorded.

    Raises: Conflict where the case is no longer as it was read; UpstreamError.
    """
    github, workflow = story.parts.github, story.parts.settings.gate_workflow
    async with story.parts.cases.alone(case.id, "dispatching"):
        await story.confirm(case)
        sent = push.inputs(case, story.number, mode, case.base_sha or sha, with_base=base is not None)
        run_id, url = await call(github.dispatch, workflow, branch, sent)
        yield GateRun(
            run_id=run_id,
            mode=mode,
            attempt=story.number,
            ref=f"refs/heads/{branch}",
            sha=sha,
            correlation=push.correlation(case, story.number),
            url=url,
            dispatched_at=datetime.now(UTC),
            base_sha=base,
        )


async def settled(story: Story, run_id: int) -> RunState | None:
    """Give GitHub's word about a run once the run has ended, or after a minute the word as it is then.

    Raises: UpstreamError.
    """
    state = await call(story.parts.github.run_state, run_id)
    for pause in _SETTLING_S:
        if state is None or not verify.is_finishing(state):
            break
        await asyncio.sleep(pause)
        state = await call(story.parts.github.run_state, run_id)
    return state
