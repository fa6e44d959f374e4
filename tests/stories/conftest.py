"""One local world for all stories: everything real, started once."""

from collections.abc import Iterator

import pytest

from localworld.desk import Operator
from localworld.layout import Plan
from localworld.leaks import Watch
from localworld.stories import STORIES, Story, Told
from localworld.world import World


@pytest.fixture(scope="session")
def watch() -> Iterator[Watch]:
    with Watch() as watching:
        yield watching


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, watch: Watch) -> Iterator[World]:
    with World(Plan(root=tmp_path_factory.mktemp("world") / "w")) as running:
        yield running


@pytest.fixture(scope="session")
def operator(world: World) -> Iterator[Operator]:
    person = Operator(world)
    yield person
    person.close()


@pytest.fixture(scope="session")
def told(operator: Operator) -> dict[str, Told]:
    """Tell all stories at once, as a morning with four tickets would."""
    for story in STORIES:
        operator.switch(story.importer, **story.switches)
        operator.send(operator.layout.ticket_of(story.importer), story.importer).raise_for_status()
    return {story.name: _end(operator, story) for story in STORIES}


def _end(operator: Operator, story: Story) -> Told:
    seen = operator.wait(operator.layout.ticket_of(story.importer), 240)
    return Told(story, seen, 0.0, story.ending(operator, seen))
