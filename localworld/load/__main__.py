"""`python -m localworld.load`: many open cases at once, driven by two workers to their pull requests; one worker is killed on the way.

The gate is scripted: it takes its lease and hands in a real report over the wire, and starts no container. Exit codes: 0 everything
held; 1 something did not; 2 the world could not be set up.
"""

import contextlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from redis import Redis
from rich.console import Console
from rich.table import Table

from localworld.desk import Operator
from localworld.errors import WorldError
from localworld.layout import PROJECT, Plan
from localworld.load import importers, judge
from localworld.load.postgres import Postgres, programs
from localworld.seed import CHECKOUT, git
from localworld.world import World

_ROOT: Final = CHECKOUT / "var/load/world"
_FIRST: Final = 5001
_A_IMPORTER: Final = 5
"""So many tickets one importer has, which are healed one after the other: an importer has one open attempt."""
_VICTIM: Final = "runner-2"
_DEAD_S: Final = 5.0
_LOOK_S: Final = 15.0
_A_CASE_S: Final = 30.0
_START_S: Final = 240.0
_PATIENCE_S: Final = 120.0
"""A server that is driven to its limits answers late; who only looks on must not end what is looked at."""
_MANY: Final = "100000"
_SETTINGS: Final = {
    **{f"HEALER_LIMIT_{name}": _MANY for name in ("OPEN_CASES", "CASES_PER_IMPORTER_DAY", "CASES_PER_DAY")},
    **{f"HEALER_LIMIT_{name}": _MANY for name in ("AGENT_MINUTES_PER_DAY", "DELIVERIES_PER_KEY_MINUTE")},
    # Nobody waits two minutes for what a killed worker has left; and a run that gives no sign for so long is taken for dead.
    "HEALER_RECONCILE_SILENT_S": "60",
    "HEALER_RECONCILE_AGENT_S": "60",
    "HEALER_RECONCILE_DEAD_RUN_S": "60",
}
console = Console(width=None if sys.stdout.isatty() else 120)


