"""When an agent goes in circles."""

from hypothesis import given
from hypothesis import strategies as st

from healer.stuck import IDLE, SAME, TURNS, Call, stuck

READ, EDIT = Call("Read", "a"), Call("Edit", "b", edits=True)
FAILS = Call("Edit", "x", "not found")


def test_the_same_failure_three_times_is_stuck():
    """Two are not; a different error in between is not; success is not."""
    assert stuck([FAILS] * SAME) == "the same call failed alike 3 times: Edit"
    assert stuck([FAILS] * (SAME - 1)) is None
    assert stuck([FAILS, FAILS._replace(error="denied"), FAILS]) is None
    assert stuck([READ] * SAME) is None


def test_two_calls_in_turns_are_stuck():
    """Back and forth three times is stuck, also where each goes well."""
    back = EDIT._replace(asked="c")
    assert stuck([EDIT, back] * (TURNS // 2)) == "two calls in turns, 3 times each: Edit and Edit"
    assert stuck([EDIT, back] * (TURNS // 2 - 1)) is None


def test_looking_without_ever_changing_anything_is_stuck():
    """As many calls as that without an edit are too many; an edit among the last ones is a sign of progress."""
    looks = [Call("Read", str(n)) for n in range(IDLE)]
    assert stuck(looks) == f"no edit in {IDLE} calls"
    assert stuck([*looks[1:], EDIT]) is None


@given(st.integers(1, IDLE - 1))
def test_different_calls_that_go_well_are_never_stuck(count):
    """An agent that reads page after page is at work."""
    assert stuck([Call("Read", str(n)) for n in range(count)]) is None
