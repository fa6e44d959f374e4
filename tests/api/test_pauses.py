"""Rules of pausing at the gateway: who may, what it writes into Prefect, and that nothing is lost when Prefect is away."""

import json
from typing import Any

import httpx
import pytest

from gateway_site import Gateway, problem
from healer.clients.tokens import Scope
from healer.pauses import VARIABLE


async def order(gateway: Gateway, body: Any, scope: Scope = Scope.OPERATE) -> httpx.Response:
    headers = await gateway.read_token(scope)
    return await gateway.http.post("/v1/pauses", content=json.dumps(body).encode(), headers=headers)


async def test_pausing_writes_prefects_variable_and_resuming_takes_away(gateway: Gateway) -> None:
    """The first pause makes the variable; later ones change it, also where a person has edited it in the UI meanwhile."""
    assert (await order(gateway, {"pause": ["brightwater"]})).json() == {"entries": ["brightwater"], "unreadable": ""}
    gateway.prefect.variables[VARIABLE] = ["brightwater", "voltara"]
    await order(gateway, {"pause": ["class:silent_wrong"], "resume": ["brightwater"]})
    assert gateway.prefect.variables == {VARIABLE: ["voltara", "class:silent_wrong"]}
    shown = await gateway.http.get("/v1/pauses", headers=await gateway.read_token())
    assert shown.json()["entries"] == ["voltara", "class:silent_wrong"]


async def test_fleet_page_says_what_is_paused(gateway: Gateway) -> None:
    """Who looks at the importers sees a pause; the page is whole while Prefect is away."""
    await order(gateway, {"pause": ["everything"]})
    page = await gateway.http.get("/fleet", headers=await gateway.read_token())
    assert "<dt>Paused</dt><dd>everything</dd>" in page.text
    gateway.prefect.status = 503
    page = await gateway.http.get("/fleet", headers=await gateway.read_token())
    assert (page.status_code, "Prefect does not answer" in page.text) == (200, True)


@pytest.mark.parametrize(
    "body", [{"pause": ["no such class:x"]}, {"pause": "brightwater"}, {"stop": []}, {"pause": ["class:x"]}]
)
async def test_order_of_another_form_is_refused(gateway: Gateway, body: dict[str, Any]) -> None:
    """Nothing is written that would not be read again as it was meant."""
    assert problem(await order(gateway, body)) == (422, "bad_body")
    assert gateway.prefect.variables == {}


async def test_pause_that_prefect_did_not_take_is_no_success(gateway: Gateway) -> None:
    """While Prefect is away the order is answered 503, so that nobody believes it."""
    gateway.prefect.status = 503
    assert problem(await order(gateway, {"pause": ["everything"]})) == (503, "unavailable")


async def test_reading_does_not_allow_pausing(gateway: Gateway) -> None:
    """Pausing is a command."""
    assert problem(await order(gateway, {"pause": ["everything"]}, Scope.READ)) == (403, "missing_scope")
