"""JQL as the JIRA stand-in reads it: what JIRA would refuse is refused."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localworld.jira.fields import Fields
from localworld.jira.jql import parse
from localworld.jira.problem import Problem
from localworld.jira.store import Store

STORE = Store(
    {
        "project": {"key": "UTIL", "name": "Utility importers"},
        "components": ["importer-brightwater", "importer-voltara"],
        "users": [{"name": "importer-healer", "token": "t"}],
        "tickets": [
            {"key": "UTIL-101", "summary": "Brightwater: no bills", "component": "importer-brightwater"},
            {"summary": "Voltara is down", "component": "importer-voltara", "status": "Blocked", "labels": ["healer"]},
            {"summary": "Voltara again", "component": "importer-voltara", "status": "Done", "type": "Task"},
            {"summary": "No component"},
        ],
    },
    "cloud",
    "https://jira.example",
    Path("/nonexistent/state.json"),
)


def found(jql):
    query = parse(jql, Fields(STORE, "importer-healer"))
    return [ticket.key for ticket in query.run(list(STORE.tickets.values()))]


def refusal(jql):
    with pytest.raises(Problem) as caught:
        found(jql)
    return caught.value.status


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = UTIL order by key", [101, 102, 103, 104]),
        ("project = UTIL ORDER BY key DESC", [104, 103, 102, 101]),
        ("component = importer-voltara", [103, 102]),
        ("component in (importer-voltara, 'importer-brightwater') and status != Done order by key asc", [101, 102]),
        ("component is EMPTY", [104]),
        ("labels is not empty", [102]),
        ('summary ~ "voltara"', [103, 102]),
        ("summary !~ voltara order by key", [101, 104]),
        ('statusCategory = "To Do" and not (component = importer-brightwater)', [104]),
        ("status not in (Done, Blocked) order by key", [101, 104]),
        ("type = Task or labels = healer order by key", [102, 103]),
        ("created >= -1d and created <= now() order by key", [101, 102, 103, 104]),
        ("created < '2020-01-01'", []),
        ("key = util-101", [101]),
        ("resolution = Unresolved and assignee is empty order by key", [101, 102, 103, 104]),
        ("reporter = currentUser()", []),
    ],
)
def test_jql_finds_what_it_says(jql, keys):
    """Operators, lists, emptiness, dates, functions, precedence and order work."""
    assert found(jql) == [f"UTIL-{n}" for n in keys]


@pytest.mark.parametrize(
    "jql",
    [
        "nosuch = 1",
        "status = Nope",
        "project = NOPE",
        "component in (importer-voltara, nowhere)",
        "key = UTIL-999",
        "this is : not jql (((",
        "status =",
        "status = Done and",
        "(status = Done",
        "status = Done)",
        "status is Done",
        "status in Done",
        "status in (Done",
        "status > Done",
        "status ~ Done",
        "summary = exact",
        "created ~ x",
        "created > yesterday",
        "created < startOfDay('-1')",
        "assignee = nobody()",
        "status = Done order key",
        "status = Done order by nosuch",
        "status = Done status = Done",
        "'unended",
        "status = Done;",
    ],
)
def test_jql_that_jira_would_refuse_is_refused(jql):
    """Nothing that is not understood is ignored: unknown fields, values, operators and syntax are 400."""
    assert refusal(jql) == 400


@given(st.text(max_size=40))
def test_no_jql_breaks_the_parser(jql):
    """Any text either is a query or is refused in order."""
    with contextlib.suppress(Problem):
        found(jql)


@given(
    st.lists(
        st.sampled_from(
            ["status", "=", "Done", "and", "or", "not", "(", ")", "in", ",", "is", "empty", "order", "by", "~", '"x"']
        ),
        max_size=12,
    )
)
def test_no_row_of_jql_words_breaks_the_parser(words):
    """The same for anything made of JQL's own words."""
    with contextlib.suppress(Problem):
        found(" ".join(words))
