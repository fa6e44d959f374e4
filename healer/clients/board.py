"""Reads what the fleet's board is made of: cases, logins and production's fetches. It writes nothing."""

import asyncio
from datetime import datetime

from healer import fleet, logins
from healer.clients.cases import Cases
from healer.clients.fetches import Fetches
from healer.clients.logins import Logins
from healer.contracts import Importer
from healer.fleet import Board, Seen
from healer.importers import Registry


class BoardReader:
    """Reads the fleet from the ledgers that it is given."""

    def __init__(self, cases: Cases, login_ledger: Logins, fetches: Fetches) -> None:
        self._cases, self._logins, self._fetches = cases, login_ledger, fetches

    async def read(self, registry: Registry, now: datetime) -> Board:
        """Give the board of all importers in the registry at `now` (UTC).

        Raises: UpstreamError.
        """
        names = [one.name for one in registry]
        found = await asyncio.gather(*(self._seen(one) for one in registry))
        seen = dict(zip(names, found, strict=True))
        return fleet.board(registry, registry.broken, await self._cases.list(), seen, now)

    async def _seen(self, importer: Importer) -> Seen:
        stands = [await self._logins.standing(ref, logins.policy(importer)) for ref in importer.credentials]
        return Seen(
            refs=tuple(stands),
            last_good=await self._fetches.last_good(importer.name),
            last_fetch=await self._fetches.last(importer.name),
        )
