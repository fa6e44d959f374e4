"""A TCP proxy on loopback that breaks the way to a server on command: the network's part in a crash proof."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")
_HOST: Final = "127.0.0.1"
_CHUNK: Final = 64 * 1024
_PATIENCE_S: Final = 10
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of no time: a close is a reset


class Way(Enum):
    """Which way a piece goes: to the server or back."""

    THERE = "there"
    BACK = "back"


class TcpProxy:
    """Forwards connections to `target_port` from `port`, in a thread of its own, until told otherwise.

    `cut`, `refuse`, `delay`, `black_hole` and `forward` may be called from any thread; each holds when it returns.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port, self.port = target_port, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._passes = asyncio.Event()
        self._delay_s = 0.0

    def forward(self) -> None:
        """Pass everything on, at once; what a black hole held goes on its way, as TCP would send it again."""
        self.run(self._set(delay_s=0.0, passes=True))

    def cut(self) -> None:
        """Reset every open connection; new ones are served as before."""
        self.run(self._cut())

    def refuse(self) -> None:
        """Reset every open connection and let nobody connect, as a host whose server is down does."""
        self.run(self._refuse())

    def delay(self, seconds: float) -> None:
        """Pass every piece on after a pause, each way."""
        self.run(self._set(delay_s=seconds, passes=True))

    def black_hole(self) -> None:
        """Let connections open and stand, and pass nothing on, as a broken route does."""
        self.run(self._set(delay_s=0.0, passes=False))

    async def _set(self, *, delay_s: float, passes: bool) -> None:
        await self._listen()
        self._delay_s = delay_s
        if passes:
            self._passes.set()
        else:
            self._passes.clear()

    async def _cut(self) -> None:
        for writer in tuple(self._writers):
            _reset(writer)
        for pump in tuple(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _refuse(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        await self._cut()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, _HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pump both ways until either side ends; then both are closed."""
        self._writers.add(writer)
        ours = asyncio.current_task()
        if ours:
            self._pumps.add(ours)
        try:
            # A reset or an absent server is what this program is for, and ends the connection only.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            if ours:
                self._pumps.discard(ours)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(_HOST, self.target_port)
        self._writers.add(far_writer)
        line = object()
        ways = {
            asyncio.create_task(self._pump(reader, far_writer, (line, Way.THERE))),
            asyncio.create_task(self._pump(far_reader, writer, (line, Way.BACK))),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._writers.discard(far_writer)
            far_writer.close()

    async def look(self, line: object, way: Way, piece: bytes) -> None:
        """See a piece before it goes on; `line` is the connection. This proxy lets all pass.

        Raises: OSError in a proxy that ends the connection here.
        """

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passing: tuple[object, Way]
    ) -> None:
        while piece := await reader.read(_CHUNK):
            await asyncio.sleep(self._delay_s)
            await self._passes.wait()
            await self.look(*passing, piece)
            writer.write(piece)
            await writer.drain()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the proxy's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    def __enter__(self) -> Self:
        self._thread.start()
        self.forward()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
