"""The peer: adnanh/webhook (Debian's package `webhook`), with an HMAC-SHA256 over the body as its rule.

It keeps nothing and so waits for no disk; for each delivery it starts a program and answers without waiting for that one.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.sides import Server
from localworld.intake import WORKATO_KEY
from localworld.processes import Process, answers
from localworld.redis import free_port

PROGRAM: Final = "webhook"
DOES: Final = "checks an HMAC-SHA256 over the body, keeps nothing (no fsync), starts /bin/true"
_RULE: Final[dict[str, Any]] = {
    "type": "payload-hmac-sha256",
    "secret": WORKATO_KEY,
    "parameter": {"source": "header", "name": "X-Hub-Signature-256"},
}
_HOOK: Final[dict[str, Any]] = {
    "id": "workato",
    "execute-command": "/bin/true",
    "http-methods": ["POST"],
    "success-http-response-code": 202,
    "trigger-rule": {"match": _RULE},
    "trigger-rule-mismatch-http-response-code": 401,
}


def version() -> str | None:
    """Give the version that is installed; None where there is none."""
    if shutil.which(PROGRAM) is None:
        return None
    done = subprocess.run([PROGRAM, "-version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own argv
    return done.stdout.split()[-1]


@contextmanager
def webhook(room: Path, _fsync: str) -> Iterator[Server]:
    """Serve its one hook at the path of the gateway's."""
    with tempfile.TemporaryDirectory(dir=room) as folder:
        hooks, port = Path(folder) / "hooks.json", free_port()
        hooks.write_text(json.dumps([_HOOK]))
        argv = [PROGRAM, "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port), "-urlprefix", "v1/hooks"]
        process = Process("webhook", argv, {"PATH": "/usr/bin:/bin"}, Path(folder) / "webhook.log")
        process.start()
        try:
            process.wait_until(answers(f"http://127.0.0.1:{port}/"))
            yield Server(port, process.pid or 0)
        finally:
            process.stop()
