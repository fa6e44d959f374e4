"""Rules of the dispatcher: what can never be started is buried with its reason, and holds nobody up."""

import asyncio

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
