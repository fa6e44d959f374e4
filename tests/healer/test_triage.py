"""Triage of gate reports."""

from datetime import timedelta

import pytest

from factories import NOW, make_case, make_failure, make_report, make_run
from healer.chain import link
from healer.contracts import (
    Attempt,
    Conclusion,
    Diagnosis,
    Disposition,
    FailureClass,
    GateMode,
    Lookup,
    Reason,
    Trace,
    TraceStep,
    Verdict,
)
from healer.settings import FlowSettings
from healer.triage import MAX_DIAGNOSES, SITE_DOWN_WAKE_S, classify, first_look, is_fresh, unreported, without_login

BILLS = "<html><body><h1>Your bills</h1><table class=new><tr><td>one</td></tr></table></body></html>"


def a_lookup(**fields):
    return Lookup(
        **{
            "selector": "table#bills tbody tr",
            "kind": "css",
            "many": True,
            "found": 0,
            "file": "a.rb",
            "line": 21,
            **fields,
        }
    )


def a_trace(page=BILLS, lookups=(), status=200):
    step = TraceStep(
        number=3,
        method="GET",
        url="https://my.brightwater.example/bills",
        status=status,
        page="3",
        lookups=tuple(lookups),
    )
    return Trace(importer="brightwater", steps=(step,), pages={"3": page})


def a_red_report(kind=FailureClass.SOURCE_CHANGED, trace=None, **failure):
    return make_report(failure=make_failure(kind=kind, **failure), trace=a_trace() if trace is None else trace)


@pytest.mark.parametrize("kind", [FailureClass.SOURCE_CHANGED, FailureClass.CRASHED])
def test_changed_page_is_healed(kind):
    """A page that answers and is not what the importer expects is ours, and the evidence names step and place."""
    triage = classify(a_red_report(kind), make_case())
    assert triage.disposition is Disposition.HEAL
    assert triage.reason is None
    assert "Step 3, GET https://my.brightwater.example/bills" in triage.evidence
    assert "lib/gatherers/brightwater.rb:21" in triage.evidence


@pytest.mark.parametrize("kind", [FailureClass.SOURCE_CHANGED, FailureClass.CRASHED])
def test_failure_without_a_page_needs_an_engineer(kind):
    """Where there is no page there is nothing to heal from."""
    triage = classify(a_red_report(kind, trace=Trace(importer="brightwater")), make_case())
    assert (triage.disposition, triage.reason) == (Disposition.NEEDS_ENGINEER, Reason.AMBIGUOUS)


@pytest.mark.parametrize("kind", [FailureClass.SOURCE_DOWN, FailureClass.TIMED_OUT])
def test_silent_portal_is_looked_at_again(kind):
    """A portal that does not answer is not fixed, and we look again by ourselves."""
    triage = classify(a_red_report(kind), make_case())
    assert (triage.disposition, triage.reason) == (Disposition.NOT_FIXED, Reason.SITE_DOWN)
    assert triage.wake_after_s == SITE_DOWN_WAKE_S


def test_refused_login_is_never_tried_again():
    """A refused login goes to its owner and has no wake-up, so that no account is locked."""
    triage = classify(a_red_report(FailureClass.AUTH_FAILED), make_case())
    assert (triage.disposition, triage.reason, triage.wake_after_s) == (Disposition.NOT_FIXED, Reason.CREDENTIAL, None)


@pytest.mark.parametrize(
    "kind", [FailureClass.SOURCE_CHANGED, FailureClass.AUTH_FAILED, FailureClass.SOURCE_DOWN, FailureClass.CRASHED]
)
def test_challenge_goes_before_the_exit_code(kind):
    """A CAPTCHA on the failing page is never healed, whatever the importer made of it."""
    page = "<html><body><form><input type=password><div class=h-captcha></div></form></body></html>"
    triage = classify(a_red_report(kind, trace=a_trace(page)), make_case())
    assert (triage.disposition, triage.reason) == (Disposition.NOT_FIXED, Reason.CAPTCHA)
    assert "a CAPTCHA" in triage.evidence


def test_failing_page_is_the_last_one_where_no_step_is_named():
    """A crash that names no step is judged by the last page it saw."""
    page = "<html><body><form><input name=otp></form></body></html>"
    assert (
        classify(a_red_report(FailureClass.CRASHED, trace=a_trace(page), step=None), make_case()).reason is Reason.MFA
    )


def test_page_that_denies_bills_is_no_breakage():
    """No row and a sentence that there is none mean NO_NEW_BILL; the sentence alone does not."""
    page = "<html><body><p>There are no bills available.</p></body></html>"
    assert classify(a_red_report(trace=a_trace(page, [a_lookup()])), make_case()).reason is Reason.NO_NEW_BILL
    assert (
        classify(a_red_report(trace=a_trace(page, [a_lookup(many=False)])), make_case()).disposition is Disposition.HEAL
    )


