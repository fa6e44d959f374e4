"""Rules of autonomy: what raises an importer's level, what lowers it, and what people say about it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_importer
from healer.autonomy import (
    LADDER,
    PLAIN,
    TOO_OFTEN,
    WINDOW,
    Deed,
    Earned,
    Outcome,
    Word,
    earned,
    of_case,
    outcomes,
    words,
)
from healer.chain import link
from healer.contracts import Autonomy

OBSERVE, BRANCH, DRAFT, PULL_REQUEST = LADDER
GOOD, TURNED_DOWN, FAILED, SHOWN = Deed.ACCEPTED, Deed.REJECTED, Deed.FAILED, Deed.PUBLISHED
DAY = timedelta(days=1)


def told(*deeds: Deed, days: int = 200) -> list[Outcome]:
    """Give deeds of one case each, a day apart, the first one so many days ago."""
    return [Outcome(case=f"UTIL-{n}", deed=deed, at=NOW - days * DAY + n * DAY) for n, deed in enumerate(deeds, 1)]


def found(start: Autonomy, *deeds: Deed, word: Word | None = None, days: int = 200) -> Earned:
    return earned(make_importer(autonomy=start), told(*deeds, days=days), word, NOW)


def said(level: Autonomy | None, *, held: bool = False, days: int = 0) -> Word:
    return Word(level=level, held=held, by="alice", reason="the portal is new", at=NOW - days * DAY)


@pytest.mark.parametrize(
    ("start", "deeds", "level"),
    [
        (DRAFT, [], DRAFT),
        (DRAFT, [GOOD], DRAFT),
        (DRAFT, [GOOD, GOOD], PULL_REQUEST),
        (DRAFT, [GOOD, TURNED_DOWN, GOOD], BRANCH),
        (OBSERVE, [GOOD] * 6, PULL_REQUEST),
        (PULL_REQUEST, [TURNED_DOWN], DRAFT),
        (PULL_REQUEST, [FAILED, FAILED], BRANCH),
        (PULL_REQUEST, [TURNED_DOWN] * 9, OBSERVE),
        (PULL_REQUEST, [TURNED_DOWN, GOOD, GOOD], PULL_REQUEST),
        (PULL_REQUEST, [GOOD, GOOD, GOOD, TURNED_DOWN], DRAFT),
    ],
)
def test_two_good_healings_in_a_row_raise_and_one_bad_one_lowers(start, deeds, level):
    """Each step is one level; good ones above the top are not saved up, and a bad one begins the row anew."""
    assert found(start, *deeds).level is level


def test_reason_names_the_case_that_moved_it():
    """Who sees a level sees why it is that one: as written, raised or lowered by which case."""
    assert found(DRAFT).why == PLAIN
    assert found(DRAFT, GOOD, GOOD).why.endswith("merged and confirmed, UTIL-2 the last.")
    assert found(DRAFT, TURNED_DOWN).why == "Lowered: the pull request of UTIL-1 was closed without a merge."
    assert found(DRAFT, FAILED).why == "Lowered: production failed with the merged change of UTIL-1."
    assert words(found(DRAFT, FAILED)).startswith("branch (began as draft). Lowered: ")
    assert words(found(DRAFT)) == f"draft. {PLAIN}"


def test_healing_too_often_costs_a_level_until_it_lies_back():
    """So many published cases in the window lower by one, however good they were; one case published twice is one."""
    often = [SHOWN] * TOO_OFTEN
    assert found(PULL_REQUEST, *often, days=30).level is DRAFT
    assert f"healed {TOO_OFTEN} times in {WINDOW.days} days" in found(PULL_REQUEST, *often, days=30).why
    assert found(PULL_REQUEST, *often, days=WINDOW.days + TOO_OFTEN).level is PULL_REQUEST
    again = [one.model_copy(update={"case": "UTIL-1"}) for one in told(*often, days=30)]
    assert earned(make_importer(), again, None, NOW).level is PULL_REQUEST
    assert found(OBSERVE, *often, days=30).level is OBSERVE


def test_a_persons_word_is_where_it_begins_anew():
    """What was before a word does not count, what comes after does; a held word is not moved; a withdrawn one was never said."""
    assert found(PULL_REQUEST, TURNED_DOWN, word=said(PULL_REQUEST)).level is PULL_REQUEST
    assert found(PULL_REQUEST, GOOD, GOOD, word=said(BRANCH, days=300)).level is DRAFT
    assert found(PULL_REQUEST, GOOD, GOOD, word=said(BRANCH, held=True, days=300)).level is BRANCH
    assert found(PULL_REQUEST, TURNED_DOWN, word=said(None)).level is DRAFT
    assert "Set by alice on 2026-11-24: the portal is new" in found(PULL_REQUEST, word=said(BRANCH, held=True)).why


@given(st.sampled_from(LADDER), st.lists(st.sampled_from([GOOD, TURNED_DOWN, FAILED])), st.randoms())
def test_order_of_reading_does_not_matter(start, deeds, shuffled):
    """Chains are read in any order; what happened when decides."""
    mixed = told(*deeds)
    shuffled.shuffle(mixed)
    assert earned(make_importer(autonomy=start), mixed, None, NOW) == found(start, *deeds)


def test_deeds_are_read_from_the_chain():
    """Published, confirmed, turned down, and failed in production are deeds; what else happens to a case is none."""
    kinds = [
        "received",
        "published",
        "merged",
        "needs_engineer",
        "retried",
        "published",
        "confirmed",
        "closed_unmerged",
    ]
    data = {"needs_engineer": {"reason": "NOT_CONFIRMED"}}
    events = [link(None, NOW, kind, data.get(kind, {})) for kind in kinds]
    assert [one.deed for one in outcomes("UTIL-1", events)] == [SHOWN, FAILED, SHOWN, GOOD, TURNED_DOWN]
    assert not list(outcomes("UTIL-1", [link(None, NOW, "needs_engineer", {"reason": "ATTEMPTS_SPENT"})]))


@pytest.mark.parametrize(
    ("level", "then"), [(OBSERVE, DRAFT), (BRANCH, DRAFT), (DRAFT, DRAFT), (PULL_REQUEST, PULL_REQUEST)]
)
def test_asked_for_is_a_draft_at_least(level, then):
    """A person who asks for one held-back pull request gets a draft, and no more than the importer has earned."""
    asked = [link(None, NOW, "publish_asked", {"by": "alice"})]
    assert of_case(found(level), asked).level is then
    assert of_case(found(level), []) == found(level)
