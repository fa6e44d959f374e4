"""What may be spent: the ledgers of money and of agents' minutes, their limits, and when each is free again.

A day and a month are UTC's: bills come by the month, and whoever reads them asks for the same days.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from healer import turns
from healer.contracts import Contract, Event


class Ledger(StrEnum):
    """A ledger, by the name of its limit (`HEALER_LIMIT_…`)."""

    USD_PER_CASE = "usd_per_case"
    USD_PER_DAY = "usd_per_day"
    USD_PER_MONTH = "usd_per_month"
    MINUTES_PER_CASE = "agent_minutes_per_case"
    MINUTES_PER_DAY = "agent_minutes_per_day"


OF_A_CASE: Final = frozenset({Ledger.USD_PER_CASE, Ledger.MINUTES_PER_CASE})
MONEY: Final = frozenset({Ledger.USD_PER_CASE, Ledger.USD_PER_DAY, Ledger.USD_PER_MONTH})


class Budget(Contract):
    """How much may be spent, per ledger: US dollars and minutes. 0 lets nothing be spent."""

    usd_per_case: float = Field(default=15, ge=0)
    usd_per_day: float = Field(default=100, ge=0)
    usd_per_month: float = Field(default=1000, ge=0)
    agent_minutes_per_case: float = Field(default=180, ge=0)
    agent_minutes_per_day: float = Field(default=1440, ge=0)

    def most(self, ledger: Ledger) -> float:
        """Give a ledger's limit."""
        limit: float = getattr(self, ledger.value)
        return limit

    def raised(self, events: Sequence[Event]) -> "Budget":
        """Give the budget of a case with this chain: what people have allowed it comes on top, for good."""
        more = {
            "usd_per_case": self.usd_per_case + turns.allowed(events, "usd"),
            "agent_minutes_per_case": self.agent_minutes_per_case + turns.allowed(events, "minutes"),
        }
        return self.model_copy(update=more)


class Account(Contract):
    """How a ledger stands, in US dollars or minutes. What is reserved counts as spent."""

    spent: float
    limit: float


class Spent(Contract):
    """A ledger that cannot bear the next agent run. `free_at` is when it begins anew, None where only a person can raise it."""

    ledger: Ledger
    account: Account
    asked: float
    free_at: datetime | None


def free_at(ledger: Ledger, now: datetime) -> datetime | None:
    """Give the time (UTC) at which a ledger begins anew; a case's never does."""
    if ledger in OF_A_CASE:
        return None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if ledger is Ledger.USD_PER_MONTH:
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight + timedelta(days=1)


_WHOSE: Final = {
    Ledger.USD_PER_CASE: "this case",
    Ledger.USD_PER_DAY: "today's cases",
    Ledger.USD_PER_MONTH: "this month's cases",
    Ledger.MINUTES_PER_CASE: "this case",
    Ledger.MINUTES_PER_DAY: "today's cases",
}


def words(spent: Spent) -> str:
    """Say for a ticket's reader which ledger is spent, and how far."""
    amount = _usd if spent.ledger in MONEY else _minutes
    have, most, asked = amount(spent.account.spent), amount(spent.account.limit), amount(spent.asked)
    return (
        f"The agent's next run may cost up to {asked}; {have} of the {most} for {_WHOSE[spent.ledger]} are spent "
        f"or reserved ({spent.ledger.value})."
    )


def _usd(amount: float) -> str:
    return f"${amount:.2f}"


def _minutes(amount: float) -> str:
    return f"{amount:.1f} agent minutes"
