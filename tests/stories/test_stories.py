"""The user's sentences, told through the front door: a signed delivery in, what people see out."""

import json
import secrets
from pathlib import Path

import pytest

from contracts.checker import judge
from localworld import leaks, workato
from localworld.stories import refusals

pytestmark = [pytest.mark.docker, pytest.mark.world, pytest.mark.timeout(300)]


OUT = Path(__file__).resolve().parents[2] / "out/leaks.md"
_EVERYWHERE = {
    "Redis",
    "Prefect flow runs",
    "Prefect artifacts",
    "Prefect events",
    "git objects of the clone",
    "git objects of heal/* at the remote",
    "GitHub pull requests",
    "Actions runs and logs",
    "Actions summaries and annotations",
    "JIRA tickets",
}


def _not_so(told):
    return [words for words, held in told.findings.items() if not held]


def test_renamed_selectors_are_healed_at_the_first_attempt(told):
    """A renamed page ends as one attempt, one open pull request, and a ticket in review with one comment."""
    assert _not_so(told["renamed"]) == []


def test_evidence_of_a_red_gate_reaches_the_next_attempt(told):
    """Two breaks, one behind the other, end as two attempts on one branch with one pull request."""
    assert _not_so(told["twice"]) == []
    first, second = told["twice"].seen.case["attempts"]
    assert first["verdict"]["conclusion"] == "failure"
    assert second["verdict"]["conclusion"] == "success"


def test_a_portal_that_is_down_is_not_healed(told):
    """A 503 ends as not_fixed SITE_DOWN, without a branch, and the ticket says why and when it is looked at again."""
    assert _not_so(told["down"]) == []


def test_a_case_that_stays_red_goes_to_an_engineer(told):
    """Attempts spent end as needs_engineer, without a pull request, with branch and evidence on the ticket."""
    assert _not_so(told["red"]) == []


def test_junk_is_refused_and_starts_nothing(told, operator):
    """Replays, forgeries, unknown importers and bodies that are no JSON are refused, and nothing starts."""
    found = refusals(operator, operator.layout.ticket_of("brightwater"), "brightwater")
    assert [words for words, held in found.items() if not held] == []


def test_a_repeated_delivery_gets_the_first_answer_and_starts_nothing(told, operator):
    """The same id and body again, inside the window, is answered like the first time; no attempt is added."""
    ticket = operator.layout.ticket_of("brightwater")
    signed = workato.delivery(
        {"ticket": ticket, "importer": "brightwater"}, operator.layout.keys.workato, id="repeat-1"
    )
    answers = [operator.post(signed) for _ in range(3)]
    assert [a.status_code for a in answers] == [202, 202, 202]
    assert len(operator.look(ticket).case["attempts"]) == 1


def test_a_push_starts_no_gate(told, operator, world):
    """Only our dispatches are runs: as many as the cases have recorded."""
    recorded = {e["data"]["run_id"] for t in told.values() for e in t.seen.events if e["kind"] == "gate_dispatched"}
    listed = operator.github("/repos/acme/importers/actions/runs?per_page=100")["workflow_runs"]
    assert {run["id"] for run in listed} == recorded
    assert {run["event"] for run in listed} == {"workflow_dispatch"}


def test_no_secret_is_in_any_sink(told, world, watch):
    """Neither a portal's login nor a secret of the settings is, in any encoding, in what the product or the world wrote."""
    found = leaks.audit(world, watch)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(found.markdown())
    assert {sink: hits for sink, hits in found.hits.items() if hits} == {}
    assert found.unread == ()


def test_the_leak_audit_can_find(told, world, watch):
    """The same search finds what is known to be everywhere, once it is a secret: the key of a ticket, the heading of a step's summary."""
    ticket = world.layout.ticket_of("brightwater")
    known = {"password": ticket, "heading": "red: brightwater (diagnose)"}
    world.healer("credential", "put", "canary", stdin=json.dumps(known))
    hits = world.audit()["sinks"]
    found = {row["sink"] for row in hits if row["hits"]}
    assert _EVERYWHERE - found == set()
    assert [n for name, n in leaks.search(world, watch, [ticket]).items() if "JIRA" in name] > [0]
    world.healer("credential", "put", "canary", stdin=json.dumps({"password": secrets.token_hex(16)}))


def test_exchanges_hold_to_the_vendors_contracts(told, world):
    """Everything said between the product and the stand-ins holds to GitHub's and JIRA's own documents."""
    records = [world.root / "github/record/github.jsonl", world.root / "jira/record/jira.jsonl"]
    findings = [finding for record in records for finding in judge(record)]
    assert [f for f in findings if f.kind == "VIOLATION"] == []
