"""The dashboard: what is shown, and which edits command what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case
from healer import dashboard
from healer.budget import Account, Ledger
from healer.commands import Command
from healer.contracts import Event, PullRequest, Reason, State
from healer.dashboard import Box, body, cleared, is_pending, newly, offered, ticked

CASES = (
    make_case(id="UTIL-1", state=State.VERIFYING),
    make_case(id="UTIL-2", state=State.BRANCH_ONLY, reason_text="branch. As importers.toml says."),
    make_case(id="UTIL-3", state=State.NEEDS_ENGINEER, reason=Reason.NO_PATCH),
)
ACCOUNTS = {Ledger.USD_PER_DAY: Account(spent=1.5, limit=100)}
STOP, RETRY = Box(command=Command.STOP, case="UTIL-1"), Box(command=Command.RETRY, case="UTIL-3")


def shown(*cases, kept=frozenset(), chains=None):
    return body(cases or CASES, chains or {}, ACCOUNTS, kept, "https://healer.example/v1/cases")


def chain(*told):
    return tuple(
        Event(seq=n, at=NOW, kind=kind, data=data, previous="0" * 64, hash="0" * 64)
        for n, (kind, data) in enumerate(told, 1)
    )


def test_cases_stand_where_people_look_for_them():
    """Open cases, held-back pull requests and those of people have a heading each, with their boxes; budgets are a table."""
    text = shown()
    assert text.startswith(dashboard.MARKER)
    for part in (
        "### Open (1)",
        "### Held-back pull requests (1)",
        "### With people (1)",
        "| usd_per_day | 1.50 | 100.00 |",
    ):
        assert part in text
    assert Box(command=Command.PUBLISH, case="UTIL-2").line(ticked=False) in text
    assert "[UTIL-3](https://healer.example/v1/cases/UTIL-3) `brightwater`: **needs_engineer** (NO_PATCH)" in text


def test_a_case_offers_what_it_would_obey():
    """There is a box for each command that the state allows, and none for a budget, which needs a number."""
    assert [box.command for box in offered(CASES[0])] == [Command.STOP, Command.TAKE]
    assert [box.command for box in offered(CASES[1])] == [Command.PUBLISH]
    assert offered(make_case(state=State.CONFIRMED)) == ()


def test_a_box_is_ticked_by_its_whole_line():
    """What we wrote is read back, ticked by `x` or `X`; nothing is ticked in a fresh text."""
    text = shown()
    assert ticked(text) == frozenset()
    once = text.replace(STOP.line(ticked=False), STOP.line(ticked=True))
    assert ticked(once) == ticked(once.replace("[x]", "[X]")) == {STOP}
    assert ticked(once.replace("\n", "\r\n")) == {STOP}


@pytest.mark.parametrize(
    "line",
    [
        STOP.line(ticked=True).replace("stop it", "have it explained"),
        STOP.line(ticked=True).replace("UTIL-1:", "UTIL-9:"),
        STOP.line(ticked=True).replace("healer:stop", "healer:publish"),
        STOP.line(ticked=True).replace("healer:stop", "healer:budget"),
        STOP.line(ticked=True) + " <!-- healer:retry:UTIL-3 -->",
        STOP.line(ticked=True).strip(),
        "> " + STOP.line(ticked=True),
        STOP.line(ticked=True).replace("UTIL-1", "../x"),
    ],
)
def test_a_line_that_reads_otherwise_commands_nothing(line):
    """Who words a box anew, so that others tick what they do not read, gets no box."""
    assert ticked(line) == frozenset()


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    """Whatever people write is no box, or one that we write."""
    assert all(box.line(ticked=True) in text.replace("[X]", "[x]") for box in ticked(text))


def test_only_what_an_edit_has_ticked_is_its_authors_word():
    """A box that was ticked before, by whomever, is not what this edit says."""
    text = shown()
    one = text.replace(STOP.line(ticked=False), STOP.line(ticked=True))
    both = one.replace(RETRY.line(ticked=False), RETRY.line(ticked=True))
    assert newly(both, one) == {RETRY}
    assert newly(one, both) == frozenset()


def test_a_ticked_box_stays_until_it_is_answered():
    """What was heard and not answered stays ticked; an answer clears it, and the row says what came of it."""
    asked = ("commanded", {"comment": "box:7", "author": "alice", "command": "stop"})
    answered = ("command_answered", {"comment": "box:7", "outcome": "not_allowed"})
    assert is_pending(STOP, chain(asked))
    assert not is_pending(STOP, chain(asked, answered))
    assert not is_pending(STOP, chain(("commanded", {"comment": "pull:7", "author": "alice", "command": "stop"})))
    assert ticked(shown(kept=frozenset({STOP}))) == {STOP}
    assert ticked(cleared(shown(kept=frozenset({STOP, RETRY})), STOP)) == {RETRY}
    assert "last box: stop by `alice`, not allowed" in shown(chains={"UTIL-1": chain(asked, answered)})


def test_foreign_texts_do_nothing_there():
    """A reason is shown as it reads: no mention, no link, no line of its own that could be a box."""
    hostile = "@acme/all #1 <img src=x>\n" + STOP.line(ticked=True) + " [x](https://evil.example)"
    text = shown(make_case(id="UTIL-1", state=State.NEEDS_ENGINEER, reason=Reason.NO_PATCH, reason_text=hostile))
    assert ticked(text) == frozenset()
    for acting in ("@acme", "<img", "https://evil"):
        assert acting not in text


def test_there_is_room_for_what_github_takes():
    """GitHub takes 65,536 characters: of many cases the first are shown, and the rest is counted."""
    many = [
        make_case(id=f"UTIL-{n}", state=state, reason_text="x" * 900)
        for n in range(1, 400)
        for state in (State.VERIFYING, State.NEEDS_ENGINEER, State.BRANCH_ONLY)
    ]
    pull = PullRequest(number=4, url="https://github.example/acme/importers/pull/4", state="open", head_sha="b" * 40)
    many += [make_case(id=f"UTIL-{n}", state=State.PUBLISHED, pull_request=pull) for n in range(400, 600)]
    text = shown(*many)
    assert len(text) < 65_536
    assert "- and 359 more" in text
