"""Who may approve what an agent wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.approval import Review, is_steering, judge

HEAD, OLD = "a" * 40, "b" * 40


def review(login="ann", state="APPROVED", commit=HEAD, *, is_person=True) -> Review:
    return Review(login, state, commit, is_person)


@pytest.mark.parametrize(
    ("reviews", "given_", "word"),
    [
        ([review()], True, "ann approved"),
        ([review("Ann"), review("bob", "COMMENTED")], True, "ann approved"),
        ([], False, "Nobody"),
        ([review(commit=OLD)], False, "earlier commit"),
        ([review(is_person=False)], False, "Nobody"),
        ([review(), review(state="DISMISSED")], False, "Nobody"),
        ([review(), review("bob", "CHANGES_REQUESTED", OLD)], False, "bob asked for changes"),
        ([review(state="CHANGES_REQUESTED"), review()], True, "ann approved"),
        ([review("Author")], False, "somebody else"),
        ([review("asker")], False, "somebody else"),
    ],
)
def test_only_an_outsiders_approval_of_this_head_counts(reviews, given_, word):
    """The last word of each person about this very commit counts; who wrote or asked for it is no judge of it."""
    told = judge(HEAD, ["author", "Asker"], reviews)
    assert told.given is given_
    assert word in told.why


@given(
    st.lists(
        st.builds(
            review, st.sampled_from(["author", "bot", "ann"]), st.sampled_from(["APPROVED", "COMMENTED", "DISMISSED"])
        )
    )
)
def test_without_an_outsider_nothing_is_approved(reviews):
    """Whatever is reviewed, in any order: without a person from outside the head is not approved."""
    assert judge(HEAD, ["author", "ann", "bot"], reviews).given is False


@pytest.mark.parametrize(
    ("comment", "steers"),
    [
        ("/healer retry try the new login", True),
        ("  /healer publish", True),
        ("/healer stop", False),
        ("I said /healer retry", False),
    ],
)
def test_who_sends_the_agent_to_work_has_asked_for_the_change(comment, steers):
    """Commands that make it work count as asking; `stop`, `take` and `explain` do not."""
    assert is_steering(comment) is steers
