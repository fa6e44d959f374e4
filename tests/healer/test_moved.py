"""Whether a published case's change is put on a base branch that has moved."""

import pytest

from factories import NOW, SHA, make_case, make_importer
from healer import moved
from healer.contracts import Attempt, Event, PullRequest, State
from healer.moved import Base, Move, follows

OURS, OLD, THEIRS = "b" * 40, "c" * 40, "d" * 40
IMPORTER = make_importer()


def pull(head=OURS, state="open"):
    return PullRequest(number=4, url="https://github.example/pull/4", state=state, head_sha=head)


def case(**fields):
    attempts = (Attempt(number=1, head_sha=OLD, diff="x"), Attempt(number=2, head_sha=OURS, diff="y"))
    return make_case(**{"state": State.PUBLISHED, "head_sha": OURS, "base_sha": SHA, "attempts": attempts, **fields})


def base(*paths, conflicts=False):
    return Base(head="e" * 40, paths=paths, conflicts=conflicts)


@pytest.mark.parametrize(
    ("beside", "wanted"),
    [
        (None, None),
        (base("README.md", "lib/gatherers/voltara.rb"), None),
        (base("lib/gatherers/brightwater.rb"), Move.REBASE),
        (base(conflicts=True), Move.REBASE),
        (base(*(f"f{n}" for n in range(moved.MOST_FILES))), Move.REBASE),
    ],
)
def test_only_a_conflict_or_a_change_of_the_importers_own_files_is_a_reason(beside, wanted):
    """The base branch's going on costs no gate run; a list of files that GitHub has cut may hold any file."""
    assert follows(case(), pull(), beside, IMPORTER, ()) is wanted


def test_a_persons_commit_is_never_touched_and_that_is_said_once():
    """With a head that is not ours the branch is theirs, whatever the base does."""
    said = Event(seq=1, at=NOW, kind=moved.HANDS_OFF, previous="0" * 64, hash="0" * 64)
    assert follows(case(), pull(THEIRS), base(conflicts=True), IMPORTER, ()) is Move.HANDS_OFF
    assert follows(case(), pull(THEIRS), None, IMPORTER, ()) is Move.HANDS_OFF
    assert follows(case(), pull(THEIRS), base(conflicts=True), IMPORTER, (said,)) is None


def test_a_head_that_github_shows_late_is_waited_for():
    """An earlier head of ours is nobody's commit, and no head to rebase from."""
    assert follows(case(), pull(OLD), base(conflicts=True), IMPORTER, ()) is None


@pytest.mark.parametrize(
    ("state", "shown"), [(State.MERGED, "open"), (State.PUBLISHED, "closed"), (State.PUBLISHED, "merged")]
)
def test_only_a_published_case_with_an_open_pull_request_is_looked_at(state, shown):
    """Whatever is merged, closed or at work is nothing to rebase."""
    assert not moved.is_open(case(state=state), pull(state=shown))
    assert moved.is_open(case(), pull())
    assert not moved.is_open(case(), None)


def test_the_change_is_told_as_the_earlier_attempts():
    """The new attempt has the words of the one that it repeats, the diff on the new base, and no head or verdict yet."""
    again = moved.again(case(), 5, "z")
    assert (again.number, again.diff, again.rebased, again.head_sha, again.verdict) == (5, "z", True, None, None)
