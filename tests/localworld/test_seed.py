"""Rules of what the local world is seeded with."""

import tomllib
from collections.abc import Callable

import pytest

from localworld import seed
from localworld.stories import STORIES

REGISTRY = tomllib.loads((seed.CHECKOUT / "localworld/importers/importers.toml").read_text())["importers"]
SHAPES: dict[str, Callable[[str], bool]] = {
    "blanks": lambda p: " " in p,
    "quotes": lambda p: {"'", '"', "`"} <= set(p),
    "marks": lambda p: set("%+/=&<>") <= set(p),
    "what shell and Ruby replace": lambda p: "$HOME" in p and "#{" in p and "\\" in p,
    "several lines": lambda p: len(p.splitlines()) > 1,
    "overlaps itself": lambda p: p[:8] in p[8:] and p[-3:] in p[:-3],
    "not ASCII": lambda p: not p.isascii(),
    "8 characters": lambda p: len(p) == 8,
    "520 characters": lambda p: len(p) == 520,
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_story_logs_in_with_every_awkward_shape(name: str) -> None:
    """Each shape that is hard to hand over and hard to redact is that of a login that a story of the demo uses."""
    logins = seed.make_credentials([ref for entry in REGISTRY.values() for ref in entry["credentials"]], {})
    used = [story.importer for story in STORIES if not story.switches.get("down")]
    passwords = [logins[REGISTRY[importer]["credentials"][0]]["password"] for importer in used]
    assert any(map(SHAPES[name], passwords))
