"""The check `humans approved`, as a job runs it against GitHub's API."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from serving import serving

HEAD = "a" * 40
PROGRAM = Path(sys.executable).with_name("healer-approval")


def user(login, kind="User"):
    return {"login": login, "type": kind}


def github(reviews, *, status=200, comments=()):
    """Make GitHub's API with one pull request; lists come in pages."""

    def listed(found):
        def answer(request):
            if request.headers.get("authorization") != "Bearer t0ken":
                return Response(status_code=401)
            page, size = int(request.query_params["page"]), int(request.query_params["per_page"])
            return JSONResponse(found[(page - 1) * size : page * size], status_code=status)

        return answer

    commits = [
        {"author": user("importer-healer[bot]", "Bot"), "committer": None},
        {"author": user("carl"), "committer": None},
    ]
    base = "/repos/acme/importers"
    routes = {
        f"{base}/pulls/7/reviews": reviews,
        f"{base}/issues/7/comments": list(comments),
        f"{base}/pulls/7/commits": commits,
    }
    return Starlette(routes=[Route(path, listed(found)) for path, found in routes.items()])


def review(login, state="APPROVED", commit=HEAD):
    return {"user": user(login), "state": state, "commit_id": commit}


def check(tmp_path, app):
    """Run the console script of the job; give its exit code, its output and the job's page."""
    event, page = tmp_path / "event.json", tmp_path / "summary.md"
    event.write_text(
        json.dumps({"pull_request": {"number": 7, "user": user("importer-healer[bot]", "Bot"), "head": {"sha": HEAD}}})
    )
    with serving(lambda _url: app) as url:
        env = {
            "GITHUB_API_URL": url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/importers",
            "GITHUB_STEP_SUMMARY": str(page),
            "GITHUB_TOKEN": "t0ken",
        }
        done = subprocess.run([PROGRAM], env=env, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stdout, page.read_text() if page.exists() else ""


def test_an_approval_on_a_later_page_counts(tmp_path):
    """All pages are read: after a hundred comments one approval of the head makes the check green and names who gave it."""
    code, out, page = check(tmp_path, github([*[review("dora", "COMMENTED")] * 100, review("ann")]))
    assert code == 0
    assert "ann approved aaaaaaaaaaaa" in out
    assert "ann approved" in page


@pytest.mark.parametrize("login", ["carl", "bea"])
def test_who_wrote_or_asked_does_not_approve(tmp_path, login):
    """One wrote a commit on the branch, the other told the healer to try again: neither is the second pair of eyes."""
    app = github([review(login)], comments=[{"user": user("bea"), "body": "/healer retry the login moved"}])
    code, out, page = check(tmp_path, app)
    assert code == 1
    assert out.startswith("::error")
    assert "somebody else" in page


def test_an_approval_does_not_outlive_the_commit(tmp_path):
    """After a push the head is to be approved again."""
    assert check(tmp_path, github([review("ann", commit="b" * 40)]))[0] == 1


@pytest.mark.parametrize("status", [403, 500])
def test_what_cannot_be_known_is_not_approved(tmp_path, status):
    """Where GitHub does not tell, the check is red and says that it may be run again."""
    code, out, _ = check(tmp_path, github([review("ann")], status=status))
    assert code == 2
    assert "again" in out
    assert "t0ken" not in out
