"""How the ledgers of money and of agents' time stand, for people and for metrics. Reading moves nothing."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from redis.asyncio import Redis

from healer.budget import OF_A_CASE, Account, Budget, Ledger
from healer.clients.ledgers import Row, amount, case_key, counter, row, unreadable
from healer.clients.limits import BREACHES
from healer.clients.store import redis_errors
from healer.contracts import Contract

_SHARED: Final = tuple(ledger for ledger in Ledger if ledger not in OF_A_CASE)


class Run(Contract):
    """One agent run in a case's ledger: `usd` and `seconds` are the most that it may cost until it is settled, then its cost."""

    attempt: int
    usd: float
    seconds: float
    settled: bool


@dataclass(frozen=True)
class Statement:
    """How the ledgers stand for a case, and the runs that its own consist of, in order."""

    accounts: Mapping[Ledger, Account]
    runs: tuple[Run, ...]


class Statements:
    """Reads all ledgers; `budget` holds for every case, beside what people have allowed one."""

    def __init__(self, redis: Redis, budget: Budget) -> None:
        self._redis, self.budget = redis, budget

    async def of_case(self, case_id: str, budget: Budget, now: datetime) -> Statement:
        """Read how the ledgers stand for a case; `budget` is the case's.

        Raises: UpstreamError, also where a ledger cannot be read.
        """
        with redis_errors():
            texts = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(case_key(case_id)))
        rows = {run: row(text) for run, text in texts.items()}
        own = {
            Ledger.USD_PER_CASE: sum(each.usd for each in rows.values()),
            Ledger.MINUTES_PER_CASE: sum(each.ms for each in rows.values()),
        }
        accounts = {**_accounts(own, budget), **await self.shared(now)}
        return Statement(accounts, tuple(_run(run, each) for run, each in sorted(rows.items(), key=_number)))

    async def shared(self, now: datetime) -> dict[Ledger, Account]:
        """Read how the ledgers of the day and of the month stand.

        Raises: UpstreamError, also where a ledger cannot be read.
        """
        with redis_errors():
            counted = await self._redis.mget([counter(ledger, f"{now:%Y-%m-%d}") for ledger in _SHARED])
        return _accounts({ledger: _whole(text) for ledger, text in zip(_SHARED, counted, strict=True)}, self.budget)

    async def breaches(self) -> dict[str, int]:
        """Count the breaches of every limit, those of intake included, since Redis was empty.

        Raises: UpstreamError.
        """
        with redis_errors():
            counted = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(BREACHES))
        return {name: _whole(text) for name, text in counted.items()}


def _accounts(units: Mapping[Ledger, int], budget: Budget) -> dict[Ledger, Account]:
    return {ledger: Account(spent=amount(ledger, count), limit=budget.most(ledger)) for ledger, count in units.items()}


def _number(item: tuple[str, Row]) -> tuple[int, int]:
    attempt, _, run = item[0].partition(".")
    return int(attempt), int(run)


def _run(run_id: str, kept: Row) -> Run:
    attempt = int(run_id.partition(".")[0])
    return Run(
        attempt=attempt,
        usd=amount(Ledger.USD_PER_CASE, kept.usd),
        seconds=amount(Ledger.MINUTES_PER_CASE, kept.ms) * 60,
        settled=kept.settled,
    )


def _whole(text: Any) -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise unreadable() from None
