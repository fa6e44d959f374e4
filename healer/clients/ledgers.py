"""The ledgers of money and of agents' time in Redis. Whoever spends debits first; without Redis' word nothing is spent.

A run of an agent is reserved at the most that it may cost, begun, and settled to what it cost. A reservation is made once per
attempt until its run has begun; a run that began and died stays counted whole, and one in its place is reserved anew.
Amounts are whole micro-dollars and milliseconds.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from pydantic import Field, ValidationError
from redis.asyncio import Redis

from healer.budget import MONEY, OF_A_CASE, Account, Budget, Ledger, Spent, free_at
from healer.clients.limits import BREACHES
from healer.clients.store import redis_errors
from healer.contracts import Ceiling, Contract, Spend
from healer.errors import UpstreamError

_LOG = logging.getLogger(__name__)
_KEPT_S: Final = 400 * 24 * 3600
"""How long days and months stay to be looked at."""
_TOLD_S: Final = 30 * 24 * 3600
"""How long the breach of a case's ledger is not told again."""
_ORDER: Final = (
    Ledger.USD_PER_CASE,
    Ledger.MINUTES_PER_CASE,
    Ledger.USD_PER_DAY,
    Ledger.MINUTES_PER_DAY,
    Ledger.USD_PER_MONTH,
)
"""The order of judgement: what a person must raise goes before what is free again by itself."""
_MICRO: Final = 1_000_000
_MINUTE_MS: Final = 60_000

# Every counter is read before any is written, so that one that cannot be read leaves all as they were.
_WHOLE: Final = """
local function whole(key)
  local text = redis.call('GET', key) or '0'
  assert(string.match(text, '^%d+$'), 'no whole number')
  return tonumber(text)
end
"""

# KEYS: case, breaches, and for each ledger its counter (a case's is the case) and its notice, in order.
# ARGV: attempt, usd, ms, day, and for each ledger its name, limit, unit, and the seconds of its notice.
_RESERVE: Final = f"""{_WHOLE}
local attempt, usd, ms, day = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local runs, spent = 0, {{usd = 0, ms = 0}}
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local run = cjson.decode(rows[i + 1])
  spent.usd, spent.ms = spent.usd + run.usd, spent.ms + run.ms
  if string.match(rows[i], '^%d+') == attempt then
    if not run.begun then return {{'reserved', rows[i], rows[i + 1]}} end
    runs = runs + 1
  end
end
local ask = {{usd = usd, ms = ms}}
for n = 0, (#KEYS - 2) / 2 - 1 do
  local counter, notice = KEYS[3 + 2 * n], KEYS[4 + 2 * n]
  local name, most, unit, seconds = unpack(ARGV, 5 + 4 * n, 8 + 4 * n)
  local have = counter == KEYS[1] and spent[unit] or whole(counter)
  if ask[unit] > 0 and have + ask[unit] > tonumber(most) then
    local first = redis.call('SET', notice, 1, 'NX', 'EX', seconds)
    if first then redis.call('HINCRBY', KEYS[2], name, 1) end
    return {{'spent', name, have, first and 1 or 0}}
  end
end
for n = 0, (#KEYS - 2) / 2 - 1 do
  local counter, unit = KEYS[3 + 2 * n], ARGV[7 + 4 * n]
  if counter ~= KEYS[1] then
    redis.call('INCRBY', counter, ask[unit])
    redis.call('EXPIRE', counter, {_KEPT_S})
  end
end
local id = attempt .. '.' .. runs
local run = cjson.encode({{usd = usd, ms = ms, day = day, begun = false, settled = false}})
redis.call('HSET', KEYS[1], id, run)
return {{'reserved', id, run}}
"""

_BEGIN: Final = """
local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text then return 'taken' end
local run = cjson.decode(text)
if run.begun then return 'taken' end
run.begun = true
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(run))
return 'begun'
"""

# KEYS: case, and usd of day, usd of month, ms of day for each of ARGV: the runs that have not begun.
_RELEASE: Final = f"""{_WHOLE}
for n, id in ipairs(ARGV) do
  local text = redis.call('HGET', KEYS[1], id)
  local run = text and cjson.decode(text)
  if run and not run.begun then
    for k, amount in ipairs({{run.usd, run.usd, run.ms}}) do
      local counter = KEYS[3 * n - 2 + k]
      redis.call('SET', counter, string.format('%.0f', math.max(0, whole(counter) - amount)), 'EX', {_KEPT_S})
    end
    redis.call('HDEL', KEYS[1], id)
  end
end
return 'released'
"""

# KEYS: case, usd of day, usd of month, ms of day.
_SETTLE: Final = f"""{_WHOLE}
local run = cjson.decode(redis.call('HGET', KEYS[1], ARGV[1]))
if run.settled then return 'settled' end
local usd, ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local counted = {{
  whole(KEYS[2]) + usd - run.usd,
  whole(KEYS[3]) + usd - run.usd,
  whole(KEYS[4]) + ms - run.ms,
}}
for n, amount in ipairs(counted) do
  redis.call('SET', KEYS[1 + n], string.format('%.0f', math.max(0, amount)), 'EX', {_KEPT_S})
end
run.usd, run.ms, run.settled = usd, ms, true
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(run))
return 'settled'
"""


class Row(Contract):
    """One agent run as a case's ledger keeps it: whole micro-dollars and milliseconds."""

    usd: int = Field(ge=0)
    ms: int = Field(ge=0)
    day: str
    begun: bool
    settled: bool


@dataclass(frozen=True)
class Reservation:
    """What one agent run may cost is debited. `id` is the attempt's number and the run's within it; `day` (UTC) bears it."""

    case: str
    id: str
    day: str


