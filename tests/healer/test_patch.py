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


@pytest.mark.parametrize(("changes", "diff"), [([], "diff"), ([GOOD], " \n")])
def test_no_work_is_refused_as_empty(changes, diff):
    """Nothing changed is a refusal of its own."""
    assert [refusal.code for refusal in accept(changes, diff, ANSWER, make_importer())] == ["empty"]
