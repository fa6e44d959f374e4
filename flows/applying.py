"""What Prefect holds, beside what `deployments/` says: the difference, and its mending. Deployments that are not ours are left alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound

from flows import deployments, pools
from flows.pools import Pool
from healer.errors import HealerError, Misconfigured, UpstreamError

TAG: Final = "importer-healer"
AUTOMATIONS: Final = "automations.yaml"
"""Beside the file of deployments."""


async def applied(
    path: Path, block: str | None, pool: Pool | None = None, *, check: bool
) -> tuple[list[str], list[str]]:
    """Mend each difference, or with `check` only find it; give what differed, and what is left out and why.

    Raises: Misconfigured where a file or the block is not there; UpstreamError where Prefect does not take it.
    """
    defined = deployments.read(path, pool.name if pool else None)
    try:
        async with get_client() as client:
            drift = await pools.mended(client, pool, check=check) if pool else []
            if not check:
                await pools.make(client, {one.work_pool_name for one in defined if one.work_pool_name})
            drift += await _deployed(client, defined, check=check)
            more, notes = await _automated(client, _read(path.with_name(AUTOMATIONS)), block, check=check)
    except HealerError:
        raise
    except Exception as error:  # noqa: BLE001 - Prefect's client raises what its server, httpx and pydantic raise
        what = f"Prefect did not take it ({type(error).__name__})."
        remedy = "Check PREFECT_API_URL, and ask healer doctor."
        raise UpstreamError(what, service="prefect", reason="prefect_unavailable", remedy=remedy) from None
    return [*drift, *more], notes


# ---------------------------------------------------------------- deployments


async def _deployed(client: PrefectClient, defined: tuple[RunnerDeployment, ...], *, check: bool) -> list[str]:
    drift = []
    for one in defined:
        name = f"{one.flow_name}/{one.name}"
        try:
            there = await client.read_deployment_by_name(name)
        except ObjectNotFound:
            drift.append(f"deployment {name}: not there")
        else:
            held = _compared(there)
            differs = [what for what, value in _compared(one).items() if held[what] != value]
            drift += [f"deployment {name}: other {what}" for what in differs]
        if not check:
            await one.aapply()
    return drift


def _compared(one: RunnerDeployment | DeploymentResponse) -> dict[str, Any]:
    """Give what is compared of a deployment, as the file says it or as Prefect holds it. The file pauses none."""
    return {
        "entrypoint": one.entrypoint,
        "description": one.description,
        "tags": sorted(one.tags),
        "work pool": one.work_pool_name,
        "job variables": one.job_variables,
        "schedules": _schedules(one.schedules or ()),
        "state (paused)": bool(one.paused),
    }


def _schedules(given: Iterable[Any]) -> list[tuple[str, float]]:
    """Give slug and seconds of each; one of another kind, which somebody has added, has no interval."""
    return sorted(
        (one.slug or "", one.schedule.interval.total_seconds() if hasattr(one.schedule, "interval") else -1.0)
        for one in given
    )


# ---------------------------------------------------------------- automations


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["automations"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        remedy = "It stands beside the file of deployments."
        raise Misconfigured(
            f"{path} defines no automations ({type(error).__name__}).", reason="deployments", remedy=remedy
        ) from None
    return entries


async def _automated(
    client: PrefectClient, entries: list[dict[str, Any]], block: str | None, *, check: bool
) -> tuple[list[str], list[str]]:
    sender = await _block(client, block) if block else None
    left_out = [entry["name"] for entry in entries if "notify" in entry and sender is None]
    wanted = {entry["name"]: entry for entry in entries if entry["name"] not in left_out}
    there = {one.name: one for one in await client.read_automations() if TAG in one.tags}
    drift = []
    for name, entry in wanted.items():
        core = AutomationCore.model_validate(
            {**_kept(entry), "actions": [a async for a in _actions(client, entry, sender)]}
        )
        if says := await _mended(client, core, there.get(name), check=check):
            drift.append(f"automation {name}: {says}")
    for name in there.keys() - wanted.keys():
        drift.append(f"automation {name}: stands in no file")
        if not check:
            await client.delete_automation(there[name].id)
    return drift, [f"automation {name}: left out, HEALER_NOTIFY_BLOCK is not set" for name in left_out]


def _kept(entry: dict[str, Any]) -> dict[str, Any]:
    return {"name": entry["name"], "description": entry["description"], "tags": [TAG], "trigger": entry["trigger"]}


async def _actions(client: PrefectClient, entry: dict[str, Any], sender: UUID | None) -> Any:
    if run := entry.get("run"):
        yield {"type": "run-deployment", "source": "selected", "deployment_id": await _id(client, f"{run}/{run}")}
    if notice := entry.get("notify"):
        yield {"type": "send-notification", "block_document_id": sender, **notice}


async def _id(client: PrefectClient, name: str) -> UUID:
    """Give a deployment's id; while a check finds none there, one that nothing has."""
    try:
        return (await client.read_deployment_by_name(name)).id
    except ObjectNotFound:
        return UUID(int=0)


async def _block(client: PrefectClient, name: str) -> UUID:
    kind, _, document = name.partition("/")
    try:
        return (await client.read_block_document_by_name(document, kind, include_secrets=False)).id
    except ObjectNotFound:
        remedy = "Make it in Prefect's UI (Blocks), and name it in HEALER_NOTIFY_BLOCK as TYPE/NAME."
        raise Misconfigured(f"Prefect has no block {name}.", reason="notify_block", remedy=remedy) from None


async def _mended(client: PrefectClient, core: AutomationCore, there: Automation | None, *, check: bool) -> str:
    """Make the automation as it should be; give what differed, empty where nothing did."""
    if there is None:
        if not check:
            await client.create_automation(core)
        return "not there"
    differs = [what for what, value in _plain(core) if value != dict(_plain(there))[what]]
    if differs and not check:
        await client.update_automation(there.id, core)
    return f"other {', '.join(differs)}" if differs else ""


def _plain(core: AutomationCore) -> Iterator[tuple[str, Any]]:
    return iter(core.model_dump(mode="json", include={"description", "enabled", "trigger", "actions"}).items())
