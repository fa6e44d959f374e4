"""Serves a replay within a container that has no network: the container opens a socket on its own loopback and hands it out.

So what runs there reaches recorded pages and nothing else, on every machine that has Docker; no rule of a packet filter is needed.
"""

import os
import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from healer.clients.container import OUT
from healer.replay import Replay

NETWORK: Final = ("--network", "none")
PORTAL: Final = "http://127.0.0.1:8080"
"""Where the container finds the portal."""
_DOOR: Final = "door"
_PATIENCE_S: Final = 30.0
_LARGEST: Final = 1 << 20
# In Ruby, which every image of importers has.
_OPEN: Final = (
    'door = UNIXSocket.new(ARGV.shift); way = TCPServer.new("127.0.0.1", 8080); '
    'door.send_io(way); door.read(1) or abort("nobody answers"); exec(*ARGV)'
)


def command(argv: Sequence[str]) -> tuple[str, ...]:
    """Give the command that runs `argv` in the container once there is a portal."""
    return ("ruby", "-rsocket", "-e", _OPEN, f"{OUT}/{_DOOR}", *argv)


@contextmanager
def portal(replay: Replay, out: Path) -> Iterator[None]:
    """Answer one container, whose writable directory is `out`, until the block ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.socket(socket.AF_UNIX) as waiting:
        _bind(waiting, out)
        thread = threading.Thread(target=_serve, args=(waiting, theirs, replay), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ours.sendall(b"e")
            thread.join(_PATIENCE_S)
            (out / _DOOR).unlink(missing_ok=True)


def _bind(waiting: socket.socket, out: Path) -> None:
    """Bind by the folder's descriptor: a socket's path has room for 107 bytes."""
    folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        waiting.bind(f"/proc/self/fd/{folder}/{_DOOR}")
    finally:
        os.close(folder)
    (out / _DOOR).chmod(0o666)  # the container's user is nobody on this machine
    waiting.listen(1)


def _serve(waiting: socket.socket, end: socket.socket, replay: Replay) -> None:
    """Take the socket that the container opened, and answer on it until a byte comes by `end`."""
    way = _way(waiting, end)
    if way is not None:
        with _Server(way, replay) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            end.recv(1)
            server.shutdown()


def _way(waiting: socket.socket, end: socket.socket) -> socket.socket | None:
    """Wait for the container, and tell it that it may go on; None where it does not come, or the end does first."""
    ready, _, _ = select.select([waiting, end], [], [])
    if end in ready:
        return None
    container, _ = waiting.accept()
    with container:
        container.settimeout(_PATIENCE_S)
        try:
            _, descriptors, _, _ = socket.recv_fds(container, 1, 1)
            container.sendall(b"w")
            return socket.socket(fileno=descriptors[0])
        except (OSError, IndexError):
            return None


class _Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def __init__(self, way: socket.socket, replay: Replay) -> None:
        super().__init__(("127.0.0.1", 0), _Portal, bind_and_activate=False)
        self.socket.close()
        self.socket, self.replay, self.lock = way, replay, threading.Lock()


class _Portal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S
    server: _Server

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LARGEST:
            self.close_connection = True
            return
        self.rfile.read(int(length))
        self._answer("POST")

    def _answer(self, method: str) -> None:
        with self.server.lock:
            answer = self.server.replay.answer(method, self.path)
        self.send_response(answer.status)
        if answer.location is not None:
            self.send_header("Location", answer.location)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: what was asked is in the replay."""
