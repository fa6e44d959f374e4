"""The way out of a fenced container: every connection and name lookup of it ends here, and only allowed hosts are contacted for it."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Final, cast

from healer import egress
from healer.egress import Contacts

_SO_ORIGINAL_DST: Final = 80
_FIRST_S: Final = 5.0
_CONNECT_S: Final = 15.0
_CHUNK: Final = 1 << 16
_SEEN_MAX: Final = 20
"""Hosts that are remembered of each kind; a scraper could make up names without end."""
_ANY: Final = "203.0.113.1"
"""What every name resolves to in there (TEST-NET-3, RFC 5737): connections are made by name."""


class Gatekeeper:
    """Listens on `address` in a thread of its own from `open` to `close`. Until `begin` every host is refused."""

    def __init__(self) -> None:
        self._hosts: tuple[str, ...] = ()
        self._contacted: set[str] = set()
        self._refused: set[str] = set()
        self._listening: list[asyncio.Server | asyncio.DatagramTransport] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gatekeeper", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, address: str) -> tuple[int, int]:
        """Begin to listen; give the ports for TCP and for DNS over UDP."""
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._listen(address), self._loop).result()

    def begin(self, hosts: tuple[str, ...]) -> None:
        """Allow `hosts` from now on. What an earlier container began is ended, and whom it asked for is forgotten."""
        asyncio.run_coroutine_threadsafe(self._begin(hosts), self._loop).result()

    def close(self) -> None:
        """End all connections and listen no more."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def contacts(self) -> Contacts:
        """Tell which hosts were contacted and which were refused so far, as `importers.toml` spells hosts."""
        return Contacts(tuple(sorted(self._contacted)), tuple(sorted(self._refused)))

    async def _listen(self, address: str) -> tuple[int, int]:
        server = await asyncio.start_server(self._accept, address, 0, limit=egress.FIRST_MAX)
        self._listening.append(server)
        names, _ = await self._loop.create_datagram_endpoint(lambda: _Names(self), (address, 0))
        self._listening.append(names)
        return server.sockets[0].getsockname()[1], names.get_extra_info("sockname")[1]

    async def _begin(self, hosts: tuple[str, ...]) -> None:
        await self._cut()
        self._hosts, self._contacted, self._refused = hosts, set(), set()

    async def _end(self) -> None:
        for each in self._listening:
            each.close()
        await self._cut()

    async def _cut(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def judge(self, name: str, port: int) -> bool:
        """Say whether a host may be contacted, and remember it either way."""
        passes = egress.allowed(name, port, self._hosts)
        seen = self._contacted if passes else self._refused
        if len(seen) < _SEEN_MAX:
            seen.add(egress.spelled(name, port))
        return passes

    def look_up(self, name: str) -> None:
        """Remember a name that was looked up and is no allowed host at any port; reverse lookups name nobody."""
        known = {host.lower().rpartition(":")[0] or host.lower() for host in self._hosts}
        if name not in known and not name.endswith(".arpa") and len(self._refused) < _SEEN_MAX:
            self._refused.add(egress.spelled(name, 0).removesuffix(":0"))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError):
            pass  # either side has gone: the other one learns it by the end of its stream
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, port = _destination(writer)
        first, name = await _first(reader)
        host = name or address
        if not self.judge(host, port):
            return
        async with asyncio.timeout(_CONNECT_S):
            far_reader, far_writer = await asyncio.open_connection(host, port)
        try:
            far_writer.write(first)
            await _until_an_end(_pipe(reader, far_writer), _pipe(far_reader, writer))
        finally:
            far_writer.transport.abort()


class _Names(asyncio.DatagramProtocol):
    """DNS of a fenced container: every name is known, so that a connection tells which host was meant."""

    def __init__(self, keeper: Gatekeeper) -> None:
        self._keeper = keeper

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asked by isinstance: Python 3.11 derives its own from another base.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        told = egress.dns_reply(data, _ANY)
        if told:
            name, reply = told
            self._keeper.look_up(name)
            self._transport.sendto(reply, addr)


async def _first(reader: asyncio.StreamReader) -> tuple[bytes, str]:
    """Read until the client has named a host, or will not; give what was read and the name, empty where there is none."""
    first, name = bytearray(), None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_S):
            while name is None and len(first) < egress.FIRST_MAX and (chunk := await reader.read(_CHUNK)):
                first += chunk
                name = egress.asked_host(bytes(first))
    return bytes(first), name or ""


async def _until_an_end(*ways: Coroutine[None, None, None]) -> None:
    """Run both ways of a connection; where one breaks, the other is of no use."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _destination(writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Give the address that the container connected to, before the fence turned it here; else where it arrived."""
    there = writer.get_extra_info("socket")
    try:
        raw = there.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
    except OSError:
        address, port = writer.get_extra_info("sockname")[:2]
        return str(address), int(port)
    port, packed = struct.unpack_from("!2xH4s", raw)
    return socket.inet_ntoa(packed), port
