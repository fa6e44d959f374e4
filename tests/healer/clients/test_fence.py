"""The fence around a container, with real containers, bridges and packet filter rules."""

import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gate_runner import BASE_IMAGE, BRIDGE
from healer.clients.fence import Fence, bridge_name

pytestmark = pytest.mark.docker
TRIES = """
require 'net/http'; require 'socket'
def try; yield; rescue StandardError => e; e.class; end
puts try { Net::HTTP.get(URI(ARGV[0])) }
puts try { Net::HTTP.get(URI('http://evil.example/')) }
puts try { Net::HTTP.get(URI('http://192.0.2.7:8080/')) }
puts try { s = TCPSocket.new('192.0.2.8', 80); s.write("GET / HTTP/1.1\\r\\nHost: hidden.example\\r\\n\\r\\n"); s.read.size }
puts try { Net::HTTP.start('tls.example', 443, use_ssl: true) { 1 } }
puts try { Socket.getaddrinfo('told-by-dns.example', nil).size > 0 }
"""


class Portal(BaseHTTPRequestHandler):
    """A page that says `portal`."""

    def do_GET(self):
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"portal")

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def portal():
    with ThreadingHTTPServer((BRIDGE, 0), Portal) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"{BRIDGE}:{server.server_port}"
        server.shutdown()
        thread.join()


def left(name):
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    found = subprocess.run(
        ["docker", "network", "ls", "-q", "--filter", f"name={name}"], capture_output=True, check=True
    )
    return bridge_name(name) in rules or bool(found.stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="rules need root")
def test_only_the_importers_hosts_are_reached_and_all_others_are_named(portal):
    """The portal answers; a name, an address, a false address with a name, TLS and a mere lookup are refused, each by its name."""
    name = f"healer-test-{time.monotonic_ns()}"
    with Fence(name) as fence:
        fence.watch((portal,))
        argv = [
            "docker",
            "run",
            "--rm",
            "--pull",
            "never",
            *fence.options,
            BASE_IMAGE,
            "ruby",
            "-e",
            TRIES,
            f"http://{portal}/",
        ]
        said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60).stdout.split()
        seen = fence.contacts()
    assert said == ["portal", "EOFError", "EOFError", "0", "OpenSSL::SSL::SSLError", "true"]
    assert seen.contacted == (portal,)
    assert seen.refused == ("192.0.2.7:8080", "evil.example", "hidden.example", "tls.example", "told-by-dns.example")
    assert seen.unfenced == ""
    assert not left(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="rules need root")
def test_each_container_is_judged_by_itself(portal):
    """Nothing is reached before hosts are told; whom one container asked for is not laid to the next one's charge."""
    name = f"healer-test-{time.monotonic_ns()}"
    with Fence(name) as fence:
        argv = ["docker", "run", "--rm", "--pull", "never", *fence.options, BASE_IMAGE, "ruby", "-rnet/http", "-e"]
        ask = [*argv, "puts Net::HTTP.get(URI(ARGV[0])) rescue puts 'none'", f"http://{portal}/"]
        said = [subprocess.run(ask, capture_output=True, text=True, check=False, timeout=60).stdout.strip()]
        before = fence.contacts()
        fence.watch((portal,))
        said.append(subprocess.run(ask, capture_output=True, text=True, check=False, timeout=60).stdout.strip())
        after = fence.contacts()
    assert said == ["none", "portal"]
    assert (before.contacted, before.refused) == ((), (portal,))
    assert (after.contacted, after.refused) == ((portal,), ())


def test_without_rules_there_is_no_fence_and_nothing_is_left(tmp_path, monkeypatch):
    """Where the packet filter refuses, the options are empty, the reason is told, and the network is gone."""
    (tmp_path / "iptables-restore").write_text("#!/bin/sh\necho 'no permission' >&2; exit 4\n")
    (tmp_path / "sudo").write_text("#!/bin/sh\necho 'no permission' >&2; exit 1\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    name = f"healer-test-{time.monotonic_ns()}"
    with Fence(name) as fence:
        fence.watch(("a.example",))
        assert (fence.options, fence.contacts().unfenced) == ((), "no permission")
    found = subprocess.run(
        ["docker", "network", "ls", "-q", "--filter", f"name={name}"], capture_output=True, check=True
    )
    assert not found.stdout


def test_without_an_engine_there_is_no_fence(monkeypatch):
    """A dead engine is told as the reason; the container's own start will fail by itself."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with Fence("healer-test-none") as fence:
        assert "docker" in fence.contacts().unfenced.lower()
