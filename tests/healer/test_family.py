"""Rules of siblings: who is looked at, how, how often, and what a look may lead to."""

from datetime import timedelta

import pytest

from factories import NOW, SHA, make_case, make_failure, make_importer, make_report, make_run
from healer import family
from healer.contracts import Conclusion, FailureClass, Fetch, GateMode, LoginOutcome, LoginStanding, State, Verdict
from healer.family import Checkup, Look
from healer.vendor import Print

HEALED = make_importer()
OTHER = make_importer(name="voltara", component="importer-voltara", credentials=("voltara-main",))
ALIKE = Print(assets=frozenset({"js/ebill.js"}), fields=frozenset({"custRef", "stmtNo"}))
ORIGIN = make_case(state=State.PUBLISHED)


def checkup(**fields):
    return Checkup(
        **{
            "origin": ORIGIN.id,
            "importer": "voltara",
            "agrees": ("assets",),
            "run": make_run(dispatched_at=NOW),
            **fields,
        }
    )


def test_siblings_are_those_whose_pages_agree():
    """An importer is no sibling of itself; who shows nothing is nobody's."""
    third = make_importer(name="halden")
    found = family.siblings(HEALED, [HEALED, OTHER, third], {HEALED.name: ALIKE, "voltara": ALIKE})
    assert [(one.importer, one.agrees) for one in found] == [("voltara", ("assets", "fields"))]


@pytest.mark.parametrize(
    ("mine", "theirs", "agrees"),
    [("PayWell", "PayWell", ("platform",)), ("PayWell", "Other", ()), ("PayWell", None, ("assets", "fields"))],
)
def test_named_platform_decides_before_pages(mine, theirs, agrees):
    """Where both entries name the software, people have the last word; where one does not, the pages have."""
    one, other = (make_importer(name=name, platform=platform) for name, platform in (("a", mine), ("b", theirs)))
    found = family.siblings(one, [one, other], {"a": ALIKE, "b": ALIKE})
    assert tuple(sibling.agrees for sibling in found) == ((agrees,) if agrees else ())


@pytest.mark.parametrize(
    ("state", "days_ago", "news"),
    [
        (State.PUBLISHED, 1, True),
        (State.MERGED, 7, True),
        (State.CONFIRMED, 8, False),
        (State.VERIFYING, 0, False),
        (State.CLOSED_UNMERGED, 0, False),
        (State.NOT_FIXED, 0, False),
    ],
)
def test_only_a_proved_and_recent_fix_is_news(state, days_ago, news):
    """A change that no gate has proved, or that people turned down, says nothing about others."""
    case = make_case(state=state, updated_at=NOW - timedelta(days=days_ago))
    assert family.is_news(case, NOW, 7) is news


def test_each_healed_case_looks_at_a_sibling_once():
    """One that was looked at, that is in healing, or that production has fetched since the break is spared."""
    well = Fetch(id="f", at=ORIGIN.opened_at + timedelta(hours=1), outcome="fetched", commit=SHA, bills=3)
    ended = make_case(id="UTIL-9", importer="voltara", state=State.NOT_FIXED)
    assert family.spares(OTHER, ORIGIN, [ended], None, [checkup(origin="UTIL-8")]) == ""
    assert family.spares(OTHER, ORIGIN, [ended], well.model_copy(update={"outcome": "failed"}), []) == ""
    assert family.spares(OTHER, ORIGIN, [], well, []) == "production fetches"
    assert family.spares(OTHER, ORIGIN, [], None, [checkup(outcome="works")]) == "looked at"
    at_work = ended.model_copy(update={"state": State.DIAGNOSING})
    assert family.spares(OTHER, ORIGIN, [at_work], None, []) == "has case UTIL-9"


def test_day_has_room_for_so_many():
    """What was sent more than 24 hours ago does not count; without a number nothing is sent."""
    known = [checkup(run=make_run(dispatched_at=NOW - timedelta(hours=hours))) for hours in (1, 23, 25)]
    assert [family.has_room(known, NOW, most) for most in (0, 2, 3)] == [False, False, True]


def probed(hours, outcome="", importer="voltara"):
    return checkup(
        agrees=(), importer=importer, outcome=outcome, run=make_run(dispatched_at=NOW - timedelta(hours=hours))
    )


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ([], Look.ASK),
        ([probed(1)], Look.WAIT),
        ([probed(1, Look.DOWN)], Look.DOWN),
        ([probed(1, "the portal answers")], Look.GO_ON),
        ([probed(1, "not judged")], Look.GO_ON),
        ([probed(4, Look.DOWN)], Look.ASK),
        ([probed(4)], Look.ASK),
        ([probed(1, Look.DOWN, "halden")], Look.ASK),
        ([probed(1, Look.DOWN, "halden"), probed(2, Look.DOWN, "ostrava")], Look.GO_ON),
        ([probed(25, Look.DOWN, "halden"), probed(2, Look.DOWN, "ostrava")], Look.ASK),
        ([probed(25, Look.DOWN), probed(1, Look.DOWN)], Look.GO_ON),
        ([probed(25, Look.DOWN), probed(9, "the portal answers"), probed(1, Look.DOWN)], Look.DOWN),
        ([checkup(outcome=Look.DOWN)], Look.ASK),
    ],
)
def test_what_a_probe_means_for_an_alarm(known, found):
    """A portal that was down lately holds its alarm back, for a day at most; two probes a day are for all; a sibling's run is none."""
    assert family.look("voltara", known, NOW, 3, 2) is found


