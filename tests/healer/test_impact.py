"""Rules of the impact report: what a chain says about time, money and mistakes, and that receipts say the same."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_case
from healer import chain, receipt
from healer.contracts import Event, State
from healer.healing import Healing, Outcome, Phase, healing
from healer.impact import BASELINE_S, TARGET_S, Assumption, disagreements, report

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
LAST_GOOD = NOW - 10 * HOUR
HEALED: list[tuple[str, float, dict[str, Any]]] = [
    ("received", 0, {}),
    ("ticket_admitted", 1, {"last_good": LAST_GOOD.timestamp(), "last_good_bills": 4}),
    ("gate_dispatched", 2, {"mode": "diagnose"}),
    ("report_received", 5, {"mode": "diagnose"}),
    ("triaged", 6, {}),
    ("patching", 6, {}),
    ("patch_refused", 7, {"codes": "check_removed,unfinished", "usd": 0.25}),
    ("patched", 9, {"usd": 1.5}),
    ("pushed", 10, {"sha": "a" * 40}),
    ("gate_dispatched", 11, {"mode": "verify"}),
    ("report_received", 13, {"mode": "verify"}),
    ("judged", 14, {"conclusion": "success"}),
    ("published", 15, {}),
    ("ticket_told", 16, {}),
    ("merged", 39, {}),
    ("production_fetched", 60, {"outcome": "fetched"}),
    ("confirmed", 63, {"bills": 5}),
    ("receipt_written", 64, {}),
]


def links(told: list[tuple[str, float, dict[str, Any]]]) -> tuple[Event, ...]:
    events: list[Event] = []
    for kind, hours, data in told:
        events.append(chain.link(events[-1] if events else None, NOW + hours * HOUR, kind, data))
    return tuple(events)


def read(told: list[tuple[str, float, dict[str, Any]]], until=NOW + 10 * DAY, case: str = "UTIL-101") -> Healing:
    return healing(case, "brightwater", links(told), until)


def test_time_is_split_into_phases_without_a_gap() -> None:
    """Each hour of a healing is in one phase, by the event that began it."""
    phases = {phase: seconds / 3600 for phase, seconds in read(HEALED).phases.items()}
    assert phases == {
        Phase.DETECT: 10,
        Phase.TRIAGE: 3,
        Phase.GATE: 7,
        Phase.PATCH: 5,
        Phase.REVIEW: 24,
        Phase.DEPLOY: 24,
    }
    assert sum(hours for phase, hours in phases.items() if phase is not Phase.DETECT) == 63


def test_money_bills_and_refusals_are_those_of_the_events() -> None:
    """Spend adds up over attempts, a refusal counts by code, and an unfinished run is no attempt to cheat."""
    told = read(HEALED)
    assert (told.usd, told.bills, told.refused) == (1.75, 5, {"check_removed": 1})
    assert told.delayed_bill_hours == 4 * 63
    assert (told.outcome, told.ended_at) == (Outcome.CONFIRMED, NOW + 63 * HOUR)


def test_waiting_is_nobodys_phase() -> None:
    """While a portal is down, a case waits in the line, or a person has it, no phase grows."""
    told = [
        ("received", 0.0, {}),
        ("queued", 1.0, {}),
        ("called", 5.0, {}),
        ("not_fixed", 6.0, {"reason": "SITE_DOWN"}),
        ("woken", 30.0, {}),
        ("taken", 31.0, {}),
    ]
    assert read(told).phases == {Phase.TRIAGE: 3 * 3600}
    assert read(told).delayed_bill_hours is None


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ([("received", 0, {})], Outcome.AT_WORK),
        ([("received", 0, {}), ("not_fixed", 1, {"reason": "CAPTCHA"})], Outcome.NOT_FIXED),
        ([("received", 0, {}), ("not_fixed", 1, {"reason": "SITE_DOWN"}), ("woken", 2, {})], Outcome.AT_WORK),
        ([("received", 0, {}), ("needs_engineer", 1, {"reason": "NO_PATCH"})], Outcome.ENGINEER),
        ([("received", 0, {}), ("stopped", 1, {"by": "alice"})], Outcome.PERSON),
        (HEALED[:13], Outcome.IN_REVIEW),
        (HEALED[:15], Outcome.MERGED),
    ],
)
def test_outcome_is_where_the_chain_stands(told, outcome) -> None:
    """A case that begins again is at work again, however it had ended."""
    assert read(told).outcome is outcome


def test_every_end_has_an_outcome() -> None:
    """No state in which a case rests counts as work."""
    at_work = {s for s in State if read([("received", 0, {}), (s.value, 1, {})]).outcome is Outcome.AT_WORK}
    assert at_work == {
        State.RECEIVED,
        State.QUEUED,
        State.DIAGNOSING,
        State.TRIAGED,
        State.PATCHING,
        State.PUSHED,
        State.VERIFYING,
        State.VERIFIED,
    }


def test_green_gate_that_production_contradicts_is_a_false_repair_for_good() -> None:
    """It counts as one also after the case began again and was healed."""
    wrong = [*HEALED[:15], ("needs_engineer", 60, {"reason": "NOT_CONFIRMED"})]
    again = [*wrong, ("retried", 61, {}), ("published", 70, {}), ("merged", 80, {}), ("confirmed", 90, {"bills": 4})]
    told = [read(wrong, case="UTIL-1"), read(again, case="UTIL-2"), read(HEALED, case="UTIL-3")]
    assert report(told, NOW, NOW + DAY).false_repairs == 2


def test_report_adds_up_and_names_what_it_assumes() -> None:
    """Cost per bill is all money by all bills; hours saved are those of healed cases, less the reviews."""
    lost = [("received", 0.0, {}), ("patched", 1.0, {"usd": 3.25}), ("needs_engineer", 2.0, {"reason": "NO_PATCH"})]
    told = [read(HEALED), read(lost, case="UTIL-102"), read(HEALED[:13], case="UTIL-103")]
    found = report(told, NOW - DAY, NOW + DAY, Assumption(hours_per_fix=10, hours_per_review=1))
    assert (found.cases, found.usd, found.bills, found.usd_per_bill) == (3, 6.75, 5, 1.35)
    assert found.outcomes == {Outcome.CONFIRMED: 1, Outcome.IN_REVIEW: 1, Outcome.ENGINEER: 1}
    assert (found.published, found.hours_saved) == (2, 10 - 2)
    assert (found.proved, found.to_production_s) == (1, 63 * 3600)
    assert (found.baseline_s, found.target_s) == (BASELINE_S, TARGET_S) == (91 * 86400, 4 * 86400)


def test_window_is_that_of_the_opening() -> None:
    """A case belongs to the week in which it was opened, and to one only."""
    told = [read(HEALED)]
    assert report(told, NOW, NOW + DAY).cases == 1
    assert report(told, NOW - DAY, NOW).cases == 0
    weeks = report(told, NOW - 20 * DAY, NOW + DAY).weeks
    assert sum(week.opened for week in weeks) == 1
    assert [week.monday for week in weeks] == ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]


def test_nothing_is_a_report_too() -> None:
    """Without cases nothing is divided, and no time is made up."""
    empty = report([], NOW - DAY, NOW)
    assert (empty.cases, empty.usd_per_bill, empty.to_production_s, empty.hours_saved) == (0, None, None, 0)


KINDS = st.sampled_from(
    [
        "gate_dispatched",
        "report_received",
        "triaged",
        "patched",
        "patch_refused",
        "pushed",
        "judged",
        "woken",
        "pending",
    ]
    + [state.value for state in State]
)


@given(st.lists(st.tuples(KINDS, st.floats(0, 50), st.floats(0, 5)), max_size=20))
def test_receipt_gives_the_same_figures_as_the_ledger(steps) -> None:
    """Whatever happened to a case, who has only its receipt computes the same; time in phases never exceeds the time that passed."""
    told, hours = [("received", 0.0, {"importer": "brightwater"})], 0.0
    for kind, later, usd in steps:
        hours += later
        told.append((kind, hours, {"usd": round(usd, 6), "mode": "verify"}))
    events = links(told)
    written = receipt.write(make_case(), events, {}, {})
    kept = receipt.read(receipt.statement(written, "acme/importers")).predicate
    until = kept.events[-1].at
    ours = healing("UTIL-101", "brightwater", events, until)
    assert disagreements([ours], [healing(kept.case, kept.importer, kept.events, until)]) == ()
    assert sum(ours.phases.values()) <= hours * 3600 + 0.01


def test_changed_receipt_disagrees() -> None:
    """A receipt whose figures are not the ledger's is named."""
    cheaper = [(kind, at, {**data, "usd": 0.0} if "usd" in data else data) for kind, at, data in HEALED]
    assert disagreements([read(HEALED)], [read(cheaper)]) == ("UTIL-101",)
    assert disagreements([], [read(HEALED)]) == ("UTIL-101",)
