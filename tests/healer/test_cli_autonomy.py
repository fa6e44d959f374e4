"""`healer autonomy`."""

import json

import pytest
import respx
from typer.testing import CliRunner

from healer.cli import app

ADDRESS = "http://127.0.0.1:8000/v1/importers/voltara/autonomy"
SAID = {"level": "draft", "held": True, "by": "alice", "reason": "the portal is new", "at": "2026-11-24T10:00:00Z"}
ANSWER = {
    "importer": "voltara",
    "earned": {"level": "draft", "start": "pull_request", "why": "Set by alice."},
    "said": [SAID],
}


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        (["set", "voltara", "draft", "--reason", "new", "--hold"], {"level": "draft", "reason": "new", "held": True}),
        (["set", "voltara", "observe", "--reason", "new"], {"level": "observe", "reason": "new", "held": False}),
        (["earned", "voltara", "--reason", "known"], {"level": None, "reason": "known", "held": False}),
    ],
)
def test_word_is_sent_and_the_level_told(line, sent):
    """A level, or its withdrawal, is sent with its reason; the answer says what holds, why, and who has said what."""
    with respx.mock() as router:
        route = router.post(ADDRESS).respond(json=ANSWER)
        told = CliRunner().invoke(app, ["autonomy", *line])
    assert json.loads(route.calls.last.request.content) == sent
    assert told.stdout.splitlines() == [
        "voltara: draft (began as pull request). Set by alice.",
        "  2026-11-24 10:00 alice: draft (held), the portal is new",
    ]


def test_looking_changes_nothing_and_a_word_needs_a_reason():
    """`show` reads; `set` without a reason is wrong usage."""
    with respx.mock() as router:
        router.get(ADDRESS).respond(json=ANSWER)
        assert CliRunner().invoke(app, ["autonomy", "show", "voltara"]).stdout.startswith("voltara: draft")
    assert CliRunner().invoke(app, ["autonomy", "set", "voltara", "draft"]).exit_code == 2
