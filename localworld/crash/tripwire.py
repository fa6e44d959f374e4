"""A proxy that stops the world at one moment: right before a message reaches its server, or when its answer is on the way back."""

import asyncio
import re
import threading
from dataclasses import dataclass
from enum import Enum
from typing import Final

from localworld.tcp_proxy import TcpProxy, Way

_KEPT: Final = 16 * 1024
_NO_SCRIPT: Final = b"-NOSCRIPT"


class Side(Enum):
    """On which side of an effect the world is stopped: it has not happened, or it has and nobody was told."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Wire:
    """What trips: the `nth` message to the server that matches `pattern` (bytes, over everything that was sent)."""

    pattern: bytes
    side: Side
    nth: int = 1


class Tripwire(TcpProxy):
    """A proxy with at most one wire. `tripped` is set when the message, or its answer, is held; `release` lets it go or drops it."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.tripped = threading.Event()
        self._wire: Wire | None = None
        self._matches = 0
        self._sent: dict[object, bytes] = {}
        self._awaited: object | None = None
        self._go: asyncio.Event | None = None
        self._drops = False

    def arm(self, wire: Wire) -> None:
        """Lay a wire."""
        self.run(self._arm(wire))

    def release(self, *, drop: bool) -> None:
        """Take the wire away. What is held goes on its way, or with `drop` is lost with its connection."""
        self.run(self._release(drop=drop))

    async def _arm(self, wire: Wire) -> None:
        self.tripped.clear()
        self._wire, self._matches, self._awaited, self._drops = wire, 0, None, False
        self._sent.clear()
        self._go = asyncio.Event()

    async def _release(self, *, drop: bool) -> None:
        self._wire, self._drops = None, drop
        if self._go:
            self._go.set()

    async def look(self, line: object, way: Way, piece: bytes) -> None:
        """Hold what the wire says.

        Raises: ConnectionResetError where it is dropped.
        """
        if self._wire is None:
            return
        if way is Way.THERE and self._awaited is None and self._is_it(line, piece, self._wire):
            self._awaited = line
            if self._wire.side is Side.BEFORE:
                await self._hold()
            return
        # A server that does not know the script yet asks for it again; the effect comes with the next answer.
        is_answer = way is Way.BACK and line is self._awaited and not piece.startswith(_NO_SCRIPT)
        if is_answer and self._wire.side is Side.AFTER:
            await self._hold()

    async def _hold(self) -> None:
        go = self._go
        self.tripped.set()
        if go:
            await go.wait()
        if self._drops:
            raise ConnectionResetError

    def _is_it(self, line: object, piece: bytes, wire: Wire) -> bool:
        text = self._sent.get(line, b"") + piece
        rest = 0
        for match in re.finditer(wire.pattern, text, re.DOTALL):
            rest = match.end()
            self._matches += 1
            if self._matches == wire.nth:
                return True
        self._sent[line] = text[max(rest, len(text) - _KEPT) :]
        return False
