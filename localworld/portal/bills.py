"""Bills of made-up customers: a function of utility and month alone, so that every run and every machine sees the same."""

import hashlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_CENT = Decimal("0.01")
_METER_BEGAN = date(2021, 1, 1)


@dataclass(frozen=True)
class Tariff:
    """What a utility charges. `seasons` are twelve factors of `usage` (units a month), January first; `step` is the meter's resolution."""

    fixed: Decimal
    price: Decimal
    tax: Decimal
    usage: Decimal
    step: Decimal
    seasons: tuple[str, ...]


@dataclass(frozen=True)
class Bill:
    """One bill. `number` is what the portal calls it; the period is the calendar month before `issued`."""

    number: str
    start: date
    end: date
    issued: date
    due: date
    usage: Decimal
    reading: Decimal
    fixed: Decimal
    energy: Decimal
    tax: Decimal

    @property
    def amount(self) -> Decimal:
        """Give what is due."""
        return self.fixed + self.energy + self.tax

    @property
    def previous_reading(self) -> Decimal:
        """Give where the meter stood when the period began."""
        return self.reading - self.usage


def first_of(month: date, back: int = 0) -> date:
    """Give the first day of the month `back` months before."""
    index = month.year * 12 + month.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


def history(utility: str, tariff: Tariff, month: date, count: int) -> tuple[Bill, ...]:
    """Give `count` bills, the newest first; the newest is issued in `month`."""
    return tuple(_bill(utility, tariff, first_of(month, back)) for back in range(count))


@lru_cache(maxsize=512)
def _bill(utility: str, tariff: Tariff, month: date) -> Bill:
    start = first_of(month, 1)
    end = start.replace(day=monthrange(start.year, start.month)[1])
    issued = month + timedelta(days=1 + _dice(utility, month, "issued") % 4)
    usage = _usage(utility, tariff, start)
    energy = _money(usage * tariff.price)
    return Bill(
        number=f"{month:%y%m}{_dice(utility, month, 'number') % 9000 + 1000}",
        start=start,
        end=end,
        issued=issued,
        due=issued + timedelta(days=17 + _dice(utility, month, "due") % 4),
        usage=usage,
        reading=_reading(utility, tariff, start),
        fixed=tariff.fixed,
        energy=energy,
        tax=_money((tariff.fixed + energy) * tariff.tax),
    )


@lru_cache(maxsize=2048)
def _usage(utility: str, tariff: Tariff, month: date) -> Decimal:
    chance = Decimal(_dice(utility, month, "usage") % 1700 - 850) / 10000
    raw = tariff.usage * Decimal(tariff.seasons[month.month - 1]) * (1 + chance)
    return (raw / tariff.step).quantize(Decimal(1), ROUND_HALF_UP) * tariff.step


@lru_cache(maxsize=2048)
def _reading(utility: str, tariff: Tariff, month: date) -> Decimal:
    if month < _METER_BEGAN:
        return Decimal(0)
    return _reading(utility, tariff, first_of(month, 1)) + _usage(utility, tariff, month)


def _dice(utility: str, month: date, what: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{utility} {month:%Y-%m} {what}".encode()).digest()[:4])


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
