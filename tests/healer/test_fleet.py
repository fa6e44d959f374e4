"""Rules of the board: how an importer stands by its cases and by production, its debt, and who comes first."""

from datetime import timedelta

import pytest

from factories import NOW, SHA, make_case, make_importer
from healer.contracts import Attempt, Case, Fetch, LastGood, LoginStanding, Reason, Spend, State
from healer.fleet import COLUMNS, Debt, Row, Seen, Standing, board, cells

HOUR = timedelta(hours=1)


def row(*cases: Case, **seen) -> Row:
    return board([make_importer()], {}, cases, {"brightwater": Seen(**seen)}, NOW).rows[0]


def fetch(outcome="fetched", *, at=NOW) -> Fetch:
    return Fetch(id="f", at=at, outcome=outcome, commit=SHA, bills=3)


def case(state: State, **fields) -> Case:
    return make_case(**{"state": state, "opened_at": NOW - HOUR, "updated_at": NOW - HOUR, **fields})


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (State.RECEIVED, Standing.HEALING),
        (State.VERIFYING, Standing.HEALING),
        (State.QUEUED, Standing.QUEUED),
        (State.PUBLISHED, Standing.IN_REVIEW),
        (State.MERGED, Standing.MERGED),
        (State.NEEDS_ENGINEER, Standing.NEEDS_PERSON),
        (State.TAKEN, Standing.NEEDS_PERSON),
        (State.CLOSED_UNMERGED, Standing.NEEDS_PERSON),
        (State.CONFIRMED, Standing.UNKNOWN),
    ],
)
def test_case_says_how_an_importer_stands(state, standing) -> None:
    """Each state of a case is one standing of its importer."""
    assert row(case(state)).standing is standing


def test_every_state_of_a_case_has_a_standing() -> None:
    """No state is forgotten, and only those that are over leave the importer to production's word."""
    over = {state for state in State if row(case(state), last_fetch=fetch("failed")).standing is Standing.FAILING}
    assert over == {State.CONFIRMED, State.SUPERSEDED}


def test_without_a_case_production_has_the_word() -> None:
    """A good fetch, a failed one, and none are three standings."""
    assert row(last_fetch=fetch()).standing is Standing.WORKING
    assert row(last_fetch=fetch("failed")).standing is Standing.FAILING
    assert row().standing is Standing.UNKNOWN


def test_good_fetch_since_the_case_ended_is_newer_news() -> None:
    """A case given to a person is over once production has fetched after it; a pull request in review is not."""
    later, before = fetch(at=NOW), fetch(at=NOW - 2 * HOUR)
    assert row(case(State.NEEDS_ENGINEER), last_fetch=later).standing is Standing.WORKING
    assert row(case(State.NEEDS_ENGINEER), last_fetch=before).standing is Standing.NEEDS_PERSON
    assert row(case(State.PUBLISHED), last_fetch=later).standing is Standing.IN_REVIEW


def test_not_fixed_waits_only_where_the_healer_looks_again() -> None:
    """Without a next look nobody would come back to it but a person."""
    assert row(case(State.NOT_FIXED, reason=Reason.SITE_DOWN, next_check=NOW)).standing is Standing.WAITING
    assert row(case(State.NOT_FIXED, reason=Reason.CAPTCHA)).standing is Standing.NEEDS_PERSON


@pytest.mark.parametrize(("broke", "grade"), [(1, Debt.LOW), (2, Debt.WATCH), (3, Debt.WATCH), (4, Debt.REWRITE)])
def test_debt_counts_what_broke_not_what_was_healed(broke, grade) -> None:
    """Healing again and again is debt; a portal that was down, and cases from before the window, are not."""
    healed = [case(State.CONFIRMED, id=f"UTIL-{n}") for n in range(1, broke + 1)]
    others = [
        case(State.NOT_FIXED, id="UTIL-90", reason=Reason.SITE_DOWN),
        case(State.NEEDS_ENGINEER, id="UTIL-91", reason=Reason.TICKET_MISMATCH),
        case(State.CONFIRMED, id="UTIL-92", opened_at=NOW - timedelta(days=91)),
    ]
    found = row(*healed, *others)
    assert (found.broke, found.healed, found.debt) == (broke, broke, grade)


def test_money_is_that_of_all_attempts_in_the_window() -> None:
    """Spend adds up over attempts and cases."""
    tries = tuple(Attempt(number=n, spend=Spend(usd=0.5)) for n in (1, 2))
    assert row(case(State.CONFIRMED, attempts=tries), case(State.PATCHING, id="UTIL-2", attempts=tries)).usd == 2.0


def test_who_needs_a_person_comes_first() -> None:
    """The order is that in which somebody should look; an entry that cannot be used is not left out."""
    importers = [make_importer(name=name) for name in ("calm", "stuck", "busy")]
    cases = [case(State.NEEDS_ENGINEER, importer="stuck"), case(State.PATCHING, importer="busy", id="UTIL-2")]
    shown = board(importers, {"Bad Name": "is no table"}, cases, {"calm": Seen(last_fetch=fetch())}, NOW)
    assert [one.importer for one in shown.rows] == ["Bad Name", "stuck", "busy", "calm"]
    assert sum(shown.counts.values()) == 4


def test_line_has_a_text_for_each_column() -> None:
    """The terminal and Prefect show the same: case, last bill, debt, autonomy, logins, money."""
    stands = LoginStanding(ref="brightwater-main", used=2, ceiling=6)
    good = LastGood(at=NOW, bills=6, by="production")
    two = [case(State.CONFIRMED), case(State.NEEDS_ENGINEER, id="UTIL-2", reason=Reason.NO_PATCH, updated_at=NOW)]
    line = dict(zip(COLUMNS, cells(row(*two, refs=(stands,), last_good=good)), strict=True))
    assert line["case"] == "UTIL-2 needs_engineer NO_PATCH"
    assert line["last good bill"] == "2026-11-24 10:00 (6, production)"
    assert line["debt, 90 days"] == "broke 2, healed 1 (watch)"
    assert (line["logins"], line["spent, 90 days"]) == ("2 of 6 used", "$0.00")
