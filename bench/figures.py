"""Figures: percentiles, and on which machine with which versions they were taken."""

import json
import math
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from redis import Redis

_PACKAGES = ("fastapi", "starlette", "uvicorn", "h11", "pydantic", "redis", "httpx")


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """Give the smallest value that at least `share` of all values do not exceed (nearest rank)."""
    return sorted_values[max(0, math.ceil(share * len(sorted_values)) - 1)]


def latencies(values_ms: Sequence[float]) -> dict[str, float]:
    """Give p50, p95 and p99 in milliseconds."""
    ordered = sorted(values_ms)
    return {f"p{round(share * 100)}_ms": round(percentile(ordered, share), 2) for share in (0.5, 0.95, 0.99)}


def write(output: Path, found: dict[str, Any]) -> None:
    """Write the figures of a bench down."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=2) + "\n")


def rss_mib(pid: int) -> float:
    """Give the resident memory of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return round(kib / 1024, 1)


def _times() -> tuple[int, int]:
    """Give the jiffies of all processors since the start: idle, and all."""
    fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def await_quiet(most: float = 0.1, patience_s: float = 20) -> float:
    """Wait until others leave the processors alone for a second; give the share that they took then."""
    deadline, share = time.monotonic() + patience_s, 1.0
    while share > most and time.monotonic() < deadline:
        idle, whole = _times()
        time.sleep(1)
        idle_then, whole_then = _times()
        share = 1 - (idle_then - idle) / (whole_then - whole)
    return round(share, 2)


def hardware() -> dict[str, Any]:
    """Say what it ran on."""
    cpu = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    told = {"system": platform.platform(), "processor": cpu[0] if cpu else platform.machine(), "cores": os.cpu_count()}
    return {**told, "memory_gib": round(memory, 1), "python": platform.python_version()}


def machine(folder: Path) -> dict[str, Any]:
    """Say what it ran on; `folder` is where Redis wrote."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607 - our own argv
    return {**hardware(), "redis_files_on": kind}


def versions(redis: Redis) -> dict[str, str]:
    """Say which versions took part."""
    server = redis.info("server")
    theirs = str(server["redis_version"]) if isinstance(server, dict) else "unknown"
    return {"python": platform.python_version(), "redis-server": theirs, **{p: version(p) for p in _PACKAGES}}
