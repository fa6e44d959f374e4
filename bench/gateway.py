"""How fast intake is, beside a bare handler with the same HMAC and fsync, and what a flood of bad requests does to it.

`make bench-gateway`, or `python -m bench.gateway --seconds 1 --flood-seconds 3 --output FILE` for a quick look.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Self

import typer

from bench import figures, peer, sides
from bench.load import Result
from bench.sides import Server

ROOT: Final = Path(__file__).resolve().parent.parent
FSYNCS: Final = ("always", "everysec")
SEED: Final = 20261124
BAD_RATE: Final = 200.0
SIGNED_RATE: Final = 50.0
AIMS: Final = {"of_bare": 0.6, "half_peak_p99_ms": 25.0, "flood_p99_ms": 250.0, "flood_growth_mib": 5.0}
_WARM_UP_S: Final = 1.0
_Open = Callable[[Path, str], AbstractContextManager[Server]]
_SIDES: Final[dict[str, _Open]] = {"gateway": sides.gateway, "bare": sides.bare}


@dataclass(frozen=True)
class Length:
    """How long to measure: seconds a phase, seconds of flood, rounds of the comparison."""

    seconds: float
    flood_s: float
    rounds: int


def _warm(side: Server, **plan: Any) -> None:
    """Let connections, caches and the allocator settle, on tickets that no phase uses."""
    sides.load(side, seconds=_WARM_UP_S, first=1_000_000, **plan)


def _told(result: Result) -> dict[str, Any]:
    accepted = {"rate": round(result.rate, 1), **figures.latencies(result.latencies_ms)}
    return {**accepted, "statuses": result.statuses}


def _peak(make: _Open, room: Path, fsync: str, seconds: float, **plan: Any) -> dict[str, Any]:
    others = figures.await_quiet()
    with make(room, fsync) as side:
        _warm(side, **plan)
        return {**_told(sides.load(side, seconds=seconds, first=1, **plan)), "others": others}


def _median(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the round whose rate is the median, and the rates of all."""
    middle = statistics.median_low([one["rate"] for one in rounds])
    return {**next(one for one in rounds if one["rate"] == middle), "rates": [one["rate"] for one in rounds]}


def compare(room: Path, fsync: str, length: Length) -> dict[str, Any]:
    """Measure both sides in turn, so that what else the machine does meets both alike."""
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in _SIDES}
    for _ in range(length.rounds):
        for name, make in _SIDES.items():
            rounds[name].append(_peak(make, room, fsync, length.seconds))
    peak = {name: _median(taken) for name, taken in rounds.items()}
    return {**peak, "of_bare": round(peak["gateway"]["rate"] / peak["bare"]["rate"], 3)}


def beside_peer(room: Path, rate: float, length: Length) -> dict[str, Any]:
    """Measure the peer in the same run; `rate` is the gateway's peak with `appendfsync always`."""
    told = {"program": "adnanh/webhook", "version": peer.version(), "does": peer.DOES}
    if told["version"] is None:
        return {**told, "missing": "not installed here; apt-get install webhook"}
    rounds = [_peak(peer.webhook, room, "none", length.seconds, over="body") for _ in range(length.rounds)]
    found = _median(rounds)
    return {**told, **found, "gateway_of_peer": round(rate / found["rate"], 3)}


def _half(room: Path, fsync: str, rate: float, seconds: float) -> dict[str, Any]:
    others = figures.await_quiet()
    with sides.gateway(room, fsync) as side:
        _warm(side)
        side.redis.execute_command("LATENCY", "RESET")  # type: ignore[no-untyped-call] # redis-py types no such command
        told = _told(sides.load(side, seconds=seconds, first=1, rate=rate))
        return {**told, "others": others, "longest_fsync_ms": sides.longest_fsync_ms(side)}


