"""Each room can be loaded with its own extra alone: what another extra brings is not there in its image."""

import contextlib
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
EXTRAS = {name: list(map(str, wanted)) for name, wanted in PROJECT["optional-dependencies"].items()}


def closure(requirements):
    """Give the names of what is installed where these are asked for."""
    found, waiting = set(), [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        extras = wanted.extras or {""}
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        key = (canonicalize_name(wanted.name), frozenset(extras))
        if key in found:
            continue
        found.add(key)
        with contextlib.suppress(PackageNotFoundError):
            needs = [Requirement(text) for text in requires(wanted.name) or ()]
            waiting += [n for n in needs if not n.marker or any(n.marker.evaluate({"extra": e}) for e in extras)]
    return {name for name, _ in found}


def foreign(own):
    """Give the modules that the other extras bring and this one does not."""
    there = closure([*PROJECT["dependencies"], *EXTRAS.get(own, [])])
    absent = set().union(*(closure(wanted) for wanted in EXTRAS.values())) - there
    return {name for name, dists in packages_distributions().items() if {canonicalize_name(d) for d in dists} <= absent}


@pytest.mark.parametrize(
    ("extra", "modules"),
    [
        ("api", ["api.main", "healer.cli"]),
        ("flows", ["flows.heal", "flows.publish", "flows.reconcile", "flows.server", "flows.runner", "healer.cli"]),
        (None, ["actions.gate", "actions.report", "actions.fetching", "actions.reporting"]),
    ],
)
def test_a_room_loads_with_its_own_extra(extra, modules):
    """A room whose import needs what only another room's extra brings would not start in its own image."""
    blocked = foreign(extra)
    assert blocked
    code = f"import sys\nfor name in {sorted(blocked)}: sys.modules[name] = None\nimport {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[-600:]) == (0, "")
