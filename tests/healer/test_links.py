"""Rules of a case's links."""

from factories import NOW, SHA, make_case, make_run
from healer.chain import link
from healer.contracts import Attempt, Conclusion, Diagnosis, PullRequest, Verdict
from healer.links import RUN_STARTED, Places, Remote, links, remote

PLACES = Places("https://jira.example", "https://prefect.example")


def test_new_case_links_to_its_ticket_only() -> None:
    """A case that has done nothing yet has its ticket and nothing else."""
    found = links(make_case(), [], PLACES)
    assert (found.ticket, found.pull_request, found.gate_runs, found.prefect) == (
        "https://jira.example/browse/UTIL-101",
        None,
        (),
        None,
    )


def test_gate_runs_are_in_order_and_named_once() -> None:
    """Diagnosis, attempts and the awaited run are linked in this order; a run that stands in two places once."""
    one, two, three = (make_run(run_id=n, url=f"https://github.example/runs/{n}") for n in (1, 2, 3))
    diagnosis = Diagnosis(run=one, verdict=Verdict(conclusion=Conclusion.FAILURE, why="red"))
    case = make_case(
        diagnosis=diagnosis, attempts=(Attempt(number=1, run=two), Attempt(number=2, run=three)), awaiting=three
    )
    assert links(case, [], PLACES).gate_runs == (one.url, two.url, three.url)


def test_latest_flow_run_and_pull_request_are_linked() -> None:
    """Of several flow runs the latest is linked, and the pull request where there is one."""
    first = link(None, NOW, RUN_STARTED, {"flow_run": "aaa"})
    events = [first, link(first, NOW, RUN_STARTED, {"flow_run": "bbb"})]
    pull = PullRequest(number=7, url="https://github.example/pull/7", state="open", head_sha=SHA)
    found = links(make_case(pull_request=pull), events, PLACES)
    assert (found.prefect, found.pull_request) == ("https://prefect.example/runs/flow-run/bbb", pull.url)


def test_ticket_is_linked_to_its_pull_request_and_its_newest_gate_run() -> None:
    """Each has a place of its own, which a newer one takes; the title tells the run's verdict, and nothing is linked where nothing is."""
    one, two = (make_run(run_id=n, url=f"https://github.example/runs/{n}") for n in (1, 2))
    red = Verdict(conclusion=Conclusion.FAILURE, why="red")
    case = make_case(diagnosis=Diagnosis(run=one, verdict=red))
    pull = PullRequest(number=7, url="https://github.example/pull/7", state="open", head_sha=SHA)
    healed = case.model_copy(update={"attempts": (Attempt(number=1, run=two),), "pull_request": pull})
    assert remote(make_case(), "m") == ()
    assert remote(case, "m") == (Remote("m:UTIL-101:gate", one.url, "Gate run 1: diagnose, failure"),)
    assert remote(healed, "m") == (
        Remote("m:UTIL-101", pull.url, "Pull request 7"),
        Remote("m:UTIL-101:gate", two.url, "Gate run 2: diagnose, no verdict yet"),
    )
