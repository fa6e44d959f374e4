"""Gate runs without a case: how `family` and `watch` send one, and read what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from flows.story import call
from healer import family, verify
from healer.contracts import Case, GateMode, GateReport, GateRun, Importer, Sha, Verdict
from healer.errors import Misconfigured
from healer.family import Checkup
from healer.wiring import FlowParts

_PATIENCE: Final = timedelta(hours=3)
"""A run that has not ended by then is judged as it is, so that nothing waits for it for ever."""


async def base_head(parts: FlowParts) -> Sha:
    """Give the head of the base branch.

    Raises: Misconfigured (`base_branch`), UpstreamError.
    """
    head = await call(parts.github.branch_head, parts.settings.base_branch)
    if head is None:
        raise Misconfigured(
            f"the importers repository has no branch {parts.settings.base_branch}.",
            reason="base_branch",
            remedy="Set HEALER_BASE_BRANCH.",
        )
    return head


async def sent(parts: FlowParts, importer: Importer, origin: Case, mode: GateMode, base: Sha) -> GateRun:
    """Dispatch on the base branch; a dispatch that was made already is found by its correlation.

    Raises: UpstreamError.
    """
    branch, workflow = parts.settings.base_branch, parts.settings.gate_workflow
    told = family.inputs(origin, importer, mode, base)
    run_id, url = await call(parts.github.dispatch, workflow, branch, told)
    state = await call(parts.github.run_state, run_id)
    return GateRun(
        run_id=run_id,
        mode=mode,
        attempt=0,
        ref=f"refs/heads/{branch}",
        sha=state.head_sha if state else base,
        correlation=told["correlation"],
        url=url,
        dispatched_at=datetime.now(UTC),
    )


async def ended(parts: FlowParts, one: Checkup) -> tuple[Verdict, GateReport | None] | None:
    """Judge a run that has ended; None where it is still at work.

    Raises: UpstreamError.
    """
    report = await parts.evidence.report(one.run.run_id, one.run.run_attempt)
    state = await call(parts.github.run_state, one.run.run_id)
    if datetime.now(UTC) - one.run.dispatched_at < _PATIENCE and (state is None or verify.is_finishing(state)):
        return None
    return verify.judge(report, state, one.run, workflow=parts.settings.gate_workflow), report