class Load:
    """A world full of cases. `victim` is the worker that is killed when a third has come through."""

    def __init__(self, world: World, cases: int) -> None:
        self.operator, self.world = Operator(world), world
        # `sweep` takes in what the world has laid and nobody sends: so those come first.
        self._laid = {ticket["key"]: ticket["importer"] for ticket in world.layout.tickets()}
        names, more = list(world.layout.registry), range(cases - len(self._laid))
        self.sent = {**self._laid, **{f"{PROJECT}-{_FIRST + n}": names[n % len(names)] for n in more}}
        self.redis: Any = Redis.from_url(world.redis.url, decode_responses=True)
        self.facts: dict[str, object] = {}
        self._looked, self._look_run = 0.0, ""

    def drive(self) -> None:
        """Send all tickets at once, kill a worker on the way, and wait until every case has come to its end, or time is over."""
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._send, self.sent))
        self.facts["open cases at once"] = self.redis.scard("healer:cases:open")
        self.facts["sent in"] = f"{time.monotonic() - began:.1f} s"
        deadline = began + _START_S + _A_CASE_S * len(self.sent)
        self._until(len(self.sent) // 3, deadline)
        busy = self._running()
        self.world.kill(_VICTIM)
        self.facts["worker killed (SIGKILL)"] = f"{self._done()} done, {busy} flow runs at work on both"
        time.sleep(_DEAD_S)
        self.world.revive(_VICTIM)
        self._until(len(self.sent), deadline)
        self.facts["all done in"] = f"{time.monotonic() - began:.1f} s"
        self._rest(deadline)

    def _send(self, key: str) -> None:
        name = self.sent[key]
        if key not in self._laid:
            self._lay(key, name)
        for _ in range(2):  # Workato may deliver twice
            self.operator.send(key, name).raise_for_status()

    def _lay(self, key: str, name: str) -> None:
        ticket = {"key": key, "type": "Bug", "component": f"importer-{name}", "summary": "no bills", "description": "-"}
        jira = self.world.layout.url("jira")
        self.operator.http.post(f"{jira}/_control/tickets", json=ticket).raise_for_status()

    def _done(self) -> int:
        texts = self.redis.mget([f"healer:case:{key}" for key in self.sent])
        return sum(judge.is_through(json.loads(text)) for text in texts if text)

    def _until(self, count: int, deadline: float) -> None:
        shown = -1
        while (done := self._done()) < count and time.monotonic() < deadline:
            if done // 10 != shown // 10:
                console.print(f"{done} of {len(self.sent)} have their pull request", highlight=False)
                shown = done
            self._look()
            time.sleep(1)

    def _rest(self, deadline: float) -> None:
        """Wait until nothing is at work any more, which the word about the last case may be."""
        while (self._running() or self.redis.xlen("healer:outbox")) and time.monotonic() < deadline:
            self._look()
            time.sleep(2)

    def _look(self) -> None:
        """Have `reconcile` look more often than its schedule does, as its automation does after a crash.

        Where all workers are busy a look waits for its turn like every run, and a further one would only wait behind it.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_S or (self._look_run and not self._has_ended(self._look_run)):
            return
        self._looked = now
        deployment = self._prefect("GET", "/deployments/name/reconcile/reconcile")["id"]
        made = self._prefect("POST", f"/deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}})
        self._look_run = made["id"]

    def _has_ended(self, run: str) -> bool:
        return self._prefect("GET", f"/flow_runs/{run}")["state_type"] in judge.ENDED

    def _running(self) -> int:
        states = {"state": {"type": {"any_": ["RUNNING", "PENDING"]}}}
        return int(self._prefect("POST", "/flow_runs/count", {"flow_runs": states}))

    def _prefect(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.world.layout.url('prefect')}/api{path}"
        answer = self.operator.http.request(method, url, json=body, timeout=_PATIENCE_S)
        answer.raise_for_status()
        return answer.json()

    def runs(self) -> Iterator[dict[str, Any]]:
        """Give all flow runs that Prefect knows of."""
        offset = 0
        while page := self._prefect("POST", "/flow_runs/filter", {"limit": 200, "offset": offset}):
            yield from page
            offset += len(page)

    def found(self) -> judge.Found:
        """Look everywhere."""
        keys = sorted(self.redis.zrange("healer:cases", 0, -1))
        cases = {key: json.loads(self.redis.get(f"healer:case:{key}")) for key in keys}
        events = {
            key: [json.loads(one) for one in self.redis.lrange(f"healer:case:{key}:events", 0, -1)] for key in keys
        }
        states = [
            self.operator.http.get(f"{self.world.layout.url(part)}/_control/state").json()
            for part in ("github", "jira")
        ]
        bare = self.world.root / "github/repos/acme/importers.git"
        shown = git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads", cwd=bare)
        heads = dict(line.split() for line in shown.splitlines())
        return judge.Found(cases, events, states[0], states[1], heads, list(self.runs()), self.redis)

    def close(self) -> None:
        """Close the connections."""
        self.operator.close()
        self.redis.close()


def _table(load: Load, found: judge.Found, wrong: list[str]) -> Table:
    spans = sorted(_seconds(found.events[key]) for key in load.sent if key in found.events)
    crashed = sum(run["state_type"] == "CRASHED" for run in found.runs)
    rows: dict[str, object] = {
        "cases sent, each twice": len(load.sent),
        "importers": len(load.world.layout.registry),
        "published": sum(case["state"] == "published" for case in found.cases.values()),
        "superseded by a newer case of their importer": sum(map(judge.is_superseded, found.cases.values())),
        "pull requests": sum(len(one["pulls"]) for one in found.github["repositories"].values()),
        "gate runs (scripted)": len(found.github["runs"]),
        "flow runs": f"{len(found.runs)}, {crashed} of them crashed",
        **load.facts,
        "ticket to pull request": f"median {spans[len(spans) // 2]:.0f} s, longest {spans[-1]:.0f} s" if spans else "-",
        "does not hold": len(wrong),
    }
    table = Table("figure", "value", title="Fleet load")
    for name, value in rows.items():
        table.add_row(name, str(value))
    return table


def _seconds(events: list[dict[str, Any]]) -> float:
    """Give the time from the first event to the pull request."""
    moments = [_moment(event["at"]) for event in events if event["kind"] in {"received", "pull_request_opened"}]
    return moments[-1] - moments[0]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main(
    cases: Annotated[int, typer.Option(help="Open cases.", min=2)] = 200,
    limit: Annotated[int, typer.Option(help="Flow runs at once on each of the two workers.", min=1)] = 4,
    root: Annotated[Path, typer.Option(help="Where the world lies.")] = _ROOT,
) -> None:
    """Drive cases through a world, and judge what it leaves."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    many = max(2, min(40, cases // _A_IMPORTER))
    source = importers.lay(root.with_name(root.name + "-importers"), many)
    with contextlib.ExitStack() as stack:
        where = programs()
        database = stack.enter_context(Postgres(where)) if where else None
        console.print(database.version() if database else "PostgreSQL is not installed: Prefect's server keeps SQLite")
        plan = Plan(
            root=root,
            importers=source,
            gate="scripted",
            runners=2,
            runner_limit=limit,
            database=database.url if database else "",
            settings=_SETTINGS,
        )
        load = Load(stack.enter_context(World(plan)), cases)
        stack.callback(load.close)
        load.drive()
        found = load.found()
        wrong = judge.broken(list(load.sent), found)
        console.print(_table(load, found, wrong))
    for words in wrong:
        console.print(f"[red]{words}[/]", highlight=False)
    raise typer.Exit(1 if wrong else 0)


if __name__ == "__main__":
    try:
        typer.run(main)
    except WorldError as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(2) from None
