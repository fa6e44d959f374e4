"""Rules of the watch over production: what is an alarm, what is none, and what an alarm may do."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, SHA, make_importer, make_ticket
from healer import watch
from healer.contracts import Fetch
from healer.watch import Rule, Told

RULE = Rule(inputs=3, window_h=48, success=0.5, fill=0.5, cooldown_h=72, per_day=2)
NOBODY = make_ticket(key="UTIL-7", components=("importer-voltara",))


def told(hours_ago, bills=6, structure=""):
    """Give a fetch; None bills is a failed one."""
    outcome, count = ("failed", 0) if bills is None else ("fetched", bills)
    at = NOW - timedelta(hours=hours_ago)
    return Fetch(id=f"f{hours_ago}", at=at, outcome=outcome, commit=SHA, bills=count, structure=structure)


def history(*recent, structure=""):
    """Give ten good days before the window, and then what is given, a day apart from the newest on."""
    good = [told(hours, 6, structure) for hours in range(24 * 12, 48, -24)]
    return [*good, *(told(len(recent) - place, *one) for place, one in enumerate(recent))]


def alarm(fetches):
    return watch.alarm("brightwater", fetches, RULE, NOW)


@pytest.mark.parametrize(
    ("recent", "kind"),
    [
        ([(None,), (None,), (None,)], "failing"),
        ([(6,), (None,), (None,)], "failing"),
        ([(1,), (1,), (2,)], "thin"),
        ([(0,), (0,), (0,)], "thin"),
        ([(6,), (6,), (None,)], None),
        ([(None,), (None,), (6,)], None),
        ([(None,), (None,)], None),
        ([(6,), (6,), (1,)], None),
        ([], None),
    ],
)
def test_importer_is_alarming_where_its_newest_fetch_is_bad_and_too_many_were(recent, kind):
    """Success and fill rate count over a minimum of fetches; what has become good again is no alarm."""
    found = alarm(history(*recent))
    assert (found.kind if found else None) == kind


def test_changed_structure_makes_one_bad_fetch_enough_and_is_no_alarm_itself():
    """A failure beside a new structure is no mood of the portal; a good fetch on a new structure is a good fetch."""
    assert alarm(history((None, "b" * 8), structure="a" * 8)).structure_changed
    assert alarm(history((None, "a" * 8), structure="a" * 8)) is None
    assert alarm(history((6, "b" * 8), structure="a" * 8)) is None


def test_nobody_knows_what_is_usual_of_a_new_importer():
    """Without a history few bills are no alarm, and failures are."""
    assert alarm([told(3, 1), told(2, 1), told(1, 1)]) is None
    assert alarm([told(3, None), told(2, None), told(1, None)])


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=12))
def test_alarm_never_follows_a_good_newest_fetch(bills):
    """Whatever came before, and an alarm counts what it saw."""
    found = alarm(history(*((count,) for count in bills)))
    if found:
        assert bills[-1] is None or bills[-1] < 3
        assert (found.fetches, found.failed) == (len(bills), bills.count(None))


@pytest.mark.parametrize(
    ("tickets", "earlier", "why"),
    [
        ([NOBODY], [], ""),
        ([make_ticket(key="UTIL-8", components=("importer-brightwater",))], [], "has ticket UTIL-8"),
        ([], [("brightwater", 71)], "cooldown"),
        ([], [("brightwater", 73)], ""),
        ([], [("voltara", 1), ("halden", 23)], "daily cap"),
        ([], [("voltara", 1), ("halden", 25)], ""),
    ],
)
def test_alarm_opens_a_ticket_only_where_there_is_none_and_not_too_often(tickets, earlier, why):
    """An open ticket, the importer's cooldown and the cap of all tickets in a day each keep it from being written."""
    opened = [Told(importer=name, ticket="UTIL-1", at=NOW - timedelta(hours=hours)) for name, hours in earlier]
    assert watch.hindrance(make_importer(), tickets, opened, RULE, NOW) == why


def test_ticket_says_what_was_seen_and_acts_nowhere():
    """The fields are those that the intake looks for; a title with markup in it stays a text."""
    importer = make_importer(title="Bright {quote}[x|http://y]")
    fields = watch.ticket(alarm(history((None,), (None,), (None,))), importer, "UTIL", "Bug")
    assert (fields["project"], fields["components"]) == ({"key": "UTIL"}, [{"name": "importer-brightwater"}])
    assert "3 of 3 fetches failed" in fields["description"]
    assert "{quote}" not in fields["description"].replace("\\{", "")
