"""Intake under kill -9: gateway and Redis die at random under load, Prefect goes away, and nothing is lost or done twice.

HEALER_TEST_CRASH_SECONDS makes it longer, HEALER_TEST_CRASH_SEED makes it another one.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
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
from localworld.tcp_proxy import TcpProxy

SECONDS = float(os.environ.get("HEALER_TEST_CRASH_SECONDS", "5"))
SEED = int(os.environ.get("HEALER_TEST_CRASH_SEED", "3"))
SENDERS, PAUSE_S = 4, 0.1
DRAINED_S = 20 + SECONDS
pytestmark = [pytest.mark.crash, pytest.mark.timeout(90 + 3 * SECONDS)]


@pytest.fixture
def prefect(tmp_path) -> Iterator[TcpProxy]:
    """Give the way to Prefect, which can be closed."""
    with TcpProxy(0) as proxy:
        yield proxy


@pytest.fixture
def intake(tmp_path, prefect: TcpProxy) -> Iterator[Intake]:
    made = Intake(tmp_path, prefect_port=prefect.port)
    prefect.target_port = made.neighbours_port
    with made:
        yield made


def _revive(intake: Intake) -> None:
    """Start the gateway as a supervisor does: once more where it died again."""
    try:
        intake.start_gateway()
    except WorldError:
        intake.gateway.kill()
        intake.start_gateway()


def _victims(intake: Intake, prefect: TcpProxy) -> list[Victim]:
    return [
        Victim("redis", intake.redis.kill, intake.redis.start),
        Victim("prefect", prefect.refuse, prefect.forward),
        Victim("gateway", intake.gateway.kill, lambda: _revive(intake)),
    ]


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


async def _send(http: httpx.AsyncClient, sender: int, until: float) -> dict[str, workato.Signed]:
    """Send one ticket's delivery after another; give each acknowledged one by ticket."""
    taken: dict[str, workato.Signed] = {}
    while time.monotonic() < until:
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


async def _asked(intake: Intake) -> dict[str, str]:
    """Give the id of each run that Prefect was asked for, by idempotency key."""
    async with httpx.AsyncClient(trust_env=False) as http:
        runs: dict[str, str] = (await http.get(intake.neighbours_url + "/_runs")).json()["runs"]
    return runs


async def _check(intake: Intake, taken: dict[str, workato.Signed]) -> None:
    redis = store.connect(SecretStr(intake.redis.url))
    try:
        await _drained(redis)
        runs = await _asked(intake)
        known = await Cases(redis).list(10_000)
        assert {case.id for case in known} == set(taken)
        assert set(runs) == {f"heal:{ticket}:0" for ticket in taken}
        for ticket in taken:
            await _check_case(Cases(redis), ticket, runs[f"heal:{ticket}:0"])
        assert await redis.exists("healer:outbox:dead") == 0
    finally:
        await redis.aclose()


async def test_every_acknowledged_delivery_ends_in_one_case_and_one_run(intake: Intake, prefect: TcpProxy) -> None:
    """While gateway, Redis and the way to Prefect die at random, each 2xx is one case with one run; an id is known after it all."""
    killer = Killer(_victims(intake, prefect), SEED, Pace(alive_s=(0.2, 0.9), dead_s=(0.0, 0.3)))
    limits = httpx.Timeout(6)
    async with httpx.AsyncClient(base_url=intake.url, trust_env=False, timeout=limits) as http:
        with killer:
            until = time.monotonic() + SECONDS
            parts = await asyncio.gather(*(_send(http, sender, until) for sender in range(SENDERS)))
        taken = {ticket: signed for part in parts for ticket, signed in part.items()}
        again = [(await _acknowledged(http, signed)).json()["outcome"] for signed in list(taken.values())[-20:]]
    assert {name for death in killer.deaths for name in death} == {"redis", "gateway", "prefect"}
    assert len(taken) > 2 * SENDERS
    assert set(again) == {"repeated"}
    await _check(intake, taken)
