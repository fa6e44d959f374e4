"""Intake under kill -9: gateway, Redis and Prefect die at random under load, and nothing is lost or done twice.

`make crash-intake SECONDS=60 SEED=7` makes it longer, and another one.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from healer.chain import first_break
from healer.clients import store
from healer.clients.cases import Cases
from localworld import workato
from localworld.errors import WorldError
from localworld.intake import WORKATO_KEY, Intake
from localworld.killer import Killer, Pace, Victim
from localworld.processes import Process, answers
from localworld.redis import free_port
from loopback import NO_TLS

SECONDS = float(os.environ.get("HEALER_TEST_CRASH_SECONDS", "5"))
SEED = int(os.environ.get("HEALER_TEST_CRASH_SEED", "3"))
SENDERS, LEAST, PAUSE_S = 4, 3, 0.1
DRAINED_S = 40 + SECONDS
pytestmark = [pytest.mark.crash, pytest.mark.timeout(120 + 3 * SECONDS)]


@dataclass(frozen=True)
class Prefect:
    """Our Prefect server on SQLite, which can be killed; `heal` is deployed there, and nobody executes its runs."""

    process: Process
    port: int

    @property
    def api_url(self) -> str:
        """Give the API's address."""
        return f"http://127.0.0.1:{self.port}/api"

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.process.start()
        self.process.wait_until(answers(self.api_url + "/ready"))

    def call(self, path: str, body: Any) -> Any:
        """Post to the API, as Prefect's own client does: again where SQLite was busy."""
        with httpx.Client(base_url=self.api_url, verify=NO_TLS, trust_env=False, timeout=30) as http:
            while (answer := http.post(path, json=body)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
                time.sleep(0.1)
        answer.raise_for_status()
        return answer.json()

    def runs(self) -> list[tuple[str, str]]:
        """Give idempotency key and id of every flow run."""
        found: list[dict[str, str]] = []
        while page := self.call("/flow_runs/filter", {"sort": "ID_DESC", "offset": len(found)}):
            found += page
        return [(run["idempotency_key"], run["id"]) for run in found]


@pytest.fixture
def prefect(tmp_path) -> Iterator[Prefect]:
    port, home = free_port(), tmp_path / "prefect"
    argv = [str(Path(sys.executable).parent / "healer-prefect-server"), "--port", str(port)]
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made = Prefect(Process("prefect", argv, {**env, "PREFECT_HOME": str(home)}, tmp_path / "prefect.log"), port)
    try:
        made.start()
        flow = made.call("/flows/", {"name": "heal"})["id"]
        made.call("/deployments/", {"name": "heal", "flow_id": flow, "enforce_parameter_schema": False})
        yield made
    finally:
        made.process.kill()


@pytest.fixture
def intake(tmp_path, prefect: Prefect) -> Iterator[Intake]:
    with Intake(tmp_path, prefect_port=prefect.port) as made:
        yield made


def _revive(intake: Intake) -> None:
    """Start the gateway as a supervisor does: once more where it died again."""
    try:
        intake.start_gateway()
    except WorldError:
        intake.gateway.kill()
        intake.start_gateway()


@contextlib.contextmanager
def _killers(intake: Intake, prefect: Prefect) -> Iterator[list[Killer]]:
    """Kill Prefect, which starts slowly, at a pace of its own: the others die while it is away, too."""
    quick = [
        Victim("redis", intake.redis.kill, intake.redis.start),
        Victim("gateway", intake.gateway.kill, lambda: _revive(intake)),
    ]
    slow = [Victim("prefect", prefect.process.kill, prefect.start)]
    paces = ((quick, Pace((0.2, 0.9), (0.0, 0.3))), (slow, Pace((0.5, 2.5), (0.0, 1.0))))
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Killer(victims, SEED, pace)) for victims, pace in paces]


def _all_died(killers: list[Killer]) -> bool:
    return {name for killer in killers for death in killer.deaths for name in death} == {"redis", "gateway", "prefect"}


async def _acknowledged(http: httpx.AsyncClient, signed: workato.Signed) -> httpx.Response:
    """Send a delivery as a recipe does: the same again until it is acknowledged."""
    while True:
        try:
            answer = await http.post("/v1/hooks/workato", content=signed.body, headers=signed.headers)
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            continue
        if answer.is_success:
            return answer
        assert answer.status_code == 503, answer.text
        assert "Retry-After" in answer.headers
        await asyncio.sleep(0.05)


async def _send(http: httpx.AsyncClient, sender: int, enough: Callable[[], bool]) -> dict[str, workato.Signed]:
    """Send one ticket's delivery after another; give each acknowledged one by ticket."""
    taken: dict[str, workato.Signed] = {}
    while len(taken) < LEAST or not enough():
        ticket = f"UTIL-{1 + len(taken) * SENDERS + sender}"
        signed = workato.delivery({"ticket": ticket, "importer": "brightwater"}, WORKATO_KEY)
        assert (await _acknowledged(http, signed)).json()["case"] == ticket
        taken[ticket] = signed
        await asyncio.sleep(PAUSE_S)
    return taken


async def _drained(redis: Any) -> None:
    async with asyncio.timeout(DRAINED_S):
        while await redis.xlen("healer:outbox"):  # noqa: ASYNC110 - the gateway is another process
            await asyncio.sleep(0.05)


async def _check_case(cases: Cases, ticket: str, flow_run: str) -> None:
    """One whole chain, opened once; whatever says that a run was started names the same one."""
    events = await cases.events(ticket)
    kinds = Counter(event.kind for event in events)
    assert first_break(events) is None
    assert kinds["received"] == 1
    assert {event.data["flow_run"] for event in events if event.kind == "run_started"} == {flow_run}


async def _check(intake: Intake, prefect: Prefect, taken: dict[str, workato.Signed]) -> None:
    redis = store.connect(SecretStr(intake.redis.url))
    try:
        await _drained(redis)
        runs = prefect.runs()
        known = await Cases(redis).list(10_000)
        assert {case.id for case in known} == set(taken)
        assert sorted(key for key, _ in runs) == sorted(f"heal:{ticket}:0" for ticket in taken)
        for ticket in taken:
            await _check_case(Cases(redis), ticket, dict(runs)[f"heal:{ticket}:0"])
        assert await redis.exists("healer:outbox:dead") == 0
    finally:
        await redis.aclose()


async def test_every_acknowledged_delivery_ends_in_one_case_and_one_run(intake: Intake, prefect: Prefect) -> None:
    """While gateway, Redis and Prefect die at random, each 2xx is one case with one flow run; an id is known after it all."""
    limits = httpx.Timeout(6)
    async with httpx.AsyncClient(base_url=intake.url, verify=NO_TLS, trust_env=False, timeout=limits) as http:
        with _killers(intake, prefect) as killers:
            until = time.monotonic() + SECONDS
            parts = await asyncio.gather(
                *(
                    _send(http, sender, lambda: _all_died(killers) and time.monotonic() > until)
                    for sender in range(SENDERS)
                )
            )
        taken = {ticket: signed for part in parts for ticket, signed in part.items()}
        again = [(await _acknowledged(http, signed)).json()["outcome"] for signed in list(taken.values())[-20:]]
    assert set(again) == {"repeated"}
    await _check(intake, prefect, taken)
