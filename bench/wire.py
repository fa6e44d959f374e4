"""HTTP/1.1 at its cheapest, so that the generator takes little of the processor that is measured: one request at a time a connection."""

import asyncio
import re
from typing import Final, Self

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """A kept-alive connection. It opens again by itself where the server closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[int] | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the server."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Tell the status as soon as the whole answer is here."""
        self._buffer += data
        head = self._buffer.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head + 2)
        if len(self._buffer) < head + len(_HEAD_END) + (int(length[1]) if length else 0):
            return
        status, self._buffer = int(self._buffer[9:12]), b""
        self._tell(status)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell 0 where an answer was awaited."""
        self._transport, self._buffer = None, b""
        self._tell(0)

    def _tell(self, status: int) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_result(status)

    async def ask(self, request: bytes) -> int:
        """Send a request as it is and give the answer's status, 0 where none came."""
        loop = asyncio.get_running_loop()
        try:
            if self._transport is None:
                await loop.create_connection(self._reuse, self._host, self._port)
        except OSError:
            return 0
        if self._transport is None:
            return 0
        self._waiting = loop.create_future()
        self._transport.write(request)
        return await self._waiting

    def _reuse(self) -> Self:
        return self

    def close(self) -> None:
        """End the connection."""
        if self._transport:
            self._transport.abort()


def post(host: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Write a POST request out."""
    told = {"host": host, "content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + body
