"""Rules of intake: what a delivery must say, which tickets are acted on, and what follows a gate run."""

import json

import pytest

from factories import NOW, make_case, make_importer, make_report, make_run, make_ticket
from healer.contracts import GateMode, Importer, Incident, Reason
from healer.errors import Rejected
from healer.intake import AdmissionPolicy, NotAdmitted, admit, follow_up, read_delivery
from healer.signing import Signed

POLICY = AdmissionPolicy(project="UTIL", issue_types=("Bug", "Task"))
SIGNED = Signed("msg_1", 1, "k")


def test_delivery_is_ticket_and_importer() -> None:
    """Of a verified body ticket and importer count; other members are ignored."""
    body = b'{"ticket":"UTIL-101","importer":"brightwater","password":"x","n":{"a":[1]}}'
    delivery = read_delivery(body, SIGNED, NOW)
    assert (delivery.id, delivery.ticket, delivery.importer, delivery.received_at) == (
        "msg_1",
        "UTIL-101",
        "brightwater",
        NOW,
    )


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"ticket": "UTIL-101"},
        {"ticket": "util-101", "importer": "brightwater"},
        {"ticket": "UTIL-101\n", "importer": "brightwater"},
        {"ticket": ["UTIL-101"], "importer": "brightwater"},
        {"ticket": 1, "importer": None},
        {"ticket": "UTIL-101", "importer": "../etc"},
        {"ticket": "UTIL-101", "importer": {"__prefect_kind": "jinja"}},
    ],
)
def test_other_bodies_are_refused_without_echo(members: dict[str, object]) -> None:
    """A body of another form is refused, and the refusal does not repeat it."""
    with pytest.raises(Rejected) as refused:
        read_delivery(json.dumps(members).encode(), SIGNED, NOW)
    assert (refused.value.status, refused.value.reason) == (422, "bad_body")
    assert "etc" not in str(refused.value)
    assert "jinja" not in str(refused.value)


def test_fitting_ticket_is_an_incident() -> None:
    """A ticket of the right project, type and component, not closed, is acted on."""
    for category in ("new", "indeterminate"):
        incident = admit("UTIL-101", make_ticket(status_category=category), make_importer(), POLICY)
        assert incident == Incident(
            case="UTIL-101", importer="brightwater", summary="Brightwater: no bills since Monday"
        )


@pytest.mark.parametrize(
    ("ticket", "importer", "reason", "word"),
    [
        ({"project": "OTHER"}, make_importer(), Reason.TICKET_MISMATCH, "OTHER"),
        ({"issue_type": "Epic"}, make_importer(), Reason.TICKET_MISMATCH, "Epic"),
        ({"status_category": "done", "status": "Closed"}, make_importer(), Reason.TICKET_MISMATCH, "Closed"),
        ({"status_category": "undefined", "status": "Limbo"}, make_importer(), Reason.TICKET_MISMATCH, "Limbo"),
        ({"key": "UTIL-205"}, make_importer(), Reason.TICKET_MISMATCH, "UTIL-205"),
        ({"components": ()}, make_importer(), Reason.TICKET_MISMATCH, "importer-brightwater"),
        ({"components": ("other",)}, make_importer(), Reason.TICKET_MISMATCH, "importer-brightwater"),
        ({}, None, Reason.UNKNOWN_IMPORTER, "importers.toml"),
    ],
)
def test_other_tickets_are_not_admitted(
    ticket: dict[str, object], importer: Importer | None, reason: Reason, word: str
) -> None:
    """A ticket that does not fit the registry is not acted on, and the explanation names what does not fit."""
    answer = admit("UTIL-101", make_ticket(**ticket), importer, POLICY)
    assert isinstance(answer, NotAdmitted)
    assert answer.reason is reason
    assert word in answer.explanation


def test_diagnosis_is_followed_by_the_next_attempt() -> None:
    """The report of a diagnosis, or of a probe, starts the heal run whose number follows the dispatch's."""
    first, later = (follow_up(make_case(), make_run(attempt=number)) for number in (0, 2))
    assert first
    assert later
    assert (first.key, later.key) == ("heal:UTIL-101:1", "heal:UTIL-101:3")
    assert follow_up(make_case(), make_run(attempt=2, mode=GateMode.PROBE)) == later


def test_verification_is_followed_by_its_judgement() -> None:
    """The report of a verification starts `publish` for that very run and attempt."""
    report = make_report(mode=GateMode.VERIFY, run_id=77, run_attempt=2)
    request = follow_up(make_case(), report)
    assert request
    assert request.key == "publish:UTIL-101:77:2"
