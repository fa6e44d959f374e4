"""What a person is told who asks where a case stands."""

import pytest

from factories import NOW, make_case, make_importer, make_run
from healer.chain import link
from healer.contracts import Attempt, Conclusion, LoginStanding, Reason, State, Verdict
from healer.explain import explain

RED = Verdict(conclusion=Conclusion.FAILURE, why="rake fetch ended with source_changed")


@pytest.mark.parametrize("state", State)
def test_every_state_is_explained(state):
    """Where it stands, what comes next and which commands it would obey are told in every state."""
    text = explain(make_case(state=state, reason=Reason.ATTEMPTS_SPENT), (), make_importer())
    assert text.startswith(f"# UTIL-101: brightwater is {state.value.replace('_', ' ')}\n")
    assert "**What comes next.** " in text
    assert "**Commands that it would obey now.** " in text
    assert "{owner}" not in text


def test_unhealed_case_says_why_who_acts_and_what_was_tried():
    """Reason, evidence, owner and each attempt since the case was begun again are in it; older attempts are not."""
    attempts = (
        Attempt(number=1, refusals=("path: old",)),
        Attempt(number=4, run=make_run(run_id=7004, attempt=4), verdict=RED),
        Attempt(number=5, refusals=("path: no",)),
    )
    case = make_case(
        state=State.NEEDS_ENGINEER, reason=Reason.ATTEMPTS_SPENT, reason_text="3 failed.", attempts=attempts, first=3
    )
    events = (link(None, NOW, "budget_raised", {"by": "alice", "attempts": 2}),)
    text = explain(case, events, make_importer())
    for part in (
        "**Why (ATTEMPTS_SPENT).** 3 failed.",
        "an engineer of water-team",
        "Attempts since it was begun again: 2, 2 allowed beyond",
        "4: failure, rake fetch ended with source\\_changed ([run 7004]",
        "5: refused by the guard: path: no",
        "budget raised by alice",
        "`take`, `retry`, `budget`",
    ):
        assert part in text
    assert "path: old" not in text


def test_logins_are_told():
    """How the logins of the importer stand is told as far as it is known."""
    stands = LoginStanding(ref="brightwater-main", used=2, ceiling=6, next_at=NOW)
    text = explain(make_case(), (), make_importer(), [stands])
    assert "**Logins.**\n- brightwater-main: 2 of 6 used, next at 2026-11-24 10:00 UTC\n" in text
    assert "Logins" not in explain(make_case(), (), None)


def test_next_look_is_told():
    """A case that wakes by itself says when."""
    case = make_case(state=State.NOT_FIXED, reason=Reason.SITE_DOWN, next_check=NOW)
    assert "Next look: 2026-11-24 10:00 UTC." in explain(case, (), None)


def test_foreign_text_is_no_markup():
    """What a portal, an agent or a person wrote shows as it reads, and is no link, mention or HTML."""
    hostile = "<b>@all</b> [x](http://evil.example)"
    attempts = (Attempt(number=1, refusals=(hostile,)),)
    case = make_case(state=State.STOPPED, reason_text=hostile, attempts=attempts)
    text = explain(case, (link(None, NOW, "stopped", {"by": hostile}),), None)
    for acting in ("<b>", "@all", "[x]", "http://evil"):
        assert acting not in text


def test_a_waiting_case_tells_its_place():
    """Who asks about a case in the line learns that it waits, why, and its place."""
    case = make_case(state=State.QUEUED, reason=Reason.OVER_LIMIT, reason_text="As many cases are open as may be.")
    text = explain(case, (), make_importer(), place=3)
    for part in ("is queued", "(OVER_LIMIT)", "As many cases are open", "Its place in the line: 3.", "`stop`"):
        assert part in text
    assert "place" not in explain(make_case(), (), make_importer())
