"""Runs one importer of a checkout in a container as bare as the gate's: read-only, nobody's user, the login by standard input."""

import io
import secrets
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localworld.errors import WorldError

BASE_IMAGE = "healer-ruby-base:bookworm"
_DOCKERFILE = "FROM {base}\nWORKDIR /app\nCOPY . /app\nUSER 65534:65534\n"
_BARE = """
--rm --interactive --init --pull never --network bridge --read-only --tmpfs /tmp:rw,noexec,nosuid,nodev,size=64m
--cap-drop ALL --security-opt no-new-privileges --pids-limit 128 --memory 512m --log-driver none
"""
# The lines of standard input become the environment; what the fetch wrote comes back as a tar on standard output.
_SCRIPT = """
while IFS= read -r line; do export "$line"; done
export HOME=/tmp OUT_DIR=/tmp/result/out FETCH_TRACE_DIR=/tmp/result/trace
mkdir -p /tmp/result
timeout -k 5 100 rake "fetch[$0]" </dev/null >&2
code=$?
tar -C /tmp/result -cf - .
exit "$code"
"""


@dataclass(frozen=True)
class Fetched:
    """How a fetch ended: exit code, the files that it wrote by relative path, and what it said."""

    exit_code: int
    files: dict[str, bytes]
    said: str


@contextmanager
def built(checkout: Path) -> Iterator[str]:
    """Give the name of an image of an importers repository; it is removed when the block ends.

    Raises: WorldError with the builder's last words.
    """
    image = f"healer-importers:{secrets.token_hex(6)}"
    argv = ["docker", "build", "--quiet", "--network", "none", "--tag", image, "--file", "-", str(checkout)]
    dockerfile = _DOCKERFILE.format(base=BASE_IMAGE).encode()
    done = subprocess.run(argv, input=dockerfile, capture_output=True, check=False)  # noqa: S603 - our own argv
    if done.returncode:
        raise WorldError(f"docker build failed: {done.stderr.decode(errors='replace').strip()[-500:]}")
    try:
        yield image
    finally:
        subprocess.run(["docker", "rmi", image], capture_output=True, check=False)  # noqa: S603, S607 - our own argv


def fetch(image: str, importer: str, env: Mapping[str, str]) -> Fetched:
    """Run `rake fetch[importer]` with these variables. Values may hold any character but a line break."""
    lines = "".join(f"{name}={value}\n" for name, value in env.items())
    argv = ["docker", "run", *_BARE.split(), image, "sh", "-c", _SCRIPT, importer]
    done = subprocess.run(argv, input=lines.encode(), capture_output=True, check=False)  # noqa: S603 - our own argv
    return Fetched(done.returncode, _untar(done.stdout), done.stderr.decode(errors="replace"))


def _untar(content: bytes) -> dict[str, bytes]:
    files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar.getmembers():
            if held := tar.extractfile(member):
                files[member.name.removeprefix("./")] = held.read()
    return files
