"""The main story with Claude Code as the agent, behind a scripted model: what CI has in place of a key."""

import pytest

from localworld import agents
from localworld.agents import Agent
from localworld.desk import Operator
from localworld.layout import Plan
from localworld.stories import stories
from localworld.world import World

pytestmark = [pytest.mark.docker, pytest.mark.world, pytest.mark.agent, pytest.mark.timeout(300)]


def test_claude_code_heals_an_importer_from_ticket_to_pull_request(tmp_path):
    """From a signed ticket the real Claude Code mends the importer in its namespaces, tries it on the replay, and the gate proves it."""
    (story,) = (story for story in stories() if story.name == "renamed")
    with World(Plan(root=tmp_path / "w", **agents.plan(Agent.SCRIPTED))) as world:
        person = Operator(world)
        person.switch(story.importer, **story.switches)
        person.send(world.layout.ticket_of(story.importer), story.importer).raise_for_status()
        seen = person.wait(world.layout.ticket_of(story.importer), 240)
        assert [words for words, held in story.ending(person, seen).items() if not held] == []
        person.close()
        log = (world.root / "log/runner.log").read_text()
    (attempt,) = seen.case["attempts"]
    assert attempt["agent"] == "claude"
    assert attempt["spend"]["turns"] == 5
    assert '"message": "replay_fetch"' in log
    assert "replay_fetch was refused" not in log
