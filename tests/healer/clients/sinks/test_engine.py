"""Rules of reading Docker's engine for the leak audit."""

import base64
import secrets
import subprocess

import pytest

from healer.audit import Search, examine
from healer.clients.sinks import engine

pytestmark = pytest.mark.docker
BASE = "healer-ruby-base:bookworm"
SECRET = "plain-secret-77"


@pytest.fixture
def leaky():
    """Give a container that was never started, with a value in a label, and an image with one in a layer's command."""
    name, encoded = f"healer-audit-{secrets.token_hex(4)}", base64.b64encode(SECRET.encode()).decode()
    subprocess.run(
        ["docker", "create", "--name", name, "--label", f"note={encoded}", BASE, "true"],
        check=True,
        capture_output=True,
    )
    dockerfile = f"FROM {BASE}\nENV NOTE={encoded}\n".encode()
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", name, "-"], input=dockerfile, check=True, capture_output=True
    )
    yield name
    subprocess.run(["docker", "rm", name], check=True, capture_output=True)
    subprocess.run(["docker", "rmi", name], check=True, capture_output=True)


def test_labels_and_layers_are_searched(leaky):
    """A value in a container's label, an image's configuration or a layer's command is found and named."""
    search = Search([SECRET])
    assert f"container {leaky}" in examine("containers", engine.containers(), search).places
    images = examine("images", engine.images(), search).places
    assert {place.split(" ")[0] for place in images} == {"image", "history"}


def test_an_engine_that_does_not_answer_is_unread(monkeypatch, tmp_path):
    """Without an engine behind the command the sink is unread."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert engine.is_here()
    assert examine("containers", engine.containers(), Search([SECRET])).unread