def case_key(case_id: str) -> str:
    """Give the ledger of a case: a hash of its runs."""
    return f"healer:spend:{case_id}"


def counter(ledger: Ledger, day: str) -> str:
    """Give the counter of a day's or a month's ledger; `day` is YYYY-MM-DD."""
    unit = "usd" if ledger in MONEY else "ms"
    return f"healer:spend:{unit}:{day[:7] if ledger is Ledger.USD_PER_MONTH else day}"


def amount(ledger: Ledger, units: float) -> float:
    """Give micro-dollars in US dollars, milliseconds in minutes."""
    return units / (_MICRO if ledger in MONEY else _MINUTE_MS)


def _units(ledger: Ledger, amount: float) -> int:
    return round(amount * (_MICRO if ledger in MONEY else _MINUTE_MS))


class Ledgers:
    """All ledgers; every write is one script. `budget` holds for every case, beside what people have allowed one."""

    def __init__(self, redis: Redis, budget: Budget) -> None:
        self._redis, self.budget = redis, budget
        self._reserve = redis.register_script(_RESERVE)
        self._begin = redis.register_script(_BEGIN)
        self._settle = redis.register_script(_SETTLE)
        self._release = redis.register_script(_RELEASE)

    async def reserve(
        self, case_id: str, attempt: int, ceiling: Ceiling, budget: Budget, now: datetime
    ) -> Reservation | Spent:
        """Debit the most that a run of this attempt may cost, once until it begins; nothing where a ledger cannot bear it.

        `budget` is the case's. The breach of a ledger is logged and counted once, until the ledger begins anew.

        Raises: UpstreamError, also where the answer cannot be understood. Then nothing may be spent.
        """
        day = f"{now:%Y-%m-%d}"
        keys: list[str] = [case_key(case_id), BREACHES]
        limits: list[str | int] = []
        for ledger in _ORDER:
            own, free = ledger in OF_A_CASE, free_at(ledger, now)
            keys += [case_key(case_id) if own else counter(ledger, day)]
            keys += [f"healer:breach:{ledger.value}" + (f":{case_id}" if own else "")]
            seconds = int((free - now).total_seconds()) + 1 if free else _TOLD_S
            limits += [ledger.value, _units(ledger, budget.most(ledger)), "usd" if ledger in MONEY else "ms", seconds]
        cost = [round(ceiling.usd * _MICRO), round(ceiling.seconds * 1000)]
        with redis_errors():
            answer = await self._reserve(keys=keys, args=[attempt, *cost, day, *limits])
        return _understood(answer, case_id, ceiling, budget, now)

    async def begin(self, reservation: Reservation) -> bool:
        """Mark the reserved run as begun; False where another one has begun on this reservation, or it was released.

        Raises: UpstreamError. Then the run must not begin.
        """
        with redis_errors():
            answer = await self._begin(keys=[case_key(reservation.case)], args=[reservation.id])
        if answer not in {"begun", "taken"}:
            raise unreadable()
        return bool(answer == "begun")

    async def settle(self, reservation: Reservation, spend: Spend) -> None:
        """Put what the run cost in place of what was reserved, be it more or less; once.

        Raises: UpstreamError. Then the reservation stays counted.
        """
        counters = _counters(reservation.day)
        cost = [round(spend.usd * _MICRO), round(spend.seconds * 1000)]
        with redis_errors():
            await self._settle(keys=[case_key(reservation.case), *counters], args=[reservation.id, *cost])

    async def release(self, case_id: str) -> None:
        """Give back what a case has reserved for runs that have not begun, and will not: it has ended.

        Raises: UpstreamError. Then what could not be given back stays counted.
        """
        with redis_errors():
            rows = cast("dict[str, str]", await self._redis.hgetall(case_key(case_id)))
            waiting = {run_id: told.day for run_id, text in rows.items() if not (told := row(text)).begun}
            if waiting:
                keys = [case_key(case_id), *(key for day in waiting.values() for key in _counters(day))]
                await self._release(keys=keys, args=list(waiting))


def _counters(day: str) -> list[str]:
    return [counter(each, day) for each in (Ledger.USD_PER_DAY, Ledger.USD_PER_MONTH, Ledger.MINUTES_PER_DAY)]


def unreadable() -> UpstreamError:
    """Give the error for an answer that is not of a ledger's form."""
    return UpstreamError(
        "a ledger's answer cannot be understood, so nothing is spent.",
        service="redis",
        reason="ledger_unreadable",
        remedy="Look at the keys healer:spend:* in Redis.",
    )


def row(text: str) -> Row:
    """Read a run.

    Raises: UpstreamError (`ledger_unreadable`).
    """
    try:
        return Row.model_validate_json(text)
    except ValidationError:
        raise unreadable() from None


def _understood(answer: Any, case_id: str, ceiling: Ceiling, budget: Budget, now: datetime) -> Reservation | Spent:
    match answer:
        case ["reserved", str(run_id), str(text)]:
            return Reservation(case_id, run_id, row(text).day)
        case ["spent", str(name), int(units), int(first)] if name in set(Ledger):
            ledger = Ledger(name)
            if first:
                _LOG.warning("a ledger is spent: %s", name, extra={"reason": name, "case": case_id})
            asked = ceiling.usd if ledger in MONEY else ceiling.seconds / 60
            account = Account(spent=amount(ledger, units), limit=budget.most(ledger))
            return Spent(ledger=ledger, account=account, asked=asked, free_at=free_at(ledger, now))
        case _:
            raise unreadable()
