"""`importers.toml` from the base branch, read at most every 30 s; while GitHub is down the last good one serves on for an hour."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from healer import importers
from healer.errors import HealerError, UpstreamError

FRESH_S: Final = 30
STALE_S: Final = 3600
_LOG = logging.getLogger(__name__)


class RegistryFile:
    """The registry, kept in memory. `read` gives the file's text; it may block, and runs in a thread."""

    def __init__(self, read: Callable[[], str], portal_origin: str | None = None) -> None:
        self._read, self._portal_origin = read, portal_origin
        self._known: importers.Registry | None = None
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()

    async def get(self) -> importers.Registry:
        """Give the registry as it was read less than 30 s ago, or the last good one.

        Raises: UpstreamError or Misconfigured of the last try, where no registry was read within the hour.
        """
        async with self._reading:
            now = time.monotonic()
            if now - self._tried_at >= FRESH_S or self._known is None:
                await self._refresh(now)
            if self._known is None or now - self._read_at >= STALE_S:
                what = "the registry of importers was not readable for an hour."
                raise UpstreamError(what, service="github", reason="registry")
            return self._known

    async def _refresh(self, now: float) -> None:
        self._tried_at = now
        try:
            self._known = importers.parse(await asyncio.to_thread(self._read), self._portal_origin)
        except HealerError as error:
            if self._known is None:
                raise
            _LOG.warning("the registry could not be read again; the last good one serves on: %s", error)
            return
        self._read_at = now
