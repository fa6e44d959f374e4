"""The scoreboard at the end of the demo."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from localworld.demo import Result, links
from localworld.phases import phases, shares
from localworld.stories import Told
from localworld.world import World

_PHASES = ("admit", "dispatch", "gate", "triage", "agent and guard", "push", "judge", "publish")


def _mark(held: bool) -> str:  # noqa: FBT001 - one obvious argument
    return "[green]yes[/]" if held else "[red]NO[/]"


def _ending(told: Told) -> str:
    if not told.seen:
        return "never seen"
    case = told.seen.case
    return str(case["state"]) + (f" {case['reason']}" if case["reason"] else "")


def _stories(result: Result) -> Table:
    table = Table("story", "importer", "case", "ended as", "attempts", "seconds", "as it should", title="Stories")
    for told in result.told:
        case: dict[str, Any] = told.seen.case if told.seen else {"id": "-", "attempts": []}
        row = [told.story.title, told.story.importer, str(case["id"]), _ending(told), str(len(case["attempts"]))]
        table.add_row(*row, f"{told.seconds:.1f}", _mark(told.ok))
    refused = sum(result.refused.values())
    table.add_row(
        "Junk is refused",
        "-",
        "-",
        f"{refused} of {len(result.refused)} checks hold",
        "-",
        "-",
        _mark(refused == len(result.refused)),
    )
    found = result.leaks
    counted = f"{sum(found.hits.values())} hits in {len(found.hits)} sinks" if found else "not looked for"
    table.add_row(
        "No secret anywhere", "-", "-", counted, "-", f"{result.audit_s:.1f}", _mark(found is not None and found.none)
    )
    return table


def _sinks(result: Result) -> Table:
    table = Table("sink", "hits", title="Leak audit")
    for sink, hits in result.leaks.hits.items() if result.leaks else ():
        table.add_row(sink, f"[red]{hits}[/]" if hits else "[green]0[/]")
    return table


def _times(result: Result) -> Table:
    table = Table("case", *_PHASES, "total", "orchestration", "without gate jobs", title="Seconds by phase")
    for told in filter(lambda t: t.seen, result.told):
        seen = told.seen
        assert seen is not None  # noqa: S101 - filtered above
        spent, split = phases(seen), shares(seen)
        cells = [f"{spent[p]:.2f}" if p in spent else "" for p in _PHASES]
        table.add_row(
            seen.case["id"],
            *cells,
            *(f"{split[k]:.2f}" for k in ("total", "orchestration", "orchestration_without_gate_jobs")),
        )
    return table


def _not_so(result: Result) -> Iterator[str]:
    findings = {t.story.title: t.findings for t in result.told} | {"Junk is refused": result.refused}
    for title, found in findings.items():
        yield from (f"{title}: not so: {words}" for words, held in found.items() if not held)
    if result.leaks:
        yield from (f"a secret found {count} times in {sink}" for sink, count in result.leaks.hits.items() if count)
        yield from (f"not looked into: {sink}" for sink in result.leaks.unread)


def show(result: Result, world: World, console: Console) -> None:
    """Print how the stories ended, the time of each phase and what did not hold."""
    console.print()
    console.print(_stories(result))
    console.print(_times(result))
    console.print(_sinks(result))
    for words in _not_so(result):
        console.print(f"[red]{words}[/]")
    for told in result.told:
        console.print(f"\n[bold]{told.story.title}[/]")
        for name, url in links(world, told).items():
            console.print(f"  {name:14} {url}", soft_wrap=True)
