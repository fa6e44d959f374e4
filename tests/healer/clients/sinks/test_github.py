"""Rules of reading GitHub for the leak audit: texts from the stand-in, logs as GitHub hands them out."""

import io
import json
import zipfile

import httpx
import pytest
import respx

from github_site import REPOSITORY, TOKEN, WORKFLOW, running
from healer.audit import Search, examine
from healer.clients.sinks.github import GitHubSink
from healer.clients.sinks.rest import Rest

SECRET = 'p&ß "<9a>/+=='
API = "https://api.github.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("github")) as site:
        for branch in ("heal/UTIL-101", "heal/UTIL-102", "somebody/else"):
            site.branch(branch)
            site.send("POST", "/pulls", {"title": "t", "head": branch, "base": "main", "body": f"about {branch}"})
        site.send("PATCH", "/pulls/1", {"body": f"as JSON {json.dumps(SECRET)}"})
        site.send("POST", "/issues/2/comments", {"body": SECRET.encode().hex()})
        site.send("POST", "/issues/3/comments", {"body": SECRET})
        yield site


@pytest.fixture
def sink(site):
    with httpx.Client(base_url=site.api, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as http:
        yield lambda case=None: GitHubSink(Rest(http, "GitHub"), Rest(http, "logs"), REPOSITORY, WORKFLOW, case)


def found(pieces):
    return examine("GitHub", pieces, Search([SECRET]))


def test_texts_and_comments_of_our_pull_requests_are_searched(sink):
    """A value in a pull request's text or comment is found and named; other people's pull requests are theirs."""
    assert dict(found(sink().pull_requests()).places) == {"pull request 1": 1, "pull request 2, comments": 1}


def test_a_case_narrows_to_its_pull_request(sink):
    """Of a case only the pull requests of its branch are read."""
    assert set(found(sink("UTIL-102").pull_requests()).places) == {"pull request 2, comments"}


def run(number, title, status="completed"):
    return {
        "id": number,
        "name": "gate",
        "display_title": title,
        "head_branch": "main",
        "head_sha": "a",
        "status": status,
    }


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("gate.txt", f"said {SECRET}\n" * 50)
    return packed.getvalue()


@pytest.fixture
def hub():
    """Give GitHub's answers about three runs, of which one has logs."""
    with respx.mock(base_url=API, assert_all_called=False) as router:
        at = f"/repos/{REPOSITORY}"
        runs = [run(1, "verify UTIL-101 x"), run(2, "diagnose UTIL-1 x"), run(3, "verify UTIL-101 y", "in_progress")]
        router.get(f"{at}/actions/workflows/{WORKFLOW}/runs").respond(json={"workflow_runs": runs})
        router.get(url__regex=rf"{API}{at}/actions/runs/\d/jobs").respond(json={"jobs": [{"name": "gate"}]})
        router.get(f"{at}/actions/runs/1/logs").respond(302, headers={"location": "https://logs.example/1.zip?sig=x"})
        router.get(f"{at}/actions/runs/2/logs").respond(410)
        router.get("https://logs.example/1.zip?sig=x").respond(content=archive())
        checks = {"check_runs": [{"id": 9, "output": {"summary": SECRET, "annotations_count": 1}}]}
        router.get(f"{at}/commits/a/check-runs").respond(json=checks)
        router.get(f"{at}/check-runs/9/annotations").respond(json=[{"message": f"at {SECRET}"}])
        yield router


def of_hub(case=None):
    http, plain = httpx.Client(base_url=API, headers={"Authorization": "Bearer x"}), httpx.Client()
    return GitHubSink(Rest(http, "GitHub"), Rest(plain, "logs"), REPOSITORY, WORKFLOW, case)


def test_logs_are_unpacked_and_searched(hub):
    """A run's log is taken from where GitHub points to, without our login, and searched file by file; one that is gone holds nothing."""
    finding = found(of_hub().runs())
    assert dict(finding.places) == {"run 1, gate.txt": 50}
    assert (finding.pieces, finding.unread) == (7, "")
    assert ["authorization" in c.request.headers for c in hub.calls if c.request.url.host == "logs.example"] == [False]


def test_a_case_narrows_to_the_runs_that_name_it(hub):
    """Of a case the runs are read whose title names it, whatever branch they ran on; a shorter number is another case."""
    assert {p.place.split(",")[0] for p in of_hub("UTIL-1").runs()} == {"run 2"}
    assert {p.place.split(",")[0] for p in of_hub("UTIL-101").runs()} == {"run 1", "run 3"}


def test_summaries_and_annotations_are_searched(hub):
    """A check run's summary and each annotation are read."""
    assert dict(found(of_hub().checks()).places) == {"check run 9": 1, "check run 9, annotation": 1}


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 403},
        {"status_code": 301, "headers": {"location": "/elsewhere"}},
        {"status_code": 200, "text": "<html>"},
        {"status_code": 200, "json": {"workflow_runs": [{"no": "id"}]}},
    ],
)
def test_an_answer_that_cannot_be_used_is_unread(hub, answer):
    """A refusal, a redirect, no JSON or another form leave the sink unread, whatever else was read."""
    hub.get(f"/repos/{REPOSITORY}/actions/workflows/{WORKFLOW}/runs").respond(**answer)
    assert found(of_hub().runs()).unread


def test_a_log_that_is_no_archive_is_unread(hub):
    """A log that cannot be unpacked is not clean."""
    hub.get("https://logs.example/1.zip?sig=x").respond(content=b"nothing")
    assert "archive" in found(of_hub().runs()).unread
