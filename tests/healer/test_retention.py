"""Rules of what may be forgotten: nothing that is open, with people, or without its receipt."""

import hashlib
from datetime import timedelta

import pytest

from factories import NOW, make_case
from healer.chain import link
from healer.contracts import ENDED, State
from healer.reconcile import RECEIPT_WRITTEN
from healer.retention import is_due, is_kept

KEPT = {State.PUBLISHED, State.MERGED, State.TAKEN}


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_over_is_forgotten(state):
    """However old a case is: in every other state somebody still has something to do with it."""
    old = make_case(state=state, updated_at=NOW - timedelta(days=5000))
    assert is_due(old, NOW, 400) is (state in ENDED - KEPT)


@pytest.mark.parametrize(
    ("days", "age", "fields", "due"),
    [(400, 401, {}, True), (400, 399, {}, False), (0, 5000, {}, False), (400, 401, {"next_check": NOW}, False)],
)
def test_age_counts_from_the_last_write_and_wakes_are_waited_for(days, age, fields, due):
    """No setting forgets nothing; a case that will wake is not over."""
    case = make_case(state=State.NOT_FIXED, updated_at=NOW - timedelta(days=age), **fields)
    assert is_due(case, NOW, days) is due


def test_receipt_must_be_the_one_that_the_chain_ends_with():
    """A receipt that is gone, another one, or one after which something happened does not hold all."""
    first = link(None, NOW, "received", {})
    written = link(first, NOW, RECEIPT_WRITTEN, {"sha256": hashlib.sha256(b"signed").hexdigest()})
    after = link(written, NOW, "late", {})
    assert is_kept((first, written), "signed")
    assert not is_kept((first, written), "other")
    assert not is_kept((first, written), None)
    assert not is_kept((first, written, after), "signed")
    assert not is_kept((), "signed")
