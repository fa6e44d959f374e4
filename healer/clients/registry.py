"""`importers.toml` from the base branch, read at most every 30 s; while GitHub is down the last good one serves on for an hour.

Nobody waits for GitHub who need not: under steady work, and while GitHub is down, it is read again beside the work.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from healer import importers
from healer.errors import HealerError, UpstreamError

FRESH_S: Final = 30
LATE_S: Final = 60
"""Older than this, it is read before it is used: after a quiet time the change that somebody just made must count."""
STALE_S: Final = 3600
_LOG = logging.getLogger(__name__)


class RegistryFile:
    """The registry, kept in memory. `read` gives the file's text; it may block, and runs in a thread."""

    def __init__(self, read: Callable[[], str], portal_origin: str | None = None) -> None:
        self._read, self._portal_origin = read, portal_origin
        self._known: importers.Registry | None = None
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()
        self._beside: asyncio.Task[None] | None = None

    async def get(self) -> importers.Registry:
        """Give the registry as it was read less than a minute ago, or the last good one.

        Raises: UpstreamError or Misconfigured of the last try, where no registry was read within the hour.
        """
        if self._serves():
            if self._is_due() and (self._beside is None or self._beside.done()):
                self._beside = asyncio.create_task(self._again())
        else:
            await self._again()
        if self._known is None or time.monotonic() - self._read_at >= STALE_S:
            what = "the registry of importers was not readable for an hour."
            raise UpstreamError(what, service="github", reason="registry")
        return self._known

    def _serves(self) -> bool:
        """Say whether what is known may be used before it is read again: it is recent, or the last try to read it failed."""
        age = time.monotonic() - self._read_at
        return self._known is not None and (age < LATE_S or (age < STALE_S and self._tried_at > self._read_at))

    def _is_due(self) -> bool:
        return time.monotonic() - self._tried_at >= FRESH_S

    async def _again(self) -> None:
        async with self._reading:
            if self._is_due() or self._known is None:
                await self._refresh()

    async def _refresh(self) -> None:
        try:
            known = importers.parse(await asyncio.to_thread(self._read), self._portal_origin)
        except HealerError as error:
            self._tried_at = time.monotonic()
            if self._known is None:
                raise
            _LOG.warning("the registry could not be read again; the last good one serves on: %s", error)
            return
        self._known, self._read_at = known, time.monotonic()
        self._tried_at = self._read_at
