"""Rules of the budget: when a ledger begins anew, what people add, and what a ticket's reader is told."""

from datetime import UTC, datetime

import pytest

from factories import NOW
from healer.budget import Account, Budget, Ledger, Spent, free_at, words
from healer.contracts import Event
from healer.settings import FlowSettings, GatewaySettings
from healer.turns import BUDGET_RAISED


def raised(**data):
    return Event(seq=1, at=NOW, kind=BUDGET_RAISED, data=data, previous="0" * 64, hash="0" * 64)


@pytest.mark.parametrize(
    ("ledger", "now", "then"),
    [
        (Ledger.USD_PER_DAY, datetime(2026, 11, 24, 10, 5, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)),
        (Ledger.MINUTES_PER_DAY, datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (Ledger.USD_PER_MONTH, datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (Ledger.USD_PER_MONTH, datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (Ledger.USD_PER_CASE, NOW, None),
        (Ledger.MINUTES_PER_CASE, NOW, None),
    ],
)
def test_a_ledger_begins_anew_with_its_day_or_month(ledger, now, then):
    """A day's ledger is free at midnight UTC, a month's on its first, a case's never by itself."""
    assert free_at(ledger, now) == then


def test_what_people_allow_comes_on_top_of_the_cases_own():
    """Money and minutes that people allow add up, for the case alone; attempts are no money."""
    chain = (raised(attempts=2, usd=5), raised(usd=2.5, minutes=30), raised(attempts=1))
    more = Budget().raised(chain)
    assert (more.usd_per_case, more.agent_minutes_per_case) == (22.5, 210)
    assert (more.usd_per_day, more.usd_per_month, more.agent_minutes_per_day) == (100, 1000, 1440)


@pytest.mark.parametrize("ledger", list(Ledger))
def test_a_spent_ledger_is_told_with_its_name_and_amounts(ledger):
    """The reader learns which limit it is, what is spent of it, and what was asked."""
    spent = Spent(ledger=ledger, account=Account(spent=9, limit=10), asked=4, free_at=None)
    text = words(spent)
    assert ledger.value in text
    amounts = ("$9.00", "$10.00", "$4.00") if "usd" in ledger else ("9.0 agent", "10.0 agent", "4.0 agent")
    assert all(amount in text for amount in amounts)


@pytest.mark.parametrize("room", [GatewaySettings, FlowSettings])
def test_settings_have_the_usual_budget(room):
    """Gateway and flows without settings of their own have the same budget."""
    assert {each: room.model_fields[f"limit_{each}"].default for each in Ledger} == Budget().model_dump()
