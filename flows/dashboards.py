"""The dashboard in the importers repository, written by `reconcile` where it differs from what there is to say."""

from datetime import UTC, datetime, timedelta
from typing import Final

from flows.story import call
from healer import dashboard
from healer.contracts import Case, Event
from healer.dashboard import Box
from healer.wiring import FlowParts

_GRACE: Final = timedelta(minutes=5)
"""So long a ticked box stays that we have not heard of: GitHub's word about it may be on its way."""


async def show(parts: FlowParts) -> None:
    """Bring the dashboard up to date, where it is wanted.

    Raises: UpstreamError.
    """
    settings = parts.settings
    if not settings.dashboard:
        return
    cases = [case for case in await parts.cases.list() if _is_shown(case)]
    chains = dict(zip((case.id for case in cases), await parts.cases.chains([case.id for case in cases]), strict=True))
    page, now = await call(parts.issues.find, dashboard.LABEL, dashboard.MARKER), datetime.now(UTC)
    ticked = dashboard.ticked(page.body) if page else frozenset()
    kept = ticked if page and now - page.updated_at < _GRACE else _heard(ticked, chains)
    accounts = await parts.statements.shared(now)
    text = dashboard.body(cases, chains, accounts, kept, f"{settings.public_url}/v1/cases")
    await call(parts.issues.write, dashboard.LABEL, dashboard.MARKER, dashboard.TITLE, parts.redactor.text(text))


def _is_shown(case: Case) -> bool:
    return bool(dashboard.offered(case)) or case.next_check is not None


def _heard(ticked: frozenset[Box], chains: dict[str, tuple[Event, ...]]) -> frozenset[Box]:
    return frozenset(box for box in ticked if dashboard.is_pending(box, chains.get(box.case, ())))
