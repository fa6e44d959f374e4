"""Whom a container asks for: the name in the first bytes of a connection or in a DNS query, and whether an importer may contact it.

Nothing is believed about where a connection goes: it is made anew to the name that was allowed, so that a false name reaches the true host.
"""

import re
import ssl
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

import h11

from healer.contracts import Check

HOSTS_ALLOWED: Final = "hosts_allowed"
FIRST_MAX: Final = 16 << 10
_PLAIN_PORTS: Final = frozenset({80, 443})
_TLS_HANDSHAKE: Final = 0x16
_HEADER: Final = struct.Struct("!6H")
_ADDRESS: Final = 1
_LABEL_MAX: Final = 63


@dataclass(frozen=True)
class Contacts:
    """Hosts that a container reached and those that it asked for in vain; `unfenced` says why it could not be watched, if it was not."""

    contacted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unfenced: str = ""


def check_hosts(contacts: Contacts) -> tuple[Check, ...]:
    """Judge whom a fetch contacted; nothing where nobody watched."""
    if contacts.unfenced:
        return ()
    detail = f"asked for {', '.join(contacts.refused)}" if contacts.refused else ", ".join(contacts.contacted)
    return (Check(name=HOSTS_ALLOWED, passed=not contacts.refused, detail=detail),)


def allowed(name: str, port: int, hosts: tuple[str, ...]) -> bool:
    """Say whether `hosts` of `importers.toml` hold a name at a port; one without a port stands for the ports of HTTP."""
    held = {host.lower() for host in hosts}
    return f"{name}:{port}" in held or (port in _PLAIN_PORTS and name in held)


def spelled(name: str, port: int) -> str:
    """Give a host as `importers.toml` would spell it; of a name that a scraper made up, only what names may have."""
    plain = re.sub(r"[^a-z0-9._-]", "?", name.lower())[:100]
    return plain if port in _PLAIN_PORTS else f"{plain}:{port}"


def asked_host(first: bytes) -> str | None:
    """Give the host that a client names at the beginning of TLS or HTTP: empty where it names none, None where more must be read."""
    if not first:
        return None
    return _tls_name(first) if first[0] == _TLS_HANDSHAKE else _http_host(first)


def _tls_name(hello: bytes) -> str | None:
    found: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _, name, __: found.append(name or "")
    incoming = ssl.MemoryBIO()
    incoming.write(hello)
    try:
        context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    except ssl.SSLWantReadError:
        return found[0].lower() if found else None
    except (ssl.SSLError, UnicodeError):
        pass  # it has no certificate to go on with, and need not
    return found[0].lower() if found else ""


def _http_host(head: bytes) -> str | None:
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=FIRST_MAX)
    try:
        reader.receive_data(head)
        event = reader.next_event()
    except h11.ProtocolError:
        return ""
    if event is h11.NEED_DATA:
        return None
    named = [value for name, value in event.headers if name == b"host"] if isinstance(event, h11.Request) else []
    return re.sub(r":\d*$", "", named[0].decode("latin-1")).lower() if named else ""


def dns_reply(query: bytes, address: str) -> tuple[str, bytes] | None:
    """Answer a DNS query (RFC 1035): each name has `address`, of IPv4 alone. Gives the name and the reply; None where it is no query."""
    try:
        number, flags, questions, *_ = _HEADER.unpack_from(query)
        name, end = _question(query, _HEADER.size)
        kind, _ = struct.unpack_from("!2H", query, end)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError):
        return None
    if questions != 1 or flags & 0x8000:
        return None
    answers = kind == _ADDRESS
    record = struct.pack("!3HIH4s", 0xC00C, _ADDRESS, 1, 0, 4, IPv4Address(address).packed) if answers else b""
    head = _HEADER.pack(number, 0x8180, 1, int(answers), 0, 0)
    return name, head + query[_HEADER.size : end + 4] + record


def _question(query: bytes, place: int) -> tuple[str, int]:
    labels = []
    while length := query[place]:
        if length > _LABEL_MAX:
            raise ValueError("a compressed name, which no query has")  # caught by `dns_reply`
        labels.append(query[place + 1 : place + 1 + length].decode("ascii").lower())
        place += 1 + length
    return ".".join(labels), place + 1
