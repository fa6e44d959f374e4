"""What happens to a case, as Prefect's events: its UI tells the story, and automations may act on it."""

from contextlib import suppress

from prefect.events import emit_event

from healer.chain import EventData
from healer.contracts import Case

PREFIX = "importer-healer"


def tell(case: Case, kind: str, data: EventData) -> None:
    """Emit the event of the chain that was just recorded. The chain is the truth: where Prefect takes none, nothing is lost."""
    resource = {
        "prefect.resource.id": f"{PREFIX}.case.{case.id}",
        "prefect.resource.name": case.id,
        "prefect.resource.role": "case",
        "importer": case.importer,
        "state": case.state.value,
        "reason": case.reason.value if case.reason else "",
    }
    with suppress(Exception):
        emit_event(f"{PREFIX}.{kind}", resource, payload=dict(data))
