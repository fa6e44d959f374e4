"""How fast records are sealed and opened, beside Fernet with the same plaintexts, and whether a salt comes twice in a million seals.

`make bench-envelope`, or `python -m bench.envelope --seals 20000 --output FILE` for a quick look.
"""

import base64
import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from cryptography.fernet import Fernet

from bench import figures
from healer.envelope import SALT_BYTES, KeyRing

ROOT: Final = Path(__file__).resolve().parent.parent
REF: Final = "healer:vault:brightwater-main"
PLAINTEXT: Final = json.dumps({"username": "robot-77", "password": "correct horse battery"}).encode()
_SALT_AT: Final = slice(4 + 3 + 2, 4 + 3 + 2 + SALT_BYTES)
"""Behind magic, version, algorithm, and a key id of two letters with its length."""
_BATCH: Final = 10_000


def _rate(work: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - began)


def _peers(ring: KeyRing, fernet: Fernet) -> dict[str, Callable[[], object]]:
    sealed, token = ring.seal(PLAINTEXT, REF, os.urandom(SALT_BYTES)), fernet.encrypt(PLAINTEXT)
    return {
        "wego1_seal": lambda: ring.seal(PLAINTEXT, REF, os.urandom(SALT_BYTES)),
        "fernet_seal": lambda: fernet.encrypt(PLAINTEXT),
        "wego1_open": lambda: ring.open(sealed, REF, 0),
        "fernet_open": lambda: fernet.decrypt(token),
    }


def compare(rounds: int) -> dict[str, Any]:
    """Measure all in turn, so that what else the machine does meets all alike; rates a second on one core, median of the rounds."""
    fernet = Fernet(base64.urlsafe_b64encode(bytes(32)))
    ring = KeyRing({"k1": bytes(32)})
    peers, rates = _peers(ring, fernet), dict[str, list[float]]()
    for _ in range(rounds):
        for name, work in peers.items():
            rates.setdefault(name, []).append(round(_rate(work, _BATCH)))
    sizes = {"wego1": len(ring.seal(PLAINTEXT, REF, bytes(SALT_BYTES))), "fernet": len(fernet.encrypt(PLAINTEXT))}
    medians = {name: statistics.median(taken) for name, taken in rates.items()}
    return {"median_per_s": medians, "rounds_per_s": rates, "characters": sizes, "plaintext_bytes": len(PLAINTEXT)}


def salts(seals: int) -> dict[str, Any]:
    """Seal again and again and read the salt of each record; count those that came before."""
    ring, seen, began = KeyRing({"k1": os.urandom(32)}), set[bytes](), time.perf_counter()
    for _ in range(seals):
        sealed = ring.seal(PLAINTEXT, REF, os.urandom(SALT_BYTES))
        seen.add(base64.urlsafe_b64decode(sealed[6:] + "=" * (-len(sealed[6:]) % 4))[_SALT_AT])
    return {"seals": seals, "repeated": seals - len(seen), "seconds": round(time.perf_counter() - began, 1)}


def main(
    seals: Annotated[int, typer.Option(help="Seals whose salts are compared.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="Rounds of the comparison.")] = 5,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = ROOT / "bench/results/envelope.json",
) -> None:
    """Measure the envelope and write the figures; it ends with 1 where a salt came twice."""
    others = figures.await_quiet()
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": figures.hardware(),
        "versions": {name: version(name) for name in ("cryptography",)},
        "others": others,
        "peers": compare(rounds),
        "salts": salts(seals),
    }
    figures.write(output, found)
    for name, rate in found["peers"]["median_per_s"].items():
        typer.echo(f"{name:12} {rate:>9.0f} a second")
    typer.echo(f"{found['salts']['seals']} seals, {found['salts']['repeated']} salts repeated")
    raise typer.Exit(found["salts"]["repeated"] > 0)


if __name__ == "__main__":
    typer.run(main)
