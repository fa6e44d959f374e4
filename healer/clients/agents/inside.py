"""What runs first inside an agent's namespaces: it opens the only way out, hands it to the host, and becomes the agent's program.

The way out is a listening socket on the namespace's own loopback; the host, which has it from here, answers on it. Its text is run
by the system's own Python, with nothing but the standard library.
"""

import os
import socket
import sys

PORT = 8080
"""Every agent has a loopback of its own, so one number does for all."""


def main(door: str, argv: list[str]) -> None:
    """Send a listening socket through the Unix socket `door`, wait for a byte, and become `argv`."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as way,
        socket.socket(socket.AF_UNIX) as host,
    ):
        way.bind(("127.0.0.1", PORT))
        way.listen(64)
        host.connect(door)
        socket.send_fds(host, [b"w"], [way.fileno()])
        if not host.recv(1):
            raise SystemExit("the host closed the door.")
    os.execv(argv[0], argv)  # noqa: S606 - our own argv, no shell


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
