"""The pull request of a verified case."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case, make_failure, make_importer, make_report, make_run
from healer.chain import link
from healer.contracts import (
    Attempt,
    Autonomy,
    Check,
    Conclusion,
    Diagnosis,
    GateMode,
    PullRequest,
    Reason,
    State,
    Verdict,
)
from healer.publish import Action, Addresses, action, body, labels, red_body, red_title, title

ADDRESSES = Addresses(
    case="https://healer.example/v1/cases/UTIL-101",
    ticket="https://jira.example/browse/UTIL-101",
    prefect="https://prefect.example/runs",
)
DIFF = """--- a/lib/gatherers/brightwater.rb
+++ b/lib/gatherers/brightwater.rb
@@ -20,3 +20,3 @@
   def bills
-    page.css("table#bills tbody tr").map do |row|
+    page.css("table#invoices tbody tr").map do |row|
       bill(row)
"""


def a_verified_case(**fields):
    red = Verdict(conclusion=Conclusion.FAILURE, why="red")
    verify = make_run(run_id=7002, mode=GateMode.VERIFY, attempt=2, url="https://github.example/runs/7002")
    attempts = (
        Attempt(number=1, refusals=("path: spec/x_spec.rb may not be changed",)),
        Attempt(
            number=2,
            **{"agent": "relocate", "changes": ("the table has another id",), "diff": DIFF, "run": verify, **fields},
        ),
    )
    return make_case(attempts=attempts, diagnosis=Diagnosis(run=make_run(), verdict=red, failure=make_failure()))


def a_green_report():
    return make_report(
        conclusion=Conclusion.SUCCESS,
        failure=None,
        bills=3,
        sha="b" * 40,
        checks=(Check(name="bills_at_least", passed=True, detail="3 of 3"),),
    )


HEAD = "b" * 40


def a_pull(state="open"):
    return PullRequest(number=5, url="https://github.example/pull/5", state=state, head_sha=HEAD)


@pytest.mark.parametrize(
    ("autonomy", "expected"),
    [
        (Autonomy.OBSERVE, Action.OBSERVE),
        (Autonomy.BRANCH, Action.BRANCH),
        (Autonomy.DRAFT, Action.OPEN_DRAFT),
        (Autonomy.PULL_REQUEST, Action.OPEN),
    ],
)
def test_autonomy_says_how_far_the_healer_goes(autonomy, expected):
    """Each level has its own action, also where the one pull request is open already."""
    assert action(autonomy, None, HEAD) is expected
    assert action(autonomy, a_pull(), HEAD) is expected


@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_person_who_closed_it_has_the_last_word(autonomy):
    """A closed pull request is never opened again, a merged one never repeated."""
    assert action(autonomy, a_pull("closed"), HEAD) is Action.LEAVE_CLOSED
    assert action(autonomy, a_pull("merged"), HEAD) is Action.LEAVE_MERGED


def test_an_earlier_merge_does_not_stand_in_the_way():
    """Where a merged change did not hold, the next one gets a pull request of its own."""
    assert action(Autonomy.PULL_REQUEST, a_pull("merged"), "e" * 40) is Action.OPEN


def test_receipt_tells_the_story_in_about_twenty_lines():
    """It names what broke, the line before and after, what proves it, how it came here, and where to look."""
    text = body(a_verified_case(), make_importer(), a_green_report(), ADDRESSES)
    for part in (
        "at step 3: `nothing matches table#bills tbody tr` (`lib/gatherers/brightwater.rb:21`)",
        '| `page.css("table#bills tbody tr").map do ¦row¦` | `page.css("table#invoices tbody tr").map do ¦row¦` |',
        "- the table has another id",
        "| `bills_at_least` | passed | 3 of 3 |",
        "[gate on this branch](https://github.example/runs/7002) ran `bbbbbbbbbbbb`",
        "- Attempt 1: refused by the guard: path: spec/x\\_spec.rb may not be changed",
        f"[ticket]({ADDRESSES.ticket})",
        f"[case]({ADDRESSES.case})",
        f"[runs in Prefect]({ADDRESSES.prefect})",
    ):
        assert part in text
    assert 15 <= len(text.splitlines()) <= 30


def test_a_reviewer_reads_since_when_bills_are_late():
    """From the last good fetch, where one is known, and of how many bills; else from the ticket's coming at the latest."""
    admitted = link(
        None, NOW, "ticket_admitted", {"last_good": (NOW - timedelta(days=3)).timestamp(), "last_good_bills": 1}
    )
    verified = a_verified_case(), make_importer(), a_green_report(), ADDRESSES
    known, unknown = body(*verified, [admitted]), body(*verified, [link(None, NOW, "ticket_admitted", {})])
    assert "**Bills delayed:** since the last good fetch on 2026-11-21 10:00 UTC, which brought 1 bill." in known
    assert "**Bills delayed:** since 2026-11-24 10:00 UTC at the latest, when the ticket came." in unknown


def test_a_rebased_change_says_so():
    """The reviewer is told that the base had moved, onto which commit the change was put, and that it was proved there."""
    case = a_verified_case(rebased=True).model_copy(update={"base_sha": "e" * 40})
    told = body(case, make_importer(), a_green_report(), ADDRESSES)
    assert "the change of attempt 1 on `eeeeeeeeeeee`, judged by the guard and proved by the gate again" in told
    assert "had moved" not in body(a_verified_case(), make_importer(), a_green_report(), ADDRESSES)


def test_a_red_draft_says_first_that_it_is_red():
    """Title, first lines and the gate run say that the change was refused; texts that are not ours do nothing there either."""
    case = a_verified_case(diagnosis="@all [x](https://evil.example)").model_copy(
        update={"reason": Reason.SAME_FAILURE, "reason_text": "<img src=x> @acme/all", "state": State.NEEDS_ENGINEER}
    )
    text = red_body(case, make_importer(), case.attempts[-1], ADDRESSES)
    assert text.startswith("### Not healed (SAME_FAILURE)\n**The gate has refused this change.")
    assert "[Its gate run](https://github.example/runs/7002) is red" in text
    assert "This is attempt 2, the best of 2" in text
    for acting in ("@all", "@acme", "<img", "https://evil"):
        assert acting not in text
    assert "RED" in red_title(case)


def test_title_and_labels_find_the_case():
    """Ticket and importer are in the title; importer and class of failure in the labels."""
    assert title(a_verified_case()) == "UTIL-101: heal brightwater"
    assert labels(a_verified_case()) == (
        "importer-healer",
        "importer:brightwater",
        "class:source_changed",
    )
    assert labels(make_case()) == ("importer-healer", "importer:brightwater")


def test_long_change_is_cut_and_says_so():
    """A reviewer sees the first lines and how many there are more."""
    lines = "".join(f"-old {n}\n+new {n}\n" for n in range(9))
    diff = f"--- a/x.rb\n+++ b/x.rb\n@@ -1,9 +1,9 @@\n{lines}"
    assert "and 3 more lines." in body(a_verified_case(diff=diff), make_importer(), a_green_report(), ADDRESSES)


@given(st.text(max_size=400))
def test_agents_words_cannot_act(words):
    """Whatever the agent says, no mention, image, tag or foreign link appears in the receipt."""
    hostile = words + " @octocat closes #1 <img src=x> ![i](https://evil.example/i) [l](https://evil.example)"
    case = a_verified_case(diagnosis=hostile, changes=(hostile,), agent=hostile)
    text = body(case, make_importer(), a_green_report(), ADDRESSES)
    for acting in ("@", "<img", "![", "](https://evil", "#1"):
        assert acting not in text
