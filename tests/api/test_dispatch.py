"""Rules of the dispatcher: what can never be started is buried with its reason, and holds nobody up."""

import asyncio

import pytest

from desk import VAULT_KEYS, Desk
from gateway_site import Gateway, until


async def test_run_of_a_case_that_is_gone_is_buried(gateway: Gateway) -> None:
    """A run that is owed for a case that is not there is buried as `case_missing`, is not started, and the next one is."""
    await gateway.redis.xadd("healer:outbox", {"request": '{"flow": "heal", "case": "UTIL-9"}'})
    await gateway.deliver({"ticket": "UTIL-102", "importer": "brightwater"}, delivery_id="msg_2")
    await until(lambda: "heal:UTIL-102:0" in gateway.prefect.runs)
    (letter,) = await gateway.parts.outbox.dead()
    assert letter.request
    assert (letter.request.case, letter.reason) == ("UTIL-9", "case_missing")
    assert set(gateway.prefect.runs) == {"heal:UTIL-102:0"}
    async with asyncio.timeout(3):
        while await gateway.parts.outbox.owed():  # noqa: ASYNC110 - the dispatcher strikes it off a moment later
            await asyncio.sleep(0.01)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the dispatcher pause less than in production."""
    monkeypatch.setattr("api.dispatch._FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("api.dispatch._LONGEST_PAUSE_S", 0.01)


@pytest.fixture
def healer(redis_url: str, quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Give the desk of an operator of the same Redis."""
    monkeypatch.setenv("HEALER_REDIS_URL", redis_url)
    monkeypatch.setenv("HEALER_VAULT_KEYS", VAULT_KEYS)
    return Desk(monkeypatch, capsys)


async def _buried(gateway: Gateway) -> None:
    async with asyncio.timeout(5):
        while not await gateway.parts.outbox.dead():  # noqa: ASYNC110 - the dispatcher's own doing
            await asyncio.sleep(0.01)


async def test_run_that_prefect_refuses_is_buried_and_redriven(healer: Desk, gateway: Gateway) -> None:
    """What Prefect refuses five times is buried with its reason; `healer intake` tells of it and owes it again, under the same key."""
    gateway.prefect.status = 422
    await gateway.deliver()
    await _buried(gateway)
    assert gateway.prefect.refusals == 5
    assert "run_refused" in await gateway.kinds()
    code, told, summary = await asyncio.to_thread(healer, "intake", "list")
    letter, *words = told.split()[:1] + told.split()[-2:]
    assert (code, words, summary) == (0, ["run_refused", "heal:UTIL-101:0"], "1 buried, 0 owed\n")
    gateway.prefect.status = 0
    assert (await asyncio.to_thread(healer, "intake", "redrive", letter))[0] == 0
    await until(lambda: list(gateway.prefect.runs) == ["heal:UTIL-101:0"])
    assert await gateway.parts.outbox.dead() == ()


async def test_refused_run_holds_up_nobody(quick: None, gateway: Gateway) -> None:
    """While one run is refused the next ones wait, and start when it is buried."""
    gateway.prefect.refused = {"heal:UTIL-101:0"}
    for number in (101, 102):
        await gateway.deliver({"ticket": f"UTIL-{number}", "importer": "brightwater"}, delivery_id=f"msg_{number}")
    await until(lambda: list(gateway.prefect.runs) == ["heal:UTIL-102:0"])
    assert [(letter.reason, letter.request and letter.request.key) for letter in await gateway.parts.outbox.dead()] == [
        ("run_refused", "heal:UTIL-101:0")
    ]


async def test_silence_is_no_refusal(quick: None, gateway: Gateway) -> None:
    """However often Prefect answers that it is out of order, nothing is buried; the run starts when it is back."""
    gateway.prefect.status = 500
    await gateway.deliver()
    await until(lambda: gateway.prefect.refusals > 8)
    assert await gateway.parts.outbox.dead() == ()
    gateway.prefect.status = 0
    await until(lambda: list(gateway.prefect.runs) == ["heal:UTIL-101:0"])
