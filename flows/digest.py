"""The flow `digest`: what healing is worth, computed from the cases' event chains and held against their receipts. Weekly."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State as FlowState
from pydantic import Field

from flows.rounds import made
from healer import dsse, impact, receipt
from healer.contracts import ENDED, Case, Event
from healer.digest import markdown, span
from healer.errors import HealerError
from healer.healing import Healing, healing
from healer.wiring import FlowParts

Days = Annotated[int, Field(ge=1, le=366)]


@flow(name="digest", flow_run_name="digest-{days}-days", persist_result=False)
async def digest(days: Days = 91) -> FlowState[Any]:
    """Compute the impact report, show it, and keep it for the gateway's page.

    Args:
        days: The report counts cases that were opened in so many days before now.
    """
    return await made(lambda parts: _digest(parts, days))


async def _digest(parts: FlowParts, days: int) -> str:
    """Report; then say where a receipt does not bear the ledger out.

    Raises: HealerError (`receipts_disagree`), after the report was shown.
    """
    until = datetime.now(UTC)
    since = until - timedelta(days=days)
    cases = [case for case in await parts.cases.list() if case.opened_at >= since]
    chains = {case.id: await parts.cases.events(case.id) for case in cases}
    told = [healing(case.id, case.importer, chains[case.id], until) for case in cases]
    assumed = impact.Assumption(
        hours_per_fix=parts.settings.hours_per_fix, hours_per_review=parts.settings.hours_per_review
    )
    report = impact.report(told, since, until, assumed)
    await parts.evidence.keep_impact(report)
    await acreate_markdown_artifact(markdown(report), key="impact", description=f"Impact of {days} days")
    checked, wrong = await _checked(parts, cases, chains)
    if wrong:
        what = f"the receipts of {', '.join(wrong)} do not give the ledger's figures."
        raise HealerError(
            what, reason="receipts_disagree", remedy="Hold them against the ledger: healer receipt verify."
        )
    return f"{report.cases} case(s), {span(report.to_production_s)} to production; {checked} receipt(s) agree."


async def _checked(
    parts: FlowParts, cases: list[Case], chains: dict[str, tuple[Event, ...]]
) -> tuple[int, tuple[str, ...]]:
    """Compute from each receipt what the ledger gives for the same time; give how many there are, and the cases that differ."""
    ours, theirs = list[Healing](), list[Healing]()
    for case in cases:
        envelope = await parts.evidence.receipt(case.id) if case.state in ENDED else None
        if envelope:
            kept = receipt.read(dsse.opened(envelope)[1]).predicate
            until = kept.events[-1].at
            theirs.append(healing(kept.case, kept.importer, kept.events, until))
            ours.append(healing(case.id, case.importer, chains[case.id], until))
    return len(theirs), impact.disagreements(ours, theirs)
