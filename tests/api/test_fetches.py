"""Rules of production's word about fetches, and of GitHub's about pull requests."""

import json
from typing import Any

import httpx
import pytest

from gateway_site import Gateway, problem, until
from healer.clients.tokens import Scope
from healer.contracts import Case, PullRequest, State

SHA = "c" * 40
TOLD: dict[str, Any] = {"id": "nightly-7", "importer": "brightwater", "outcome": "fetched", "commit": SHA, "bills": 6}


async def send(gateway: Gateway, body: Any, *scopes: Scope) -> httpx.Response:
    headers = await gateway.read_token(*(scopes or [Scope.FETCHES]))
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await gateway.http.post("/v1/fetch-outcomes", content=content, headers=headers)


async def case_in(gateway: Gateway, state: State) -> Case:
    case = await gateway.awaiting()
    pull = PullRequest(number=4, url="https://github.example/pull/4", state="open", head_sha="b" * 40)
    return await gateway.parts.cases.record(case, state.value, {}, state=state, awaiting=None, pull_request=pull)


async def test_fetch_is_evidence_for_merged_cases_of_its_importer(gateway: Gateway) -> None:
    """It is an event of the case once, whatever is sent again, and starts one run that judges it."""
    await case_in(gateway, State.MERGED)
    assert [(await send(gateway, TOLD)).json() for _ in range(2)] == [{"cases": 1}, {"cases": 1}]
    (event,) = (e for e in await gateway.parts.cases.events("UTIL-101") if e.kind == "production_fetched")
    assert event.data == {"fetch": "nightly-7", "outcome": "fetched", "commit": SHA, "bills": 6}
    await until(lambda: any(":again-" in key for key in gateway.prefect.runs))


@pytest.mark.parametrize(("state", "importer"), [(State.PUBLISHED, "brightwater"), (State.MERGED, "voltara")])
async def test_other_fetches_are_taken_and_change_nothing(gateway: Gateway, state: State, importer: str) -> None:
    """Production tells every fetch; one that no case waits for is no error."""
    await case_in(gateway, state)
    before = await gateway.written()
    assert (await send(gateway, {**TOLD, "importer": importer})).json() == {"cases": 0}
    assert await gateway.written() == before


@pytest.mark.parametrize(
    "change", [{"commit": "main"}, {"outcome": "ok"}, {"bills": "6"}, {"id": ""}, {"importer": "../x"}, {"more": 1}]
)
async def test_word_of_another_form_is_refused(gateway: Gateway, change: dict[str, Any]) -> None:
    """A wrong or foreign member is 422."""
    assert problem(await send(gateway, {**TOLD, **change})) == (422, "bad_body")


async def test_fetches_take_their_own_scope(gateway: Gateway) -> None:
    """Who may look or command may not speak for production."""
    assert problem(await send(gateway, TOLD, Scope.READ, Scope.OPERATE, Scope.LOGINS)) == (403, "missing_scope")
