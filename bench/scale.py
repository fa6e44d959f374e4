"""Whether time and memory of a case stay flat while everything around it grows: open cases, importers, remembered ids, the repository.

The ledger is seeded, and some cases are healed live in it, with a scripted gate. Each row is a world of its own; the first is the floor
beside which the others stand. `make bench-scale`, or `python -m bench.scale --cases 2 --rows 1 --output FILE` for a quick look.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bench import figures, seeds, worlds
from localworld.desk import Operator
from localworld.seed import CHECKOUT

ROWS: Final = (
    seeds.Size(open_cases=10, importers=40, replay_ids=0),
    seeds.Size(open_cases=100, importers=400, replay_ids=1_000),
    seeds.Size(open_cases=1_000, importers=4_000, replay_ids=1_000_000),
    seeds.Size(open_cases=10, importers=40, replay_ids=0, files=5_000, commits=20_000),
)


def _disk_mib(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 1)


def _memory(operator: Operator) -> dict[str, float]:
    """Give resident memory of the parts and the size of the mirror, in MiB."""
    world = operator.world
    pids = {name: world.processes[name].pid for name in ("gateway", "runner", "prefect")} | {"redis": world.redis.pid}
    found = {name: figures.rss_mib(pid) for name, pid in pids.items() if pid}
    return {**found, "mirror": _disk_mib(world.root / "work")}


def row(size: seeds.Size, cases: int) -> dict[str, Any]:
    """Seed a world and heal cases in it, one after the other; the first one makes the mirror and is told by itself."""
    source = seeds.importers(worlds.ROOM / "importers", size)
    with worlds.world(source, "scripted") as operator:
        seeds.ledger(operator, size)
        others, before = figures.await_quiet(), _memory(operator)
        first, *seen = [worlds.healed(operator, 900_001 + number) for number in range(cases + 1)]
        after = _memory(operator)
    wrong = [one.case["id"] for one in (first, *seen) if one.case["state"] != "published"]
    found, alone = worlds.told(seen), worlds.told([first])
    return {
        **size._asdict(),
        "others": others,
        "not_published": wrong,
        "first_case_s": alone["shares_s"]["total"]["p50"],
        **found,
        "mib_before": before,
        "mib_after": after,
        "mib_per_case": {name: round((after[name] - before[name]) / (cases + 1), 2) for name in after},
    }


def measure(cases: int, rows: int) -> dict[str, Any]:
    """Measure the rows, and each total beside that of the first."""
    worlds.ROOM.mkdir(parents=True, exist_ok=True)
    found = [row(size, cases) for size in ROWS[:rows]]
    floor = found[0]["shares_s"]["total"]["p50"]
    for one in found:
        one["of_first_row"] = round(one["shares_s"]["total"]["p50"] / floor, 2)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": figures.hardware(),
        "versions": {name: version(name) for name in ("prefect", "fastapi", "uvicorn", "redis")},
        "cases_a_row": cases,
        "rows": found,
    }


def main(
    cases: Annotated[int, typer.Option(help="Cases a row that count.", min=1)] = 10,
    rows: Annotated[int, typer.Option(help="So many rows, from the smallest.", min=1)] = len(ROWS),
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = CHECKOUT / "bench/results/scale.json",
) -> None:
    """Measure the scale and write the figures."""
    found = measure(cases, rows)
    figures.write(output, found)
    for one in found["rows"]:
        total = one["shares_s"]["total"]
        size = f"{one['open_cases']:>5} open {one['importers']:>5} importers {one['replay_ids']:>8} ids {one['files']:>5} files"
        memory = "  ".join(f"{name} {mib:.0f}" for name, mib in one["mib_after"].items())
        typer.echo(
            f"{size}   p50 {total['p50']:.2f} s  p95 {total['p95']:.2f} s  x{one['of_first_row']}   MiB: {memory}"
        )
    if any(one["not_published"] for one in found["rows"]):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
