"""Tags by which Prefect's UI filters a case's runs: importer, kind of failure and attempt, beside the ticket."""

from contextlib import suppress

from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from healer.contracts import Case


def tags(case: Case) -> list[str]:
    """Give the tags of a run that acts on the case."""
    failure = case.diagnosis.failure if case.diagnosis else None
    kind = [f"class:{failure.kind.value}"] if failure else []
    return [
        f"case:{case.id}",
        f"importer:{case.importer}",
        *kind,
        f"attempt:{case.attempts[-1].number if case.attempts else 0}",
    ]


async def tag(case: Case) -> None:
    """Tag the run that this is; those that it has stay. What Prefect does not take changes nothing else."""
    identifier = flow_run.id
    with suppress(Exception):
        wanted = sorted({*flow_run.tags, *tags(case)})
        async with get_client() as client:
            await client.update_flow_run(identifier, tags=wanted)
