"""What a container of the gate's kind finds about itself: which of its walls this machine's engine really builds."""

import secrets
import tempfile
from pathlib import Path
from typing import Final

from healer.clients.container import Containers, Job
from healer.errors import UpstreamError

_SECONDS: Final = 30.0
_LOOK: Final = r"""
grep -E '^(Uid|CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
if touch /healer-doctor 2>/dev/null; then echo 'root: writable'; else echo 'root: read-only'; fi
echo "links: $(ls /sys/class/net | tr '\n' ' ')"
for file in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do [ -r $file ] && echo "pids: $(cat $file)"; done
for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do [ -r $file ] && echo "memory: $(cat $file)"; done
exit 0
"""


def facts(image: str) -> dict[str, str]:
    """Run a container of `image` with the gate's options and without a network; give what it found, by name.

    Raises: UpstreamError (service `docker`).
    """
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            name=f"healer-doctor-{secrets.token_hex(4)}",
            image=image,
            command=("/bin/sh", "-c", _LOOK),
            env={},
            login={},
            out=Path(folder),
            seconds=_SECONDS,
            network=("--network", "none"),
        )
        result = Containers().run(job)
    if result.exit_code != 0:
        raise UpstreamError(
            "a container of the gate's kind did not come to its end.", service="docker", reason="run_failed"
        )
    lines = (line.partition(":") for line in result.output.decode(errors="replace").splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}
