"""Rules of what was missed while an importer was broken."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case, make_importer
from healer import backfill
from healer.backfill import as_csv, files, is_owed, missed, span, words
from healer.billing import Billed
from healer.chain import link
from healer.contracts import Reason, State

GOOD = datetime(2026, 9, 3, tzinfo=UTC)
OPENED = datetime(2026, 9, 20, tzinfo=UTC)
ENDED = datetime(2026, 11, 24, tzinfo=UTC)
A, B = "a" * 32, "b" * 32
CASE = make_case(state=State.CONFIRMED, opened_at=OPENED, updated_at=ENDED)


def chain(*, good=GOOD):
    data = {"last_good": good.timestamp(), "last_good_bills": 2} if good else {}
    first = link(None, OPENED, "ticket_admitted", data)
    return (first, link(first, ENDED, "confirmed", {}))


def rows(*bills, good=GOOD, importer=None):
    found = missed(CASE, importer or make_importer(), chain(good=good), [Billed(*bill) for bill in bills])
    return [(row.account, row.period_start, row.period_end, row.basis) for row in found.rows]


MONTHS = [date(2026, month, day) for month, day in ((6, 30), (7, 31), (8, 31), (9, 30))]


def test_what_the_portal_shows_and_what_the_cadence_promises_is_listed_by_account():
    """From the last good fetch to the end, account by account: shown bills, also one that may have come late, then the cadence's."""
    listed = rows(*((A, end) for end in MONTHS), (B, date(2026, 8, 10)), (B, date(2026, 9, 9)))
    assert listed == [
        (A, date(2026, 8, 1), date(2026, 8, 31), "shown"),
        (A, date(2026, 9, 1), date(2026, 9, 30), "shown"),
        (A, date(2026, 10, 1), date(2026, 10, 31), "expected"),
        (B, date(2026, 8, 11), date(2026, 9, 9), "shown"),
        (B, date(2026, 9, 10), date(2026, 10, 9), "expected"),
        (B, date(2026, 10, 10), date(2026, 11, 8), "expected"),
    ]


def test_account_that_has_had_no_bill_for_long_is_left_out():
    """Nothing is expected of an account that was closed before the importer broke."""
    assert {
        account for account, *_ in rows(*((A, end) for end in MONTHS), (B, date(2025, 6, 30)), (B, date(2025, 7, 31)))
    } == {A}


def test_where_no_bill_is_known_it_is_months_of_each_login():
    """Without a memory of bills the list has the calendar months of the outage, by credentialRef."""
    importer = make_importer(credentials=("main", "second"))
    listed = rows(importer=importer)
    assert [row[1].month for row in listed if row[0] == "main"] == [9, 10, 11]
    assert {row[0] for row in listed} == {"main", "second"}
    assert {row[3] for row in listed} == {"month"}


def test_outage_begins_with_the_last_good_fetch_or_else_with_the_case():
    """Bills are missing since they were fetched last; where nobody knows, since the ticket. A later fetch by the gate changes nothing."""
    assert span(CASE, chain()) == (GOOD, ENDED)
    assert span(CASE, chain(good=None)) == (OPENED, ENDED)
    again = link(chain()[-1], ENDED, "ticket_admitted", {"last_good": ENDED.timestamp()})
    assert span(CASE, (*chain(), again))[0] == GOOD


@pytest.mark.parametrize("state", list(State))
def test_list_is_owed_where_the_importer_fetches_again(state):
    """A confirmed healing and one that was none have a list, every other state has none."""
    healed = make_case(state=state, reason=Reason.ALREADY_HEALED if state is State.NOT_FIXED else None)
    assert is_owed(healed) is (state in {State.CONFIRMED, State.NOT_FIXED})
    assert not is_owed(make_case(state=State.NOT_FIXED, reason=Reason.SITE_DOWN))


def test_forms_say_the_same_and_are_named_by_what_is_in_them():
    """JSON, CSV and the ticket's words agree; the same list has the same names, another one others."""
    found = missed(CASE, make_importer(), chain(), [Billed(A, end) for end in MONTHS])
    read = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [(row["account"], row["period_end"], row["basis"]) for row in read] == [
        (row.account, str(row.period_end), row.basis) for row in found.rows
    ]
    as_json, _ = files(found)
    assert backfill.Backfill.model_validate_json(as_json.content) == found
    assert {file.name for file in files(found)} == {file.name for file in files(found)}
    less = found.model_copy(update={"rows": found.rows[1:]})
    assert {file.name for file in files(less)}.isdisjoint({file.name for file in files(found)})
    told = words(found, "https://healer.example/v1/cases/UTIL-101/backfill")
    assert "3 periods of 1 account to fetch again, missed between 2026-09-03 and 2026-11-24" in told
    assert f"|{A[:12]}|2026-09-01 to 2026-09-30|the portal|" in told


def test_nothing_missed_is_said_and_attaches_nothing():
    """An outage in which no period ended leaves a sentence and no file."""
    found = backfill.Backfill(case="UTIL-101", importer="brightwater", since=GOOD, until=NOW)
    assert files(found) == ()
    assert "no billing period ended" in words(found, "https://x")


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.dates(date(2025, 1, 1), date(2026, 12, 31))), max_size=30))
def test_list_never_leaves_the_outage_and_names_nothing_twice(bills):
    """Whatever is known: every period ends within the outage or shortly before, none is doubled, and each begins before it ends."""
    found = missed(CASE, make_importer(), chain(), {Billed(*bill) for bill in bills})
    if not [bill for bill in bills if bill[1] <= ENDED.date()]:
        return
    keys = [(row.account, row.period_end) for row in found.rows]
    assert len(set(keys)) == len(keys)
    assert all(GOOD.date() - timedelta(days=21) < row.period_end <= ENDED.date() for row in found.rows)
    assert all(row.period_start is None or row.period_start <= row.period_end for row in found.rows)