def test_broken_contract_is_healed_only_where_a_place_is_missing():
    """Wrong values are healed where a place finds nothing; where all are found, a person must say which value is right."""
    missing = a_red_report(FailureClass.CONTRACT_BROKEN, trace=a_trace(lookups=[a_lookup()]), selector=None)
    found = a_red_report(FailureClass.CONTRACT_BROKEN, trace=a_trace(lookups=[a_lookup(found=2)]), selector=None)
    assert classify(missing, make_case()).disposition is Disposition.HEAL
    assert classify(found, make_case()).disposition is Disposition.NEEDS_ENGINEER


def test_missing_bill_that_the_portal_explains_is_no_breakage():
    """A result that is too short, from pages on which all was found and which say why, is NO_NEW_BILL."""
    page = "<html><body><div>There are no new bills available for this period yet.</div></body></html>"
    report = a_red_report(FailureClass.CONTRACT_BROKEN, trace=a_trace(page, [a_lookup(found=5)]), selector=None)
    assert classify(report, make_case()).reason is Reason.NO_NEW_BILL


def test_green_diagnosis_is_already_healed():
    """A base that fetches its bills needs no patch."""
    triage = classify(make_report(conclusion=Conclusion.SUCCESS, failure=None, bills=3, exit_code=0), make_case())
    assert (triage.disposition, triage.reason) == (Disposition.NOT_FIXED, Reason.ALREADY_HEALED)
    assert "3 bills" in triage.evidence


def test_broken_gate_is_run_again_until_the_bound():
    """Infrastructure is tried again by ourselves, a bounded number of times, and never blames the importer."""
    tries = [
        classify(make_report(conclusion=Conclusion.ERROR, attempt=n, failure=None), make_case())
        for n in range(MAX_DIAGNOSES)
    ]
    assert {t.reason for t in tries} == {Reason.GATE_BROKEN}
    assert [t.wake_after_s is not None for t in tries] == [True] * (MAX_DIAGNOSES - 1) + [False]


def test_agents_attempts_do_not_count_as_diagnoses():
    """Numbers that an agent used are no tries of the gate."""
    case = make_case(attempts=(Attempt(number=1), Attempt(number=2)))
    assert classify(make_report(conclusion=Conclusion.ERROR, attempt=3, failure=None), case).wake_after_s is not None


def test_judged_word_goes_before_the_report():
    """A green report that the judge does not believe closes nothing."""
    doubted = Diagnosis(run=make_run(), verdict=Verdict(conclusion=Conclusion.ERROR, why="GitHub says failure"))
    report = make_report(conclusion=Conclusion.SUCCESS, failure=None)
    assert classify(report, make_case(diagnosis=doubted)).reason is Reason.GATE_BROKEN
    other = doubted.model_copy(update={"run": make_run(run_id=1, dispatched_at=NOW)})
    assert classify(report, make_case(diagnosis=other)).reason is Reason.ALREADY_HEALED


def test_a_diagnosis_without_a_report_is_a_broken_gate():
    """A run that ended and told nothing is run again, and after the bound a person looks; the importer is not blamed."""
    first, last = (
        unreported(make_run(attempt=n), make_case(), "the gate sent no report") for n in (0, MAX_DIAGNOSES - 1)
    )
    assert (first.reason, first.wake_after_s is not None) == (Reason.GATE_BROKEN, True)
    assert (last.disposition, last.wake_after_s) == (Disposition.NEEDS_ENGINEER, None)


@pytest.mark.parametrize(
    ("reason", "next_at", "expected", "wake"),
    [
        ("login_ceiling", "2026-11-24T14:00:00+00:00", Reason.LOGINS_SPENT, 4 * 3600),
        ("login_cooloff", "2026-11-24T09:59:00+00:00", Reason.LOGINS_SPENT, 1),
        ("login_closed", None, Reason.CREDENTIAL, None),
    ],
)
def test_a_run_that_was_released_no_login_waits(reason, next_at, expected, wake):
    """A full or cooling ledger is looked at again when a login is free; a closed one waits for a person."""
    detail = "no login of brightwater-main is released now: 6 of 6 used."
    data = {"run_id": make_run().run_id, "reason": reason, "detail": detail, "next_at": next_at}
    decided = without_login([link(None, NOW, "lease_refused", data)], make_run(), NOW)
    assert (decided.disposition, decided.reason, decided.wake_after_s) == (Disposition.NOT_FIXED, expected, wake)
    assert detail in decided.evidence


