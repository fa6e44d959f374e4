"""The README's figures, made from `bench/results/*.json`: each beside its peer or floor of the same run, and a plot of a healing by phase.

`python -m bench.table` writes it between the marks in the README.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from localworld.seed import CHECKOUT

RESULTS: Final = CHECKOUT / "bench/results"
README: Final = CHECKOUT / "README.md"
_BEGIN, _END = "<!-- figures -->\n", "<!-- /figures -->\n"
_HEAD: Final = "| what | figure | beside it, in the same run | ratio |\n|---|---|---|---|\n"


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Give the rows for which there are results."""
    known: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in RESULTS.glob("*.json")}
    for name, make in _MAKERS.items():
        if name in known:
            yield from make(known[name])


def _gateway(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    peak = found["peak"]["always"]
    bare = f"a bare handler with the same HMAC and fsync: {peak['bare']['rate']:.0f}/s"
    yield "intake, deliveries a second", f"{peak['gateway']['rate']:.0f}", bare, f"{peak['of_bare']:.2f}"


def _envelope(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    rates = found["peers"]["median_per_s"]
    for what in ("seal", "open"):
        ours, theirs = rates[f"wego1_{what}"], rates[f"fernet_{what}"]
        yield f"records, {what} a second", f"{ours:,}", f"Fernet: {theirs:,}/s", f"{ours / theirs:.2f}"


def _redact(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    peers = found["peers"]
    beside = f"one alternation in `re`: {peers['re']['mb_per_s']:.2f} MB/s"
    yield (
        "redaction of 50 secrets",
        f"{peers['healer']['mb_per_s']:.0f} MB/s",
        beside,
        f"{found['times_as_fast_as']['re']}",
    )


def _deciders(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for name, what in (("relocation", "relocation of one selector"), ("guard", "guard on one change")):
        one = found[name]
        yield what, f"{one['ms']:.2f} ms", f"{one['floor']}: {one['floor_ms']:.2f} ms", f"{one['of_floor']}"


def _journey(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    split, floors = found["shares_s"], found["floors"]
    whole, own, jobs = (_seconds(split[name]) for name in ("total", "orchestration_without_gate_jobs", "gate_job"))
    yield f"ticket to pull request, {found['cases']} cases", whole, "", ""
    if job := floors.get("empty_act_job_s"):
        ratio = split["gate_job"]["p50"] / 2 / job["p50"]
        yield "of it, two gate jobs", jobs, f"one that does nothing: {job['p50']:.1f} s", f"{ratio:.1f} each"
    ground = f"three empty flow runs and a push: {floors['three_flow_runs_and_a_push_s']:.1f} s"
    yield "of it, all but agent and gate jobs", own, ground, f"{found['orchestration_of_floor']}"


def _seconds(one: dict[str, float]) -> str:
    return f"median {one['p50']:.1f} s, p95 {one['p95']:.1f} s"


def _scale(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for one in found["rows"]:
        size = f"a case among {one['open_cases']:,} open, {one['importers']:,} importers"
        size += f", {one['replay_ids']:,} ids" if one["replay_ids"] else ""
        size += f", {one['files']:,} files and {one['commits']:,} commits" if one["files"] else ""
        memory = ", ".join(f"{name} {mib:.0f}" for name, mib in one["mib_after"].items())
        yield (
            size,
            f"median {one['shares_s']['total']['p50']:.1f} s",
            f"MiB: {memory}",
            f"{one['of_first_row']} of the first",
        )


def _relocate(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    kinds = {"moved": "elements that moved", "stands": "selectors that still work", "gone": "elements that are gone"}
    held_out = found["held_out"]
    for kind, what in kinds.items():
        rival = held_out.get("scrapling", {}).get(kind)
        beside = f"Scrapling: {_right(rival)}" if rival else "Scrapling: not measured"
        yield f"relocation on held-out redesigns, {what}", _right(held_out["healer"][kind]), beside, ""


def _right(one: dict[str, float]) -> str:
    return f"{one['right']:.0%} right, {one['wrong']:.0%} wrong"


def _gate(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    beside = f"an empty act job: median {found['empty_act_job_s']['p50']:.2f} s"
    for mode, one in found["overhead_s"].items():
        ratio = f"{one['p50'] / found['empty_act_job_s']['p50']:.2f}"
        yield f"gate beyond fetches and replay, {mode}", _seconds(one), beside, ratio


def _agent(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    spent, mib = found["brief_to_diff_s"], found["pss_mib"]
    beside = f"the SDK's plain run of it: {_seconds(spent['stock'])}"
    yield "brief to diff, around the same Claude Code", _seconds(spent["ours"]), beside, f"{found['overhead_s']:+.2f} s"
    ours, stock = mib["ours"]["others"], mib["stock"]["others"]
    plain = f"the plain run: {stock:.0f} MiB; Claude Code itself {mib['stock']['claude_code']:.0f} MiB"
    yield "memory of it (PSS) without Claude Code", f"{ours:.0f} MiB", plain, f"{ours / stock:.2f}"


_MAKERS: Final = {
    "agent": _agent,
    "gate": _gate,
    "gateway": _gateway,
    "envelope": _envelope,
    "redact": _redact,
    "relocate": _relocate,
    "deciders": _deciders,
    "journey": _journey,
    "scale": _scale,
}


def table() -> str:
    """Give the table as Markdown."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())


def plot() -> str:
    """Give the seconds of each phase of a healing as a Mermaid chart (mermaid.js.org/syntax/xyChart.html); empty without results."""
    results = RESULTS / "journey.json"
    if not results.exists():
        return ""
    found = json.loads(results.read_text())
    medians = {name: one["p50"] for name, one in found["phases_s"].items()}
    lines = (
        "xychart-beta horizontal",
        f'    title "A healing by phase: median seconds of {found["cases"]} cases"',
        f"    x-axis [{', '.join(json.dumps(name) for name in medians)}]",
        f'    y-axis "seconds" 0 --> {math.ceil(max(medians.values()))}',
        f"    bar [{', '.join(f'{seconds:.2f}' for seconds in medians.values())}]",
    )
    return "".join(f"{line}\n" for line in ("", "```mermaid", *lines, "```"))


def shown() -> str:
    """Give what stands between the marks."""
    return table() + plot()


def main() -> None:
    """Write the figures into the README."""
    text = README.read_text()
    before, _, rest = text.partition(_BEGIN)
    README.write_text(f"{before}{_BEGIN}{shown()}{_END}{rest.partition(_END)[2]}")


if __name__ == "__main__":
    main()
