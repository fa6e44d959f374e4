"""From an agent's work to a patch."""

import pytest

from factories import make_importer
from healer.contracts import AgentAnswer, FileChange, Patch
from healer.patch import accept

ANSWER = AgentAnswer(agent="relocate", diagnosis="the table moved")
GOOD = FileChange(
    path="lib/gatherers/brightwater.rb",
    status="modified",
    old_mode="100644",
    new_mode="100644",
    old_text='class A\n  X = "td.a"\nend\n',
    new_text='class A\n  X = "td.b"\nend\n',
)


def test_work_that_nothing_refuses_is_a_patch():
    """A patch has the diff, the files and what the agent said."""
    assert accept([GOOD], "diff", ANSWER, make_importer()) == Patch(diff="diff", files=(GOOD.path,), answer=ANSWER)


def test_work_that_the_guard_refuses_is_its_refusals():
    """A change outside the importer's files is refused as a whole."""
    refusals = accept([GOOD, GOOD.model_copy(update={"path": "Gemfile"})], "diff", ANSWER, make_importer())
    assert {refusal.path for refusal in refusals} == {"Gemfile"}


def test_a_review_may_only_tighten():
    """What a review rejects is refused beside whatever the guard refuses; what it accepts the guard judges as ever."""
    rejected = ANSWER.model_copy(update={"rejected_because": "another table"})
    foreign = GOOD.model_copy(update={"path": "Gemfile"})
    assert [(r.code, r.detail) for r in accept([GOOD], "diff", rejected, make_importer())] == [
        ("review", "another table")
    ]
    codes = {refusal.code for refusal in accept([foreign], "diff", rejected, make_importer())}
    assert {"outside_paths", "review"} <= codes


@pytest.mark.parametrize(("changes", "diff"), [([], "diff"), ([GOOD], " \n")])
def test_no_work_is_refused_as_empty(changes, diff):
    """Nothing changed is a refusal of its own."""
    assert [refusal.code for refusal in accept(changes, diff, ANSWER, make_importer())] == ["empty"]
