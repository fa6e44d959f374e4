"""Local worlds for measurements: many tickets of one importer, and limits out of the way."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from redis import Redis

from bench.figures import percentile
from localworld.desk import Operator, Seen
from localworld.layout import Plan
from localworld.phases import phases, shares
from localworld.seed import CALLER, CHECKOUT
from localworld.world import World

IMPORTER: Final = "brightwater"
ROOM: Final = CHECKOUT / "var/bench"
_MANY: Final = "100000"
_PATIENCE_S: Final = 120.0
_LIMITS: Final = ("OPEN_CASES", "CASES_PER_IMPORTER_DAY", "CASES_PER_DAY", "AGENT_MINUTES_PER_DAY")
_QUIET: Final = {"HEALER_RECONCILE_SILENT_S": "100000", "HEALER_RECONCILE_PENDING_S": "100000"}
"""Seeded cases are at work for ever; nobody is to ask GitHub for each of them."""


def importers(folder: Path) -> Path:
    """Lay a copy of the example importers in which one login may be used often, and a workflow that does nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKOUT / "localworld/importers", folder)
    registry = folder / "importers.toml"
    registry.write_text(registry.read_text().replace("min_bills = 6\n", f"min_bills = 6\nlogin_ceiling = {_MANY}\n", 1))
    shutil.copy(CHECKOUT / "bench/empty-workflow.yml", folder / CALLER.parent / "empty.yml")
    return folder


@contextmanager
def world(source: Path, gate: Literal["act", "scripted"]) -> Iterator[Operator]:
    """Run a world in which one importer is broken."""
    settings = {**{f"HEALER_LIMIT_{name}": _MANY for name in _LIMITS}, **_QUIET}
    with World(Plan(root=ROOM / "world", importers=source, gate=gate, settings=settings)) as running:
        operator = Operator(running)
        try:
            if gate == "act":
                operator.switch(IMPORTER, version="v2")
            yield operator
        finally:
            operator.close()


def healed(operator: Operator, number: int) -> Seen:
    """Send one ticket and give its case when it has ended.

    Nobody merges here, so the base stays broken; what the last case's green fetch taught is forgotten, as if it were another importer.
    """
    with Redis.from_url(operator.world.redis.url) as redis:
        redis.delete(f"healer:good:{IMPORTER}", f"healer:history:{IMPORTER}")
    key = f"UTIL-{number}"
    ticket = {"key": key, "type": "Bug", "component": f"importer-{IMPORTER}", "summary": "no bills", "description": "-"}
    operator.http.post(f"{operator.layout.url('jira')}/_control/tickets", json=ticket).raise_for_status()
    operator.send(key, IMPORTER).raise_for_status()
    return operator.wait(key, _PATIENCE_S)


def spread(values: list[float]) -> dict[str, float]:
    """Give median and 95th percentile (seconds)."""
    ordered = sorted(values)
    return {"p50": round(percentile(ordered, 0.5), 3), "p95": round(percentile(ordered, 0.95), 3)}


def told(seen: list[Seen]) -> dict[str, Any]:
    """Give time by phase and the shares of it, over cases."""
    spent, split = [phases(one) for one in seen], [shares(one) for one in seen]
    names = list(dict.fromkeys(name for one in spent for name in one))
    return {
        "phases_s": {name: spread([one.get(name, 0.0) for one in spent]) for name in names},
        "shares_s": {name: spread([one[name] for one in split]) for name in split[0]},
    }


def wait(what: Any, seconds: float = 60) -> Any:
    """Give what becomes true.

    Raises: TimeoutError.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.01)
    raise TimeoutError("it did not happen in time")