def at_half(room: Path, fsync: str, peak: float, length: Length) -> dict[str, Any]:
    """Measure the gateway at half of its peak rate, requests due at fixed times; give the round whose p99 is the median."""
    rounds = [_half(room, fsync, peak / 2, length.seconds) for _ in range(length.rounds)]
    p99s = [one["p99_ms"] for one in rounds]
    middle = next(one for one in rounds if one["p99_ms"] == statistics.median_low(p99s))
    fsyncs = [one["longest_fsync_ms"] for one in rounds]
    return {"asked_rate": round(peak / 2, 1), **middle, "p99s_ms": p99s, "longest_fsyncs_ms": fsyncs}


class Watch:
    """Samples a process' memory once a second while a block runs."""

    def __init__(self, pid: int) -> None:
        self.samples = [figures.rss_mib(pid)]
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def _sample(self) -> None:
        while not self._over.wait(1.0):
            self.samples.append(figures.rss_mib(self._pid))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.samples.append(figures.rss_mib(self._pid))


def flood(room: Path, seconds: float) -> dict[str, Any]:
    """Send bad requests beside signed ones; memory counts from when both have been there for some seconds."""
    mix = {"rate": SIGNED_RATE, "bad_rate": BAD_RATE, "connections": 32, "seed": SEED}
    others = figures.await_quiet()
    with sides.gateway(room, "always") as side:
        for _ in range(5):
            _warm(side, **mix)
        keys, began = side.redis.dbsize(), time.monotonic()
        with Watch(side.pid) as watch:
            result = sides.load(side, seconds=seconds, first=1, **mix)
        memory = {"before": watch.samples[0], "after": watch.samples[-1], "most": max(watch.samples)}
        return {
            **_told(result),
            "seconds": round(time.monotonic() - began, 1),
            "others": others,
            "bad_rate": BAD_RATE,
            "bad_statuses": result.bad_statuses,
            "rss_mib": memory,
            "keys_written": _number(side.redis.dbsize()) - _number(keys),
            "keys_of_accepted": 3 * len(result.latencies_ms),
        }


def _number(answer: Any) -> int:
    return int(answer)


def _aims(peaks: dict[str, Any], halves: dict[str, Any], flooded: dict[str, Any]) -> dict[str, Any]:
    """Set each figure beside what is aimed at; `always` counts, as that is what the product demands."""
    memory = flooded["rss_mib"]
    found = {
        "of_bare": peaks["always"]["of_bare"],
        "half_peak_p99_ms": halves["always"]["p99_ms"],
        "flood_p99_ms": flooded["p99_ms"],
        "flood_growth_mib": round(memory["after"] - memory["before"], 1),
    }
    met = {name: found[name] >= aim if name == "of_bare" else found[name] < aim for name, aim in AIMS.items()}
    return {name: {"aim": aim, "found": found[name], "met": met[name]} for name, aim in AIMS.items()}


def measure(room: Path, length: Length) -> dict[str, Any]:
    """Take all figures."""
    peaks = {fsync: compare(room, fsync, length) for fsync in FSYNCS}
    halves = {fsync: at_half(room, fsync, peaks[fsync]["gateway"]["rate"], length) for fsync in FSYNCS}
    beside = beside_peer(room, peaks["always"]["gateway"]["rate"], length)
    flooded = flood(room, length.flood_s)
    with sides.bare(room, "always") as side:
        versions = figures.versions(side.redis)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "machine": figures.machine(room),
        "versions": versions,
        "aims": _aims(peaks, halves, flooded),
        "peak": peaks,
        "peer": beside,
        "half_peak": halves,
        "flood": flooded,
    }


def main(
    seconds: Annotated[float, typer.Option(help="Seconds of each phase.")] = 4,
    flood_seconds: Annotated[float, typer.Option(help="Seconds of the flood.")] = 60,
    rounds: Annotated[int, typer.Option(help="Rounds of the comparison.")] = 5,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = ROOT / "bench/results/gateway.json",
) -> None:
    """Measure the gateway's intake and write the figures."""
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "var") as room:
        found = measure(Path(room), Length(seconds, flood_seconds, rounds))
    figures.write(output, found)
    for name, aim in found["aims"].items():
        typer.echo(f"{name:18} {aim['found']:>8}   aim {aim['aim']:>6}   {'met' if aim['met'] else 'MISSED'}")


if __name__ == "__main__":
    typer.run(main)
