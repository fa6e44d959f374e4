"""Who mends importers in the local world."""

import pytest
from typer.testing import CliRunner

from agent_site import FILE, NEW, bench, changes, make_brief
from factories import make_failure
from localworld import __main__ as localworld
from localworld import agents
from localworld.agents import Agent
from localworld.errors import WorldError
from localworld.model import mender


@pytest.fixture
def no_key(monkeypatch):
    for name in ("HEALER_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_claude_without_a_key_says_how(no_key):
    """Nothing starts; the words name the variable, the command, and what runs without a key."""
    said = CliRunner().invoke(localworld.app, ["demo", "--agent", "claude"]).exception
    assert isinstance(said, WorldError)
    for words in ("HEALER_ANTHROPIC_API_KEY", "make demo AGENT=claude", "make demo AGENT=scripted"):
        assert words in str(said)


@pytest.mark.parametrize("name", ["HEALER_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"])
def test_claude_with_a_key_is_the_real_thing(no_key, monkeypatch, name):
    """The key goes to the runner alone, no other address is set, and no relocation comes first."""
    monkeypatch.setenv(name, "sk-ant-of-a-person")
    plan = agents.plan(Agent.CLAUDE)
    assert plan["runner_settings"]["HEALER_ANTHROPIC_API_KEY"] == "sk-ant-of-a-person"
    assert plan["runner_settings"]["HEALER_AGENT_FIRST_TRY"] == "false"
    assert "HEALER_ANTHROPIC_URL" not in plan["runner_settings"]
    assert "settings" not in plan


@pytest.mark.agent
def test_the_scripted_model_mends_an_importer_that_it_does_not_know(tmp_path):
    """It asks for each literal of the source and edits those that moved, through Claude Code's own tools."""
    with bench(tmp_path, ()) as site:
        site.model.script = mender.script
        said = site.work()
        assert [change.path for change in changes(site.clone)] == [FILE]
        assert NEW in site.text()
    assert said.changes == ("`table#bills tbody tr` is `table#statements tbody tr` now",)


@pytest.mark.agent
def test_the_scripted_model_gives_up_where_nothing_moved(tmp_path):
    """Where relocation is sure of nothing it changes nothing and says so."""
    brief = make_brief(last_good=None, failure=make_failure(line=10))
    with bench(tmp_path, ()) as site:
        site.model.script = mender.script
        assert "Nothing on the page" in site.work(brief).not_fixable_because
        assert changes(site.clone) == []
