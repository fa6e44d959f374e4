"""`deployments/prefect.yaml` as the runner reads it: the same deployments that `prefect deploy --all` makes."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from prefect.deployments.runner import RunnerDeployment
from prefect.runner.storage import LocalStorage
from prefect.schedules import Interval

from flows.pools import APART
from healer.errors import Misconfigured

_STEP: Final = "prefect.deployments.steps.set_working_directory"


def read(path: Path, task_pool: str | None = None) -> tuple[RunnerDeployment, ...]:
    """Read the file and load its flows. `task_pool` is the work pool of those whose runs have a task of their own (`pools.APART`).

    Raises: Misconfigured where the file is absent or not of our form; ImportError where a flow cannot be loaded.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        folder = document["pull"][0][_STEP]["directory"]
        return tuple(_deployment(entry, folder, task_pool) for entry in document["deployments"])
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise Misconfigured(
            f"{path} does not define deployments ({type(error).__name__}: {' '.join(str(error).split())}).",
            reason="deployments",
            remedy="Name the file with --deployments.",
        ) from None


def _deployment(entry: dict[str, Any], folder: str, task_pool: str | None) -> RunnerDeployment:
    pool = entry["work_pool"]
    apart = task_pool if entry["name"] in APART else None
    deployment = RunnerDeployment.from_entrypoint(
        entry["entrypoint"],
        entry["name"],
        description=entry["description"],
        tags=entry["tags"],
        work_pool_name=apart or pool["name"],
        job_variables=pool["job_variables"],
        schedules=[
            Interval(timedelta(seconds=each["interval"]), slug=each["slug"]) for each in entry.get("schedules", ())
        ],
    )
    deployment.storage = LocalStorage(folder)
    return deployment
