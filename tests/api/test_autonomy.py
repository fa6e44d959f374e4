"""Rules of autonomy at the gateway: who may read and set it, and where it shows."""

import json
from typing import Any

import httpx
import pytest

from gateway_site import Gateway, problem
from healer.clients.tokens import Scope

PATH = "/v1/importers/brightwater/autonomy"
ORDER = {"level": "draft", "reason": "the portal\nis new"}


async def order(gateway: Gateway, body: Any, scope: Scope = Scope.OPERATE, path: str = PATH) -> httpx.Response:
    return await gateway.http.post(path, content=json.dumps(body).encode(), headers=await gateway.read_token(scope))


async def test_level_is_set_with_a_reason_and_shown_with_it(gateway: Gateway) -> None:
    """The answer, a later look, and the fleet in both its forms name level, who set it, and why; withdrawn, it is as before."""
    assert (await order(gateway, ORDER)).json()["earned"]["level"] == "draft"
    reader = await gateway.read_token()
    shown = (await gateway.http.get(PATH, headers=reader)).json()
    assert (shown["said"][0]["level"], shown["said"][0]["reason"]) == ("draft", "the portal is new")
    row = (await gateway.http.get("/v1/fleet", headers=reader)).json()["rows"][-1]
    assert (row["autonomy"]["level"], row["autonomy"]["start"]) == ("draft", "pull_request")
    page = (await gateway.http.get("/fleet", headers=reader)).text
    assert "began as pull request" in page
    assert ": the portal is new" in page
    withdrawn = (await order(gateway, {"level": None, "reason": "it knows it now"})).json()
    assert (withdrawn["earned"]["level"], len(withdrawn["said"])) == ("pull_request", 2)


@pytest.mark.parametrize(
    "body", [{"level": "all", "reason": "x"}, {"level": "draft"}, {"level": "draft", "reason": ""}, {"reason": "x"}]
)
async def test_order_without_level_or_reason_is_refused(gateway: Gateway, body: dict[str, Any]) -> None:
    """Nobody's trust changes without a word why."""
    assert problem(await order(gateway, body)) == (422, "bad_body")
    assert (await gateway.http.get(PATH, headers=await gateway.read_token())).json()["said"] == []


async def test_reading_does_not_allow_setting_and_strangers_have_no_level(gateway: Gateway) -> None:
    """Setting is a command; an importer that the registry does not know is 404, for whoever asks."""
    assert problem(await order(gateway, ORDER, Scope.READ)) == (403, "missing_scope")
    nowhere = "/v1/importers/nowhere/autonomy"
    assert problem(await order(gateway, ORDER, path=nowhere)) == (404, "unknown_importer")
    assert problem(await gateway.http.get(nowhere, headers=await gateway.read_token())) == (404, "unknown_importer")
