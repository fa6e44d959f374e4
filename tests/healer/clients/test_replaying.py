"""Recorded pages served within a container that has no network."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from gate_runner import BASE_IMAGE
from healer.clients import replaying
from healer.clients.container import OUT, Containers, Job
from healer.contracts import Trace
from healer.replay import Replay, of_trace

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[3]
IMPORTERS = ROOT / "localworld/importers"


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def image():
    name = f"healer-test-{os.getpid()}-{time.monotonic_ns()}"
    yield Containers().build(IMPORTERS, ROOT / "actions/rake-fetch/Dockerfile", BASE_IMAGE, name)
    Containers().discard(name)


def job(out, command, **fields):
    name = f"healer-test-{os.getpid()}-{time.monotonic_ns()}"
    given = {"image": BASE_IMAGE, "env": {}, "login": {}, "seconds": 30, "network": replaying.NETWORK}
    return Job(**{"name": name, "command": replaying.command(command), "out": out, **given, **fields})


@pytest.mark.parametrize("importer", ["brightwater", "voltara", "northgas", "ostrava"])
def test_an_importer_fetches_from_its_own_recording(out, image, importer):
    """With no network and a made-up login it goes through every recorded page and brings its bills, read from redacted pages."""
    recording = Trace.model_validate_json((IMPORTERS / f"recordings/{importer}.json").read_text())
    replay = Replay([of_trace(recording)])
    env = {"PORTAL_URL": f"{replaying.PORTAL}/{importer}", "OUT_DIR": OUT}
    login = {"PORTAL_USERNAME": SecretStr("nobody"), "PORTAL_PASSWORD": SecretStr("nothing")}
    with replaying.portal(replay, out):
        ended = Containers().run(job(out, ("rake", f"fetch[{importer}]"), image=image, env=env, login=login))
    assert ended.exit_code == 0, ended.output.decode()
    assert json.loads((out / f"{importer}.json").read_text())["count"] > 0
    assert {asked.step for asked in replay.asked} >= {step.number for step in recording.steps} - {None}


def test_nothing_but_the_replay_is_reached(out):
    """There is a loopback and no other way out; names do not resolve."""
    script = 'require "net/http"; begin; TCPSocket.new("1.1.1.1", 80); rescue => e; puts e.class; end; puts Dir["/sys/class/net/*"]'
    with replaying.portal(Replay([()]), out):
        ended = Containers().run(job(out, ("ruby", "-rsocket", "-e", script)))
    assert ended.output.decode().split() == ["Errno::ENETUNREACH", "/sys/class/net/lo"]


def test_a_container_that_never_comes_keeps_nobody(tmp_path):
    """The portal ends at once where nothing connected, and leaves no socket."""
    began = time.monotonic()
    with replaying.portal(Replay([()]), tmp_path):
        pass
    assert time.monotonic() - began < 5
    assert list(tmp_path.iterdir()) == []


def test_the_folder_may_have_a_long_name(tmp_path):
    """A runner's folder may be longer than a socket's path may be."""
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with replaying.portal(Replay([()]), folder):
        assert [place.name for place in folder.iterdir()] == ["door"]
    shutil.rmtree(folder)
