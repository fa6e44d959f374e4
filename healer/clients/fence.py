"""A network for one container, out of which nothing leads but the gatekeeper: a bridge of its own, and packet filter rules on it.

The rules need root, which a GitHub-hosted runner's `sudo` gives. Where they cannot be made there is no fence, and its reason is told.
"""

import fcntl
import hashlib
import os
import socket
import struct
import subprocess
from typing import Final, Self

from healer.clients.gatekeeper import Gatekeeper
from healer.egress import Contacts

_COMMAND_S: Final = 20.0
_BRIDGE: Final = "com.docker.network.bridge"
_SIOCGIFADDR: Final = 0x8915
_ADDRESS: Final = slice(20, 24)
"""Where `struct ifreq` holds an IPv4 address (netdevice(7))."""


class Fence:
    """The network of this name, from now until `close`. `options` put a container on it; none where it could not be fenced."""

    def __init__(self, name: str) -> None:
        self._name, self._keeper = name, Gatekeeper()
        self._made: list[str] = []
        self._unfenced = ""
        self.options: tuple[str, ...] = ()
        try:
            self.options = self._make(bridge_name(name))
        except (OSError, subprocess.SubprocessError) as error:
            self._unfenced = _why(error)
        except BaseException:
            self.close()
            raise

    def _make(self, bridge: str) -> tuple[str, ...]:
        gateway = _network(self._name, bridge)
        self._made = _rules(bridge, *self._keeper.open(gateway))
        _filter(self._made, "-I")
        return ("--network", self._name, "--dns", gateway)

    def watch(self, hosts: tuple[str, ...]) -> None:
        """Let only `hosts` be reached from now on, nothing before the first call; forget whom an earlier container asked for."""
        if not self._unfenced:
            self._keeper.begin(hosts)

    def contacts(self) -> Contacts:
        """Tell whom the container asked for since `watch`."""
        return Contacts(unfenced=self._unfenced) if self._unfenced else self._keeper.contacts()

    def close(self) -> None:
        """Remove all of it."""
        _undo(self._name, self._made)
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def bridge_name(name: str) -> str:
    """Give the bridge's name, which has at most 15 characters. `actions/report/action.yml` makes the same."""
    return f"hg-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _network(name: str, bridge: str) -> str:
    """Make the network and give its gateway: this machine's address on the bridge. An engine elsewhere has no bridge here, and no fence."""
    options = ("--opt", f"{_BRIDGE}.name={bridge}", "--opt", f"{_BRIDGE}.enable_ip_masquerade=false")
    _run("docker", "network", "create", *options, name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        told = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", bridge.encode()))
    return socket.inet_ntoa(told[_ADDRESS])


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
