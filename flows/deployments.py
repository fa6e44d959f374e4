"""`deployments/prefect.yaml` as the runner reads it: the same deployments that `prefect deploy --all` makes."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.runner.storage import LocalStorage
from prefect.schedules import Interval

from healer.errors import Misconfigured

_STEP: Final = "prefect.deployments.steps.set_working_directory"


def read(path: Path) -> tuple[RunnerDeployment, ...]:
    """Read the file and load its flows.

    Raises: Misconfigured where the file is absent or not of our form; ImportError where a flow cannot be loaded.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        folder = document["pull"][0][_STEP]["directory"]
        return tuple(_deployment(entry, folder) for entry in document["deployments"])
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise Misconfigured(
            f"{path} does not define deployments ({type(error).__name__}: {' '.join(str(error).split())}).",
            reason="deployments",
            remedy="Name the file with --deployments.",
        ) from None


def _deployment(entry: dict[str, Any], folder: str) -> RunnerDeployment:
    pool = entry["work_pool"]
    deployment = RunnerDeployment.from_entrypoint(
        entry["entrypoint"],
        entry["name"],
        description=entry["description"],
        tags=entry["tags"],
        work_pool_name=pool["name"],
        job_variables=pool["job_variables"],
        schedules=[
            Interval(timedelta(seconds=each["interval"]), slug=each["slug"]) for each in entry.get("schedules", ())
        ],
    )
    deployment.storage = LocalStorage(folder)
    return deployment


async def make_pools(client: PrefectClient, deployments: tuple[RunnerDeployment, ...]) -> None:
    """Make the process pools that the deployments name, where they are not there yet, so that a worker may take over any time."""
    for name in {deployment.work_pool_name for deployment in deployments if deployment.work_pool_name}:
        try:
            await client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            continue
