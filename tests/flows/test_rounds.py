"""The rounds, told from outside: scheduled flows that look at everything and not at one case."""

import json

import pytest

from flow_desk import Desk
from healer.clients.cases import Cases

SETTINGS = {"HEALER_SWEEP_AFTER_MINUTES": "0", "HEALER_LIMIT_CASES_PER_IMPORTER_DAY": "2"}


def message(run: dict) -> str:
    return run["state"]["message"]


@pytest.mark.parametrize("desk", ["UTIL-141"], indirect=True)
def test_sweep_opens_what_was_not_delivered_once_and_within_the_limits(desk: Desk):
    """A ticket without a case gets one, through intake and its limits; a second sweep, and Workato coming late, find it there."""
    first, second = desk.round("sweep"), desk.round("sweep")
    assert message(first) == "39 ticket(s) without a case, 2 taken in."
    assert message(second) == "37 ticket(s) without a case, 0 taken in."
    rows = desk.prefect.artifacts(first["id"])[0]["data"]
    assert "too_many_importer_cases" in rows
    cases = desk.ask(lambda redis: Cases(redis).list())
    assert len(cases) == 2
    desk.case_id = cases[0].id
    assert str(desk.events[0].data["delivery"]).startswith(f"sweep-{cases[0].id}")
    desk.deliver()
    assert desk.kinds() == ["received", "attached"]


@pytest.mark.parametrize("desk", ["UTIL-142"], indirect=True)
def test_fleet_is_a_table_with_a_line_for_each_importer(desk: Desk):
    """The Prefect UI has what the page at the gateway has, in words."""
    run = desk.round("fleet")
    (table,) = desk.prefect.artifacts(run["id"])
    rows = json.loads(table["data"])
    assert (table["type"], table["key"]) == ("table", "fleet")
    assert {row["importer"] for row in rows} >= {"brightwater", "voltara"}
    assert {"standing", "last good bill", "debt, 90 days", "autonomy", "logins"} <= set(rows[0])
    assert message(run).endswith("unknown")
