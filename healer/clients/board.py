"""Reads what the fleet's board is made of: cases, logins and production's fetches. It writes nothing."""

import asyncio
from datetime import datetime

from healer import fleet, logins
from healer.clients.cases import Cases
from healer.clients.fetches import Fetches
from healer.clients.logins import Logins
from healer.clients.trust import Trust
from healer.contracts import Importer
from healer.fleet import Board, Seen
from healer.importers import Registry


class BoardReader:
    """Reads the fleet from the ledgers that it is given."""

    def __init__(self, cases: Cases, login_ledger: Logins, fetches: Fetches, trust: Trust) -> None:
        self._cases, self._logins, self._fetches, self._trust = cases, login_ledger, fetches, trust

    async def read(self, registry: Registry, now: datetime) -> Board:
        """Give the board of all importers in the registry at `now` (UTC).

        Raises: UpstreamError.
        """
        names = [one.name for one in registry]
        found = await asyncio.gather(*(self._seen(one) for one in registry))
        seen, cases = dict(zip(names, found, strict=True)), await self._cases.list()
        trusted = await self._trust.of_all(registry, cases, now)
        seen = {name: one.model_copy(update={"earned": trusted[name]}) for name, one in seen.items()}
        return fleet.board(registry, registry.broken, cases, seen, now)

    async def _seen(self, importer: Importer) -> Seen:
        stands = [await self._logins.standing(ref, logins.policy(importer)) for ref in importer.credentials]
        return Seen(
            refs=tuple(stands),
            last_good=await self._fetches.last_good(importer.name),
            last_fetch=await self._fetches.last(importer.name),
        )
