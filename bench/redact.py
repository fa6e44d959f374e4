"""How fast redaction is with 50 secrets in all their encodings, beside `re` and beside replacing each value, as GitHub's runner does.

`make bench-redact`, or `python -m bench.redact --mebibytes 4 --rounds 1 --output FILE` for a quick look.
"""

import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bench import figures
from bench.log_text import SEED, chunks, secrets
from healer.encodings import needles, parts
from healer.redact import MASK, Redactor
from healer.stream import RedactedStream

ROOT: Final = Path(__file__).resolve().parent.parent
AIMS: Final = {"mb_per_s": 50.0, "rss_mib": 150.0}
_SLOW: Final = 64
"""`re` and replacing get this part of the text: their rate does not depend on its length, their patience on ours."""
Peer = Callable[[Sequence[str]], None]


def _needles() -> list[str]:
    """Give the longest first, so that an alternation takes the whole where one needle begins like another."""
    return sorted({needle for part in parts(secrets()) for needle in needles(part)}, key=lambda one: (-len(one), one))


def _healer() -> Peer:
    """Take the product's stream, with its forms, foldings and gaps, which the others do not know."""
    redactor = Redactor(secrets())

    def run(pieces: Sequence[str]) -> None:
        stream = RedactedStream(redactor)
        for piece in pieces:
            stream.feed(piece)
        stream.finish()

    return run


def _alternation() -> Peer:
    pattern = re.compile("|".join(map(re.escape, _needles())))

    def run(pieces: Sequence[str]) -> None:
        for piece in pieces:
            pattern.sub(MASK, piece)

    return run


def _each_value() -> Peer:
    """Search for each needle by itself, as actions/runner's SecretMasker does."""
    wanted = _needles()

    def run(pieces: Sequence[str]) -> None:
        for piece in pieces:
            for needle in wanted:
                piece = piece.replace(needle, MASK)  # noqa: PLW2901 - each pass takes what the last one left

    return run


PEERS: Final[dict[str, Callable[[], Peer]]] = {"healer": _healer, "re": _alternation, "each_value": _each_value}


def _rate(run: Peer, pieces: Sequence[str]) -> float:
    size, began = sum(len(piece.encode()) for piece in pieces), time.perf_counter()
    run(pieces)
    return size / 1e6 / (time.perf_counter() - began)


def peer(name: str, mebibytes: int, rounds: int) -> dict[str, Any]:
    """Measure one, in this process: MB a second of the wall's clock, and the most memory that the process ever held, the text included."""
    run, pieces = PEERS[name](), list(chunks(mebibytes))
    pieces = pieces if name == "healer" else pieces[: max(1, len(pieces) // _SLOW)]
    run(pieces[:1])
    rates = [round(_rate(run, pieces), 3) for _ in range(rounds)]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "mb_per_s": statistics.median(rates),
        "rates": rates,
        "rss_mib": round(most, 1),
        "chunks": len(pieces),
    }


def _apart(name: str, mebibytes: int, rounds: int) -> dict[str, Any]:
    """Measure one in a process of its own, so that its memory is its own."""
    command = [
        sys.executable,
        "-m",
        "bench.redact",
        "--only",
        name,
        "--mebibytes",
        str(mebibytes),
        "--rounds",
        str(rounds),
    ]
    others = figures.await_quiet()
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own argv
    return {**json.loads(told), "others": others}


def measure(mebibytes: int, rounds: int) -> dict[str, Any]:
    """Measure all, each with the same needles and the same text."""
    found = {name: _apart(name, mebibytes, rounds) for name in PEERS}
    mine = found["healer"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "machine": figures.hardware(),
        "versions": {"ahocorasick-rs": version("ahocorasick-rs")},
        "secrets": len(secrets()),
        "needles": len(_needles()),
        "chunk_bytes": 65_536,
        "aims": {
            name: {
                "aim": aim,
                "found": mine[name],
                "met": mine[name] >= aim if name == "mb_per_s" else mine[name] < aim,
            }
            for name, aim in AIMS.items()
        },
        "times_as_fast_as": {
            name: round(mine["mb_per_s"] / found[name]["mb_per_s"], 1) for name in ("re", "each_value")
        },
        "peers": found,
    }


def main(
    mebibytes: Annotated[int, typer.Option(help="Length of the text.", min=1)] = 32,
    rounds: Annotated[int, typer.Option(help="Rounds; the median counts.", min=1)] = 5,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = ROOT / "bench/results/redact.json",
    only: Annotated[str, typer.Option(help="Measure this one alone, here, and print it.")] = "",
) -> None:
    """Measure redaction and write the figures."""
    if only:
        typer.echo(json.dumps(peer(only, mebibytes, rounds)))
        return
    found = measure(mebibytes, rounds)
    figures.write(output, found)
    for name, one in found["peers"].items():
        typer.echo(f"{name:12} {one['mb_per_s']:>9.3f} MB/s  {one['rss_mib']:>6.1f} MiB")
    for name, aim in found["aims"].items():
        typer.echo(f"{name:12} {aim['found']:>9}   aim {aim['aim']:>6}   {'met' if aim['met'] else 'MISSED'}")


if __name__ == "__main__":
    typer.run(main)
