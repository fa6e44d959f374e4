"""The flow with Claude Code as its agent, on a scripted model: what people see of it."""

import json

import pytest

from agent_site import HEALING, KEY
from flow_desk import GREEN, PASTED
from git_site import git
from healer.contracts import State
from localworld.model.app import Model
from localworld.model.script import Step
from localworld.redis import free_port
from serving import serving

pytestmark = pytest.mark.agent
PORT = free_port()
SETTINGS = {
    "HEALER_AGENT": "claude",
    "HEALER_AGENT_FIRST_TRY": "false",
    "HEALER_AGENT_REQUIRE_ISOLATION": "false",
    "HEALER_AGENT_MAX_TURNS": "3",
    "HEALER_ANTHROPIC_API_KEY": KEY,
    "HEALER_ANTHROPIC_URL": f"http://127.0.0.1:{PORT}",
}


@pytest.mark.parametrize("desk", ["UTIL-117"], indirect=True)
def test_claude_heals_a_case(desk):
    """A run out of turns is an attempt and evidence for the next one, which heals; spend, diff, diagnosis and each step are shown."""
    sessions = iter([HEALING, [HEALING[0], *HEALING[2:]]])
    model = Model(lambda: iter(next(sessions)))
    with serving(lambda _url: model.app, port=PORT):
        desk.deliver()
        desk.work()
        desk.report()
        runs = desk.work()
        runs += desk.work()
    case = desk.case
    assert case.state is State.VERIFYING, runs[-1]["state"]
    first, second = case.attempts
    assert "max_turns" in first.refusals[0]
    assert "max_turns" in json.dumps(model.asked[-1]["messages"])
    assert [secret for secret in PASTED if secret in json.dumps(model.asked)] == []
    assert (first.spend.turns, second.spend.turns) == (3, 3)
    assert 0 < second.spend.usd < 1
    assert git("diff", "--name-only", "main", "heal/UTIL-117", cwd=desk.github.bare) == "lib/gatherers/brightwater.rb"
    shown = {artifact["key"]: artifact for artifact in desk.prefect.artifacts(runs[-1]["id"])}
    assert '+        all!(page, "table#statements' in shown["util-117-diagnosis"]["data"]
    assert '"usd"' in shown["util-117-cost"]["data"]
    assert shown["util-117-agent"]["data"] == 100
    desk.hand.flush()
    assert "Edit lib/gatherers/brightwater.rb" in desk.prefect.logs(runs[-1]["id"])
    desk.prefect.settle()
    assert KEY.encode() not in desk.prefect.database
    desk.report(**GREEN)
    desk.work()
    assert desk.case.state is State.PUBLISHED


@pytest.mark.parametrize("desk", ["UTIL-118"], indirect=True)
def test_an_endpoint_that_refuses_the_key_is_no_attempt(desk):
    """The run fails and says what an operator must do; the case stays where it is, with all its attempts."""
    model = Model(lambda: iter([Step(status=403)] * 9))
    with serving(lambda _url: model.app, port=PORT):
        desk.deliver()
        desk.work()
        desk.report()
        (run,) = desk.work()
    assert run["state_type"] == "FAILED"
    assert "HEALER_ANTHROPIC_API_KEY" in run["state"]["message"]
    assert (desk.case.state, desk.case.attempts) == (State.PATCHING, ())
