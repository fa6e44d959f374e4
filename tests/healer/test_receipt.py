"""Rules of receipts."""

import json
from typing import Any

import pytest

from factories import NOW, SHA, make_case, make_failure, make_report, make_run
from healer import receipt
from healer.chain import EventData, link
from healer.contracts import (
    Attempt,
    Check,
    Conclusion,
    Diagnosis,
    Event,
    GateMode,
    PullRequest,
    Spend,
    State,
    Verdict,
)
from healer.errors import Rejected
from healer.redact import Redactor

HEAD = "b" * 40
TOLD: list[tuple[str, EventData]] = [
    ("received", {}),
    ("retried", {"by": "alice"}),
    ("called", {"by": "UTIL-7"}),
    ("pushed", {"sha": HEAD}),
    ("judged", {"run_id": 7002, "conclusion": "success"}),
    ("published", {}),
]
DIFF = "--- a/lib/gatherers/x.rb\n+++ b/lib/gatherers/x.rb\n@@ -1 +1 @@\n-a\n+b\n"


def chained(told: list[tuple[str, EventData]]) -> tuple[Event, ...]:
    events: list[Event] = []
    for kind, data in told:
        events.append(link(events[-1] if events else None, NOW, kind, data))
    return tuple(events)


def healed(**fields: Any) -> receipt.Receipt:
    """Give the receipt of a case that was healed at its first attempt."""
    green = make_run(run_id=7002, sha=HEAD, mode=GateMode.VERIFY)
    attempt = Attempt(
        number=1,
        agent="relocate",
        changes=("table#bills became table#statements",),
        diff=DIFF,
        head_sha=HEAD,
        run=green,
        verdict=Verdict(conclusion=Conclusion.SUCCESS, why="green"),
        spend=Spend(usd=0.5, turns=3),
    )
    red = Diagnosis(run=make_run(), verdict=Verdict(conclusion=Conclusion.FAILURE, why="red"), failure=make_failure())
    case = make_case(
        **{
            "state": State.PUBLISHED,
            "base_sha": SHA,
            "head_sha": HEAD,
            "diagnosis": red,
            "attempts": (attempt,),
            "pull_request": PullRequest(number=1, url="https://github.example/pull/1", state="open", head_sha=HEAD),
            **fields,
        }
    )
    checks = (Check(name="count", passed=True, detail="6 bills"),)
    reports = {7001: make_report(), 7002: make_report(run_id=7002, sha=HEAD, checks=checks, bills=6, logins_used=1)}
    return receipt.write(case, chained(TOLD), reports, {"importer-healer": "1"})


def test_receipt_tells_what_a_reviewer_asks() -> None:
    """Failure, change, both runs with their checks, cost, logins and people are in it."""
    found = healed()
    assert found.broke
    assert found.broke.signature == make_failure().signature
    assert found.change
    assert found.change.files == ("lib/gatherers/x.rb",)
    assert found.red
    assert (found.red.conclusion, found.red.sha) == (Conclusion.FAILURE, SHA)
    assert found.green
    assert (found.green.checks, found.green.bills) == ({"count": True}, 6)
    assert (found.spend.usd, found.logins_used, found.people) == (0.5, 2, ("alice",))


def test_statement_is_read_back_and_holds() -> None:
    """A receipt that nobody touched has no findings, and its subject is the branch head."""
    told = receipt.read(receipt.statement(healed(), "acme/importers"))
    assert told.predicate == healed()
    assert told.subject == ({"name": "acme/importers#UTIL-101", "digest": {"gitCommit": HEAD}},)
    assert list(receipt.findings(told)) == []


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("predicate", "events", 3, "data", "sha"), SHA, "chain is broken at event 4"),
        (("predicate", "chain"), "0" * 64, "last hash"),
        (("predicate", "people"), [], "people"),
        (("predicate", "people"), ["alice", "mallory"], "people"),
        (("predicate", "head_sha"), SHA, "branch head"),
        (("predicate", "green", "sha"), SHA, "green run"),
        (("predicate", "green", "run_id"), 1, "judged"),
        (("predicate", "green", "checks", "count"), False, "check"),
        (("predicate", "state"), "merged", "state"),
        (("subject", 0, "digest"), {"gitCommit": SHA}, "subject"),
        (("predicate", "events"), [], "last hash"),
    ],
)
def test_what_does_not_hold_is_named(path: tuple[Any, ...], value: Any, named: str) -> None:
    """Each fact that the events do not bear out is named in words."""
    content = json.loads(receipt.statement(healed(), "acme/importers"))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    findings = "; ".join(receipt.findings(receipt.read(json.dumps(content).encode())))
    assert named in findings


def test_what_is_masked_leaves_the_chain_whole() -> None:
    """What was written before it had to be masked is masked in the receipt, which still holds and says which events those are."""
    hide, told = Redactor(personal=True).text, [*TOLD, ("retried", {"by": "jane.doe@utility.example"}), TOLD[-1]]
    written = receipt.write(make_case(state=State.PUBLISHED, head_sha=HEAD), chained(told), {}, {}, hide)
    payload = receipt.statement(written, "acme/importers")
    assert hide(payload.decode()) == payload.decode()
    read = receipt.read(payload)
    assert (read.predicate.masked, read.predicate.people) == ((7,), ("alice", "***"))
    assert list(receipt.findings(read)) == []


def test_masking_hides_no_other_change() -> None:
    """Of a masked event the place in the chain is judged; any other event is judged whole."""
    content = json.loads(receipt.statement(healed(), "acme/importers"))
    content["predicate"]["masked"] = [2]
    content["predicate"]["events"][1]["previous"] = "0" * 64
    assert "chain is broken at event 2" in "; ".join(receipt.findings(receipt.read(json.dumps(content).encode())))
    content["predicate"]["masked"] = [1, 2]
    content["predicate"]["events"][1]["hash"] = "0" * 64
    assert list(receipt.findings(receipt.read(json.dumps(content).encode())))


def test_case_without_a_branch_is_bound_to_its_chain() -> None:
    """Where nothing was pushed the subject is the hash of the last event."""
    case = make_case(state=State.NOT_FIXED)
    written = receipt.write(case, chained([("received", {}), ("not_fixed", {"reason": "SITE_DOWN"})]), {}, {})
    told = receipt.read(receipt.statement(written, "acme/importers"))
    assert told.subject[0]["digest"] == {"sha256": written.chain}
    assert list(receipt.findings(told)) == []


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"_type": "https://in-toto.io/Statement/v1"}'])
def test_other_payloads_are_refused(payload: bytes) -> None:
    """What is no receipt of version 1 is refused."""
    with pytest.raises(Rejected, match="version 1"):
        receipt.read(payload)
