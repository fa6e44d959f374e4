"""A network for one container, out of which nothing leads but the gatekeeper: a bridge of its own, and packet filter rules on it.

The rules need root, which a GitHub-hosted runner's `sudo` gives. Where they cannot be made there is no fence, and its reason is told.
"""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from healer.clients.gatekeeper import Gatekeeper
from healer.egress import Contacts

_COMMAND_S: Final = 20.0
_BRIDGE: Final = "com.docker.network.bridge"
_GATEWAY: Final = "{{range .IPAM.Config}}{{.Gateway}}{{end}}"


@dataclass(frozen=True)
class Fence:
    """Options that put a container behind the fence, none where there is no fence; `contacts` tells whom it asked for so far."""

    options: tuple[str, ...]
    contacts: Callable[[], Contacts]


@contextmanager
def fenced(name: str, hosts: tuple[str, ...]) -> Iterator[Fence]:
    """Give a network of this name out of which only `hosts` are reached, until the block ends."""
    bridge, keeper = bridge_name(name), Gatekeeper(hosts)
    made: list[str] = []
    try:
        try:
            gateway = _network(name, bridge)
            made = _rules(bridge, *keeper.open(gateway))
            _filter(made, "-I")
        except (OSError, subprocess.SubprocessError) as error:
            unfenced = Contacts(unfenced=_why(error))
            yield Fence((), lambda: unfenced)
        else:
            yield Fence(("--network", name, "--dns", gateway), keeper.contacts)
    finally:
        _undo(name, made)
        keeper.close()


def bridge_name(name: str) -> str:
    """Give the bridge's name, which has at most 15 characters. `actions/report/action.yml` makes the same."""
    return f"hg-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _network(name: str, bridge: str) -> str:
    """Make the network and give its gateway: the host's address on it."""
    options = ("--opt", f"{_BRIDGE}.name={bridge}", "--opt", f"{_BRIDGE}.enable_ip_masquerade=false")
    _run("docker", "network", "create", *options, name)
    return _run("docker", "network", "inspect", "--format", _GATEWAY, name)


def _rules(bridge: str, port: int, names: int) -> list[str]:
    """Give the rules as `table rule`. Each is inserted at the top of its chain, so the last one is the first that is tried."""
    inside = f"-i {bridge}"
    return [
        f"nat PREROUTING {inside} -p tcp -j REDIRECT --to-ports {port}",
        f"nat PREROUTING {inside} -p udp --dport 53 -j REDIRECT --to-ports {names}",
        f"filter DOCKER-USER {inside} -j DROP",
        f"filter INPUT {inside} -j DROP",
        f"filter INPUT {inside} -p udp --dport {names} -j ACCEPT",
        f"filter INPUT {inside} -p tcp --dport {port} -j ACCEPT",
    ]


def _filter(rules: list[str], verb: str) -> None:
    """Insert or delete the rules, all or none of a table."""
    tables = dict.fromkeys(rule.split()[0] for rule in rules)
    lines = [
        line
        for table in tables
        for line in (
            f"*{table}",
            *(f"{verb} {r.split(' ', 1)[1]}" for r in rules if r.startswith(f"{table} ")),
            "COMMIT",
        )
    ]
    root = () if os.geteuid() == 0 else ("sudo", "-n")
    _run(*root, "iptables-restore", "--wait", "5", "--noflush", stdin="\n".join([*lines, ""]))


def _undo(name: str, rules: list[str]) -> None:
    """Remove what was made; what was not is not there to be removed."""
    for step in (lambda: _filter(rules, "-D") if rules else None, lambda: _run("docker", "network", "rm", name)):
        try:
            step()
        except (OSError, subprocess.SubprocessError):
            continue  # the report action removes what is left, by the same names


def _run(*argv: str, stdin: str = "") -> str:
    done = subprocess.run(argv, input=stdin, capture_output=True, check=True, timeout=_COMMAND_S, text=True)  # noqa: S603 - our own argv
    return done.stdout.strip()


def _why(error: Exception) -> str:
    said = (error.stderr or "").strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
    return (said.splitlines() or [type(error).__name__])[-1][:200]
