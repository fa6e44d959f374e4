"""What an agent may try out on its tree, in a container without a network."""

import asyncio
import os
import re
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from agent_site import FILE, HEALING, NEW, OLD, bench, clone_in, make_brief
from flow_site import wait_for
from gate_runner import BASE_IMAGE
from healer.clients.agents import trials as module
from healer.clients.agents.command import CommandAgent, CommandConfig
from healer.clients.agents.trials import TrialConfig, Trials, sweep
from healer.contracts import Ceiling
from healer.errors import UpstreamError
from localworld.model.script import call, results
from prompts import write

pytestmark = pytest.mark.docker
CONFIG = TrialConfig(BASE_IMAGE, Path(__file__).resolve().parents[4] / "actions/rake-fetch/Dockerfile")


@pytest.fixture
def clone(tmp_path):
    return clone_in(tmp_path)


@pytest.fixture
def trials(clone):
    made = Trials(CONFIG, make_brief(), clone)
    yield made
    made.close()


def replace(clone, old, new):
    (clone / FILE).write_text((clone / FILE).read_text().replace(old, new))


def test_the_replay_tells_a_mended_gatherer_from_a_broken_one(clone, trials):
    """As it failed on the portal it fails on the recorded page; mended it brings bills, and says which pages are old ones."""
    broken = trials.fetch()
    assert "exit 3" in broken
    assert f"source_changed: nothing matches {OLD} tbody tr ({FILE}:10, step 3)" in broken
    replace(clone, OLD, NEW)
    mended = trials.fetch()
    assert "exit 0" in mended
    assert re.search(r"[1-9]\d* bills", mended)
    assert "GET /brightwater/billing/history: step 3 of the failed fetch" in mended
    assert "of the last good fetch" in mended


def test_specs_say_what_they_said(clone, trials):
    """They run on the tree as it is: all hold on what was recorded, and one that fails is told with its text."""
    assert "exit 0" in trials.specs()
    replace(clone, "td.amount", "td.nothing")
    failed = trials.specs()
    assert "exit 1" in failed
    assert "td.nothing" in failed


def test_what_is_tried_finds_neither_network_nor_secret(clone, trials, monkeypatch):
    """Code of an agent that looks around finds a made-up login, a loopback, and nothing of the host's environment."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_of_the_host")
    look = "warn ENV.values.inspect; warn Dir['/sys/class/net/*'].inspect; File.write('/app/x', '') rescue warn $!.class; exit!(9)"
    (clone / FILE).write_text(look)
    said = trials.specs()
    assert "exit 1" in said or "exit 9" in said
    assert '["/sys/class/net/lo"]' in said
    assert "Errno::EROFS" in said
    assert "ghp_of_the_host" not in said


def test_a_run_may_not_try_for_ever(trials, monkeypatch):
    """Beyond its number a trial is refused before anything is built."""
    monkeypatch.setattr(module, "MOST", 0)
    with pytest.raises(UpstreamError, match="trials"):
        trials.specs()


def test_the_end_of_the_run_ends_its_trials(clone):
    """Where the run is broken off, what it tries is removed with it."""
    slow = Trials(TrialConfig(BASE_IMAGE, CONFIG.dockerfile, ("sleep", "60")), make_brief(), clone)

    def run():
        with suppress(UpstreamError):  # nobody is left to hear it
            slow.specs()

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: containers("--filter", "status=running"), 20)
    slow.close()
    thread.join(20)
    assert not thread.is_alive()
    assert containers("--all") == []


def containers(*options):
    argv = ["docker", "ps", "--quiet", "--filter", "label=importer-healer.trial=1", *options]
    return subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split()


HOST = """
    import sys
    from pathlib import Path
    from agent_site import make_brief
    from healer.clients.agents.trials import TrialConfig, Trials
    config = TrialConfig(sys.argv[1], Path(sys.argv[2]), ("sleep", "60"))
    Trials(config, make_brief(), Path(sys.argv[3])).specs()
"""


def test_what_a_dead_host_was_trying_is_swept(clone, trials, monkeypatch):
    """Where a host is killed during a trial, the next run of any agent removes container and image; those of the living stay."""
    config = CommandConfig(("true",), Ceiling(seconds=20), require_isolation=False, sweeps=True)
    next_run = CommandAgent(config, write)
    before = images()
    argv = [sys.executable, "-c", textwrap.dedent(HOST), BASE_IMAGE, str(CONFIG.dockerfile), str(clone)]
    tests = Path(__file__).parents[3]
    with subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"}) as host:
        wait_for(lambda: containers("--filter", "status=running"), 30)
        sweep()
        assert len(containers("--filter", "status=running")) == 1, "its host lives"
        host.kill()
    asyncio.run(next_run.work(make_brief(), clone, lambda _: None))
    assert containers("--all") == []
    assert images() == before


def images():
    argv = ["docker", "image", "ls", "--quiet", "--filter", "label=importer-healer.trial=1"]
    return subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split()


@pytest.mark.parametrize("engine", ["", "exit 1"])
def test_a_host_without_an_engine_has_nothing_to_sweep(trials, monkeypatch, tmp_path, engine):
    """An agent's run begins also where Docker does not answer."""
    if engine:
        (tmp_path / "docker").write_text(f"#!/bin/sh\n{engine}\n")
        (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    sweep()


@pytest.mark.agent
def test_claude_tries_its_change_before_it_answers(tmp_path):
    """Its own tools run specs and replay on its copy. Specs know the old page, so they fail where the replay does not."""
    tried = [call("mcp__healer__run_specs"), call("mcp__healer__replay_fetch")]
    with bench(tmp_path, [*HEALING[:3], *tried, HEALING[3]]) as site:
        assert site.work(trials=CONFIG).unfinished_because is None
        specs, fetched = results(site.model.asked[-1])[3:5]
    assert (specs[0], fetched[0]) == (False, False)
    assert f"nothing matches {NEW}" in specs[1]
    assert "bills" in fetched[1]


@pytest.mark.agent
def test_claude_goes_on_where_nothing_can_be_tried(tmp_path):
    """Without the base image a trial says so, and the run goes on to the gate."""
    nothing = TrialConfig("healer-no-such-image:none", CONFIG.dockerfile)
    with bench(tmp_path, [*HEALING[:3], call("mcp__healer__run_specs"), HEALING[3]]) as site:
        assert site.work(trials=nothing).unfinished_because is None
        error, text = results(site.model.asked[-1])[3]
    assert error
    assert "the gate will try" in text