def test_a_probe_has_no_case_and_takes_no_siblings_room():
    """What stands for its case is named by importer and hour; a sibling's number is not used up by it."""
    assert family.probe_of(OTHER, NOW) == family.probe_of(OTHER, NOW + timedelta(minutes=59))
    assert family.probe_of(OTHER, NOW).id != family.probe_of(OTHER, NOW + timedelta(hours=1)).id
    assert family.has_room([probed(1)], NOW, 1)


@pytest.mark.parametrize(
    ("standing", "mode"),
    [
        ({"used": 0}, GateMode.DIAGNOSE),
        ({"used": 2}, GateMode.DIAGNOSE),
        ({"used": 3}, GateMode.PROBE),
        ({"used": 0, "closed": LoginOutcome.REFUSED}, GateMode.PROBE),
        ({"used": 0, "next_at": NOW}, GateMode.PROBE),
        ({"used": 0, "ceiling": 1}, GateMode.PROBE),
    ],
)
def test_logins_that_healing_may_need_are_left_alone(standing, mode):
    """A look uses a login only where half of them are still there afterwards; one ref that has none to spare is enough to ask without."""
    free = LoginStanding(ref="a", used=0, ceiling=6)
    assert family.mode([free, LoginStanding(**{"ref": "b", "ceiling": 6, **standing})]) is mode


def test_importer_without_a_login_is_asked_without_one():
    """Where no login is known nothing can be fetched."""
    assert family.mode([]) is GateMode.PROBE


@pytest.mark.parametrize(
    ("conclusion", "failure", "found"),
    [
        (Conclusion.SUCCESS, None, "works"),
        (Conclusion.FAILURE, FailureClass.SOURCE_CHANGED, "broken"),
        (Conclusion.FAILURE, FailureClass.SILENT_WRONG, "broken"),
        (Conclusion.FAILURE, FailureClass.SOURCE_DOWN, "the portal does not answer"),
        (Conclusion.FAILURE, FailureClass.AUTH_FAILED, "the portal refuses the login"),
        (Conclusion.ERROR, FailureClass.SOURCE_CHANGED, "not judged"),
        (Conclusion.CANCELLED, None, "not judged"),
    ],
)
def test_only_a_broken_importer_is_called_broken(conclusion, failure, found):
    """The portal's being away, its login, and the gate's own trouble open no ticket."""
    report = make_report(failure=make_failure(kind=failure) if failure else None)
    assert family.outcome(report, Verdict(conclusion=conclusion, why="")) == found
    assert family.outcome(None, Verdict(conclusion=Conclusion.ERROR, why="")) == "not judged"


def test_probe_says_no_more_than_it_saw():
    """A page that answers is no fetch."""
    report = make_report(mode=GateMode.PROBE)
    assert family.outcome(report, Verdict(conclusion=Conclusion.SUCCESS, why="")) == "the portal answers"


def test_run_of_a_sibling_is_awaited_until_it_is_judged():
    """What stands for its case is of the sibling, and lets nothing in afterwards."""
    assert (checkup().case.importer, checkup().case.awaiting) == ("voltara", make_run(dispatched_at=NOW))
    assert checkup(outcome="works").case.awaiting is None


def test_dispatch_is_named_by_healed_case_and_sibling():
    """A step that runs again finds its dispatch; another sibling, or the ticket healed anew, has another name."""
    again = ORIGIN.model_copy(update={"opened_at": NOW + timedelta(days=1)})
    names = {family.correlation(ORIGIN, OTHER), family.correlation(ORIGIN, HEALED), family.correlation(again, OTHER)}
    assert len(names) == 3
    assert family.inputs(ORIGIN, OTHER, GateMode.PROBE, SHA)["correlation"] == family.correlation(ORIGIN, OTHER)


def test_ticket_names_the_healed_one_and_escapes_what_is_foreign():
    """A title cannot write markup; the component makes it the sibling's."""
    importer = OTHER.model_copy(update={"title": "Volt{color:red}ara"})
    fields = family.ticket(checkup(), make_report(), importer, "UTIL", "Bug")
    assert "{color:red}" not in str(fields["description"]).replace("\\{", "")
    assert (fields["components"], ORIGIN.id in str(fields["summary"])) == ([{"name": "importer-voltara"}], True)
