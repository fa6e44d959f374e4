"""Limits as people meet them: what stands on the case and on the ticket when a ledger is spent, or a case must wait."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from factories import make_delivery
from flow_desk import Desk
from healer.budget import Budget, Ledger
from healer.clients.cases import Cases
from healer.clients.ledgers import Ledgers
from healer.clients.limits import Limits
from healer.clients.reception import Outcome
from healer.clients.statements import Statements
from healer.contracts import Ceiling, Reason, State

# Tickets from 131 on: Prefect knows the runs of the other stories' tickets by their keys.
SETTINGS = {"HEALER_LIMIT_AGENT_MINUTES_PER_CASE": "1", "HEALER_LIMIT_AGENT_MINUTES_PER_DAY": "30"}
SETTINGS["HEALER_LIMIT_OPEN_CASES"] = "1"
ONE_AT_A_TIME = Limits(open_cases=1, mode="queue")


def ticket(number: int):
    return pytest.mark.parametrize("desk", [f"UTIL-{number}"], indirect=True)


def spent(desk: Desk) -> tuple[float, list[bool]]:
    """Give the minutes that the case's ledger has counted, and which of its runs are settled."""
    now = datetime.now(UTC)
    statement = desk.ask(lambda redis: Statements(redis, Budget()).of_case(desk.case_id, Budget(), now))
    return statement.accounts[Ledger.MINUTES_PER_CASE].spent, [run.settled for run in statement.runs]


@ticket(131)
def test_a_spent_case_goes_to_a_person_who_may_allow_more(desk):
    """The first run fits and is settled to what it took; the next may not begin, until a person allows the case more."""
    desk.deliver()
    desk.work()
    desk.report()
    desk.work()
    minutes, settled = spent(desk)
    assert desk.case.state is State.VERIFYING
    assert (0 < minutes < 0.5, settled) == (True, [True])
    desk.report()
    desk.work()
    desk.work()
    case = desk.case
    assert (case.state, case.reason, case.next_check) == (State.NEEDS_ENGINEER, Reason.BUDGET_SPENT, None)
    assert "1.0 agent minutes for this case" in desk.comments()[0]
    assert spent(desk) == (minutes, [True])
    desk.tell("budget", minutes=10)
    desk.tell("retry")
    desk.work()
    desk.report()
    desk.work()
    assert (desk.case.state, spent(desk)[1]) == (State.VERIFYING, [True, True])
    desk.tell("stop")
    desk.work()


@ticket(132)
def test_a_spent_day_lets_the_case_rest_until_the_next(desk):
    """Where the day's minutes are spent the ticket says so and when the healer looks again, which is at midnight UTC."""
    now = datetime.now(UTC)
    whole = Ceiling(seconds=30 * 60)
    desk.ask(lambda redis: Ledgers(redis, Budget()).reserve("UTIL-999", 1, whole, Budget(), now))
    desk.deliver()
    desk.work()
    desk.report()
    desk.work()
    case = desk.case
    assert (case.state, case.reason) == (State.NOT_FIXED, Reason.BUDGET_SPENT)
    assert case.next_check
    assert (case.next_check.hour, case.next_check.minute, case.next_check > now) == (0, 0, True)
    assert "30.0 agent minutes for today's cases" in desk.comments()[0]
    assert (desk.github.head("heal/UTIL-132"), case.attempts) == (None, ())


def in_line(desk: Desk, number: int) -> Desk:
    """Take a delivery that is over the limit; give the desk of its case."""
    other = replace(desk, case_id=f"UTIL-{number}")
    delivery = make_delivery(id=f"d-{number}", ticket=other.case_id)
    received = desk.ask(lambda redis: Cases(redis, ONE_AT_A_TIME).receive(delivery, datetime.now(UTC)))
    assert received.outcome is Outcome.QUEUED
    return other


@ticket(133)
def test_who_waits_in_line_is_told_so_and_called_in_order(desk):
    """The ticket says that it waits; the end of a case calls the next one, and reconcile calls where nobody else did."""
    desk.ask(lambda redis: redis.delete("healer:cases:open"))
    desk.deliver()
    second, third = in_line(desk, 134), in_line(desk, 135)
    desk.work()
    assert (desk.case.state, second.case.state, third.case.state) == (State.DIAGNOSING, State.QUEUED, State.QUEUED)
    assert "OVER_LIMIT" in second.comments()[0]
    assert "waits in the line" in second.comments()[0]
    desk.tell("stop")
    desk.work()
    assert ("called" in second.kinds(), third.case.state) == (True, State.QUEUED)
    desk.work()
    assert second.case.state is State.DIAGNOSING
    assert desk.reconcile()["state_type"] == "COMPLETED"
    assert third.case.state is State.QUEUED, "there is no room yet"
    case, ended = second.case, {"state": State.STOPPED, "awaiting": None}
    desk.ask(lambda redis: Cases(redis).record(case, "stopped", {}, **ended))
    desk.ask(lambda redis: Cases(redis).release("brightwater", case.id))
    assert desk.reconcile()["state"]["message"].startswith("1 case(s)")
    desk.work()
    assert third.case.state is State.DIAGNOSING
    third.tell("stop")
    desk.work()
