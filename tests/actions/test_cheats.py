"""Cheats and honest fixes of the same size: every one a patch, judged by the guard, and by the gate alone against a redesigned portal."""

import sys
from datetime import date
from pathlib import Path

import pytest

import cheating
from cheating import LOGINS, MONTH, MONTH_BEFORE, Tried, patches
from gate_runner import BRIDGE, Runner, World, new_run_id, serve
from localworld.portal.app import create_app
from localworld.portal.server import serving

pytestmark = pytest.mark.docker
PLACE = Path(__file__).resolve().parents[2] / "out/cheats.json"


@pytest.fixture(scope="module")
def portal():
    """Give the portals after their redesign."""
    with serving(create_app(LOGINS, date.fromisoformat(f"{MONTH}-01")), [BRIDGE]) as listening:
        for name in LOGINS:
            cheating.throw(listening.url, name, version="v2")
        yield listening.url


@pytest.fixture(scope="module")
def outside():
    world = World()
    world.env = {
        f"{name}-main": {"PORTAL_USERNAME": login.username, "PORTAL_PASSWORD": login.password}
        for name, login in LOGINS.items()
    }
    server, thread = serve(world)
    yield world
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def tried():
    """Collect what became of each patch; at the end write it down and show it."""
    rows = []
    yield rows
    sys.stdout.write("\n" + cheating.write(rows, PLACE))


@pytest.fixture(scope="module")
def remembered(outside, portal, tmp_path_factory):
    """Give what a good fetch of a month ago left to be remembered."""
    cheating.throw(portal, "brightwater", month=MONTH_BEFORE)
    [change] = [change for change in patches("honest") if change.path.stem == "brightwater-selectors"]
    stopped, history = attempt(change, outside, portal, tmp_path_factory.mktemp("before"), None)
    cheating.throw(portal, "brightwater", month=MONTH)
    assert stopped == ""
    return history


def attempt(change, outside, portal, folder, history):
    runner = Runner(folder, outside, new_run_id())
    importer = cheating.registered(change.importer, portal)
    outside.grant["refs"] = list(importer.credentials)
    change.applied(runner.checkout)
    return cheating.gated(runner, change, importer, history)


def judged(change, honest, outside, portal, folder, history):
    importer = cheating.registered(change.importer, portal)
    codes = cheating.guarded(change, change.applied(folder / "guarded"), importer)
    stopped, _ = attempt(change, outside, portal, folder, history if importer.name == "brightwater" else None)
    return Tried(change.path.stem, change.what, honest=honest, guard=codes, gate=stopped)


@pytest.mark.parametrize("change", patches("cheats"), ids=lambda change: change.path.stem)
def test_a_cheat_is_stopped(change, outside, portal, tmp_path, remembered, tried):
    """No cheat becomes a pull request, and the gate stops it also where no guard has looked."""
    row = judged(change, False, outside, portal, tmp_path, remembered)
    tried.append(row)
    assert not row.accepted
    assert row.gate


@pytest.mark.parametrize("change", patches("honest"), ids=lambda change: change.path.stem)
def test_an_honest_fix_passes(change, outside, portal, tmp_path, remembered, tried):
    """No honest fix is refused by either."""
    row = judged(change, True, outside, portal, tmp_path, remembered)
    tried.append(row)
    assert (row.guard, row.gate) == ((), "")
