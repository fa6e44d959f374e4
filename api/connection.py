"""HTTP/1.1 connections of the gateway: a request must be there whole in time, and what is no HTTP is a problem like any other.

uvicorn bounds how long a connection may idle between requests, and nothing else: neither the opening silence, nor a head that comes by
the byte, nor a body that goes on after its answer.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from api.problems import answer

PATIENCE_S: Final = 20.0
"""From the opening or a request's first byte to its last. More than a body has (`api.body`), whose refusal is the better one."""
_COMING: Final = frozenset({h11.IDLE, h11.SEND_BODY})
_UNANSWERED: Final = frozenset({h11.IDLE, h11.SEND_RESPONSE})
_LOG: Final = logging.getLogger(__name__)
_LOG.setLevel(logging.ERROR)  # a line for each request that is no HTTP would let a flood fill the disk


class Connection(H11Protocol):
    """One connection, for `uvicorn.run(http=Connection)`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _LOG
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        """Take what came; the deadline stands until the request is whole."""
        super().data_received(data)
        if self.conn.their_state not in _COMING or self.transport.is_closing():
            self._drop_deadline()
        elif self._deadline is None:
            self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._drop_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse what is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, "bad_http", "this is not HTTP as the gateway reads it.")

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE_S, self._cut)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self._deadline = None
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "the request came too slowly.")

    def _refuse(self, status: HTTPStatus, reason: str, detail: str) -> None:
        """Answer where there is no answer yet, and close."""
        if self.transport.is_closing():
            return
        if self.conn.our_state in _UNANSWERED:
            refusal = answer(status, reason, detail)
            headers = [*refusal.raw_headers, (b"connection", b"close")]
            told = (
                h11.Response(status_code=status, headers=headers, reason=status.phrase),
                h11.Data(data=bytes(refusal.body)),
            )
            for event in (*told, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