def test_a_run_that_found_no_login_in_the_vault_is_told_so():
    """A lease refused for a missing credential ends with an engineer at once; another run's refusal, or another reason, does not."""
    run = make_run()
    refused = {"run_id": run.run_id, "reason": "credential_missing"}
    events = [
        link(None, NOW, "lease_refused", data)
        for data in (refused, {**refused, "run_id": 1}, {**refused, "reason": "lease_used"})
    ]
    assert without_login(events[:1], run, NOW).reason is Reason.CREDENTIAL_MISSING
    assert without_login(events[1:], run, NOW) is None


def test_a_case_that_was_begun_again_has_its_diagnoses_anew():
    """A broken gate is tried again as often after a person's retry as at first, whatever numbers and attempts were before."""
    case = make_case(first=6, attempts=(Attempt(number=2), Attempt(number=4)))
    tries = [unreported(make_run(attempt=6 + n), case, "no report") for n in range(MAX_DIAGNOSES)]
    assert [t.wake_after_s is not None for t in tries] == [True] * (MAX_DIAGNOSES - 1) + [False]


def test_plausible_and_wrong_bills_are_healed_where_a_page_was_seen():
    """A fetch that ends well with untrue bills is ours to heal where there is a page to learn from; else a person looks."""
    page = "<html><body><table><tr><td>1</td></tr></table></body></html>"
    seen = a_red_report(FailureClass.SILENT_WRONG, trace=a_trace(page, [a_lookup(found=5)]), selector=None)
    decision = classify(seen, make_case())
    assert decision.disposition is Disposition.HEAL
    assert "not true" in decision.evidence
    unseen = seen.model_copy(update={"trace": None})
    assert classify(unseen, make_case()).reason is Reason.AMBIGUOUS


@pytest.mark.parametrize("kind", FailureClass)
def test_a_portal_that_was_down_is_probed_first(kind):
    """The next look after a portal that did not answer asks for its page alone; after anything else, and at first, it fetches."""
    down = kind in {FailureClass.SOURCE_DOWN, FailureClass.TIMED_OUT}
    red = Verdict(conclusion=Conclusion.FAILURE, why="red")
    case = make_case(diagnosis=Diagnosis(run=make_run(), verdict=red, failure=make_failure(kind=kind)))
    assert first_look(case) is (GateMode.PROBE if down else GateMode.DIAGNOSE)
    assert first_look(make_case()) is GateMode.DIAGNOSE


def test_a_probe_that_gets_no_answer_is_a_portal_that_is_down():
    """A red probe has no trace: the case rests, and is looked at again."""
    triage = classify(
        make_report(mode=GateMode.PROBE, failure=make_failure(kind=FailureClass.SOURCE_DOWN)), make_case()
    )
    assert (triage.reason, triage.wake_after_s) == (Reason.SITE_DOWN, SITE_DOWN_WAKE_S)
    assert triage.evidence.startswith("A look at its page")


@pytest.mark.parametrize(
    ("age_s", "base", "holds"), [(3599, "a" * 40, True), (3600, "a" * 40, False), (3599, "b" * 40, False)]
)
def test_a_red_base_is_proved_once_an_hour(age_s, base, holds):
    """A diagnosis holds for an hour by default, and for the commit that it was made on; without one nothing holds."""
    fresh_s = FlowSettings.model_fields["diagnosis_fresh_s"].default
    red = Diagnosis(run=make_run(sha="a" * 40, dispatched_at=NOW), verdict=Verdict(conclusion="failure", why="red"))
    assert is_fresh(make_case(diagnosis=red, base_sha=base), NOW + timedelta(seconds=age_s), fresh_s) is holds
    assert not is_fresh(make_case(base_sha=base), NOW, fresh_s)


def test_what_makes_a_diagnosis_fresh_again():
    """A later run that found the base red in its own job counts from then on, for its own base; a base that was not red proves nothing."""
    old, later = make_run(sha="a" * 40, dispatched_at=NOW), NOW + timedelta(hours=5)
    again = make_run(run_id=7009, sha="c" * 40, base_sha="b" * 40, mode=GateMode.VERIFY, dispatched_at=later)
    red = Diagnosis(run=old, verdict=Verdict(conclusion="failure", why="red"), again=again)
    assert is_fresh(make_case(diagnosis=red, base_sha="b" * 40), later, 3600)
    assert not is_fresh(make_case(diagnosis=red, base_sha="a" * 40), later, 3600)
    broken = Diagnosis(run=old, verdict=Verdict(conclusion="error", why="the gate broke"))
    assert not is_fresh(make_case(diagnosis=broken, base_sha="a" * 40), NOW, 3600)


def test_a_base_that_is_green_beside_its_head_is_healed_already():
    """Neutral is a base that needs no healing: the ticket is closed, and nobody's patch is blamed."""
    triage = classify(make_report(mode=GateMode.VERIFY, conclusion="neutral", failure=None, bills=3), make_case())
    assert (triage.disposition, triage.reason) == (Disposition.NOT_FIXED, Reason.ALREADY_HEALED)
