"""Work pools: Prefect's own for the runner, and one whose workers start a task of ECS or a job of Kubernetes for each run of an agent."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from healer.errors import Misconfigured

APART: Final = frozenset({"heal", "publish"})
"""Deployments whose runs may have a task of their own: agents, git and GitHub's token are in no other."""


@dataclass(frozen=True)
class Pool:
    """The pool that `HEALER_TASK_POOL` names; `template` is Prefect's base job template."""

    name: str
    kind: str
    template: dict[str, Any]


def read(name: str, kind: str, path: Path) -> Pool:
    """Read a base job template.

    Raises: Misconfigured where the file is absent or holds none.
    """
    try:
        template = json.loads(path.read_text(encoding="utf-8"))
        wanted = {"job_configuration", "variables"} <= set(template)
    except (OSError, ValueError, TypeError):
        wanted, template = False, {}
    if not wanted:
        remedy = (
            "terraform output -raw pool writes one for ECS; deployments/kubernetes/pool.json is one for Kubernetes."
        )
        raise Misconfigured(f"{path} is no base job template.", reason="pool", remedy=remedy)
    return Pool(name, kind, template)


async def make(client: PrefectClient, names: set[str]) -> None:
    """Make process pools, where they are not there yet, so that a worker may take over any time."""
    for name in names:
        try:
            await client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            continue


async def mended(client: PrefectClient, pool: Pool, *, check: bool) -> list[str]:
    """Make the pool what its template says, or with `check` only look; give what differed.

    Raises: Misconfigured where a pool of another type has the name.
    """
    try:
        there = await client.read_work_pool(pool.name)
    except ObjectNotFound:
        if not check:
            made = WorkPoolCreate(name=pool.name, type=pool.kind, base_job_template=pool.template)
            await client.create_work_pool(made)
        return [f"work pool {pool.name}: not there"]
    if there.type != pool.kind:
        what = f"work pool {pool.name} is of type {there.type}, not {pool.kind}."
        raise Misconfigured(
            what, reason="pool", remedy="Delete it in Prefect's UI, or name another in HEALER_TASK_POOL."
        )
    if there.base_job_template == pool.template:
        return []
    if not check:
        await client.update_work_pool(pool.name, WorkPoolUpdate(base_job_template=pool.template))
    return [f"work pool {pool.name}: other base job template"]
