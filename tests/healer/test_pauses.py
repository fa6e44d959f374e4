"""Rules of pauses: what a list holds back, and that one which cannot be read holds everything back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_case, make_failure, make_run
from healer.contracts import Case, Conclusion, Diagnosis, FailureClass, State, Verdict
from healer.pauses import Pauses, changed, parse
from healer.reconcile import Duty, is_held


def diagnosed(kind: FailureClass = FailureClass.SILENT_WRONG) -> Case:
    verdict = Verdict(conclusion=Conclusion.FAILURE, why="")
    return make_case(diagnosis=Diagnosis(run=make_run(), verdict=verdict, failure=make_failure(kind=kind)))


@pytest.mark.parametrize(
    ("entries", "by"),
    [
        ([], ""),
        (["voltara"], ""),
        (["class:source_changed"], ""),
        (["brightwater"], "brightwater"),
        (["class:silent_wrong"], "class:silent_wrong"),
        (["voltara", "everything"], "everything"),
    ],
)
def test_a_case_is_held_by_its_importer_its_class_or_everything(entries, by) -> None:
    """Each entry holds what it names, and the answer says which one did."""
    assert parse(entries).holds(diagnosed()) == by


def test_class_holds_only_what_was_diagnosed_so() -> None:
    """Before the diagnosis nobody knows the class; the diagnosis itself may be made."""
    assert parse(["class:silent_wrong"]).holds(make_case()) == ""


def test_absent_list_pauses_nothing() -> None:
    """Where nobody has ever paused anything there is no variable."""
    assert parse(None) == Pauses()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).filter(lambda value: value not in (None, []))
)
def test_what_is_no_list_of_entries_pauses_everything(value: Any) -> None:
    """A typing error in the UI stops too much, never too little."""
    paused = parse(value)
    if paused.unreadable:
        assert paused.holds(make_case()).startswith("everything")
    else:
        assert list(paused.entries) == value


@pytest.mark.parametrize(
    "value", ["everything", ["Everything"], ["class:nonsense"], ["a b"], [1], {"a": 1}, [["x"]], ["x\n"]]
)
def test_near_misses_pause_everything(value) -> None:
    """So does what looks nearly right."""
    assert parse(value).unreadable


def test_changes_keep_the_rest_and_everything_clears_all() -> None:
    """Pausing twice is pausing once; resuming one leaves the others; resuming everything leaves none."""
    now = parse(["brightwater", "voltara"])
    assert changed(now, ["brightwater", "class:crashed"], []) == ("brightwater", "voltara", "class:crashed")
    assert changed(now, [], ["voltara"]) == ("brightwater",)
    assert changed(now, [], ["everything"]) == ()


def test_pause_holds_work_and_neither_answers_nor_tickets() -> None:
    """Paused cases are not begun, resumed or woken; people are answered, and ended cases told, all the same."""
    paused, ended = parse(["everything"]), make_case(state=State.NOT_FIXED)
    assert is_held(make_case(state=State.PATCHING), Duty.RESUME, paused)
    assert is_held(make_case(state=State.VERIFYING), Duty.ASK_GITHUB, paused)
    assert is_held(ended, Duty.WAKE, paused)
    assert not is_held(ended, Duty.RESUME, paused)
    assert not is_held(make_case(state=State.PATCHING), Duty.ANSWER, paused)
    assert not is_held(make_case(state=State.PATCHING), Duty.RESUME, Pauses())
