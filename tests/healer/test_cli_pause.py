"""`healer pause` and `healer resume`."""

import json

import pytest
import respx
from typer.testing import CliRunner

from healer.cli import app

ADDRESS = "http://127.0.0.1:8000/v1/pauses"


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        (["pause", "brightwater", "voltara"], {"pause": ["brightwater", "voltara"], "resume": []}),
        (["pause", "--class", "silent_wrong"], {"pause": ["class:silent_wrong"], "resume": []}),
        (["resume", "--everything"], {"pause": [], "resume": ["everything"]}),
    ],
)
def test_order_is_sent_and_answered(line, sent):
    """Importers, classes and everything are named on the command line; the answer says what is paused then."""
    with respx.mock() as router:
        route = router.post(ADDRESS).respond(json={"entries": ["voltara"], "unreadable": ""})
        told = CliRunner().invoke(app, line)
    assert (json.loads(route.calls.last.request.content), told.stdout) == (sent, "paused: voltara\n")


def test_without_a_name_it_says_what_is_paused():
    """Looking changes nothing; a list that cannot be read is everything."""
    with respx.mock() as router:
        router.get(ADDRESS).respond(json={"entries": [], "unreadable": "no list"})
        assert CliRunner().invoke(app, ["pause"]).stdout == "everything is paused: no list\n"
    assert CliRunner().invoke(app, ["resume"]).exit_code == 2
