"""`healer fleet` in a terminal."""

import json

import respx
from typer.testing import CliRunner

from factories import NOW, make_case, make_importer
from healer.cli import app
from healer.contracts import State
from healer.fleet import board

SHOWN = board([make_importer()], {}, [make_case(state=State.PATCHING)], {}, NOW)


def test_fleet_is_a_table_and_a_sum():
    """Each importer is a line with its case; the last line counts."""
    with respx.mock() as router:
        route = router.get("http://127.0.0.1:8000/v1/fleet").respond(json=SHOWN.model_dump(mode="json"))
        told = CliRunner().invoke(app, ["fleet"], env={"HEALER_API_TOKEN": "healer_token"})
    assert route.calls.last.request.headers["authorization"] == "Bearer healer_token"
    assert told.exit_code == 0
    assert "brightwater" in told.stdout
    assert "UTIL-101 patching" in told.stdout
    assert told.stdout.splitlines()[-1] == "1 healing"


def test_fleet_as_json_is_what_the_gateway_gives():
    """Programs get all of it."""
    with respx.mock() as router:
        router.get("http://127.0.0.1:8000/v1/fleet").respond(json=SHOWN.model_dump(mode="json"))
        told = CliRunner().invoke(app, ["fleet", "--json"], env={"HEALER_API_TOKEN": "healer_token"})
    assert json.loads(told.stdout) == SHOWN.model_dump(mode="json")
