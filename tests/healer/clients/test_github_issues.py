"""The dashboard's issue at GitHub, against the stand-in over real HTTP."""

from contextlib import suppress

import pytest

import github_site
from healer.errors import UpstreamError

MARKER, TITLE = "<!-- mark -->", "The dashboard"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with github_site.running(tmp_path_factory.mktemp("github")) as site:
        yield site


@pytest.fixture(params=["token", "app"])
def login(request):
    return request.param


@pytest.fixture
def label(login, request):
    """Give a label that no other test uses."""
    return f"board-{login}-{abs(hash(request.node.name))}"


def there(site, label):
    return site.send("GET", f"/issues?state=all&labels={label}&direction=asc")


def test_there_is_one_issue_brought_to_what_it_should_say(site, login, label):
    """It is made once, edited in place, opened again where somebody closed it, and left alone without news."""
    issues = site.issues(login)
    assert issues.find(label, MARKER) is None
    first = issues.write(label, MARKER, TITLE, f"{MARKER}\none")
    issues.write(label, MARKER, TITLE, f"{MARKER}\ntwo")
    site.send("PATCH", f"/issues/{first.number}", {"state": "closed"})
    issues.write(label, MARKER, TITLE, f"{MARKER}\ntwo")
    (issue,) = there(site, label)
    assert (issue["number"], issue["body"], issue["state"], issue["title"]) == (
        first.number,
        f"{MARKER}\ntwo",
        "open",
        TITLE,
    )
    since = len(site.record())
    assert issues.write(label, MARKER, TITLE, f"{MARKER}\ntwo").number == first.number
    written = [
        e for e in site.record()[since:] if e.get("method") in {"POST", "PATCH"} and "access_tokens" not in e["url"]
    ]
    assert written == []


def test_somebody_elses_copy_is_not_ours(site, label, login):
    """An issue that another account has opened with our label and marker is neither read nor written."""
    mine, theirs = site.issues(login), site.issues("app" if login == "token" else "token")
    copy = theirs.write(label, MARKER, TITLE, f"{MARKER}\n- [x] theirs")
    assert mine.find(label, MARKER) is None
    made = mine.write(label, MARKER, TITLE, f"{MARKER}\nours")
    assert made.number != copy.number
    assert [issue["body"] for issue in there(site, label)] == [f"{MARKER}\n- [x] theirs", f"{MARKER}\nours"]


FAULTS = [
    {"status": 502},
    {"status": 502, "after": True},
    {"status": 0, "after": True},
    {"status": 403, "body": {"message": "You have exceeded a secondary rate limit."}},
    {"status": 429},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("request_", ["POST .*/issues$", r"PATCH .*/issues/\d+$"])
def test_a_write_that_was_struck_is_done_once(site, label, login, request_, fault):
    """Whatever becomes of making or editing it, the repeat leaves one issue that says what it should."""
    issues = site.client(login, kind=type(site.issues()), patience_s=0.2)
    if request_.startswith("PATCH"):
        issues.write(label, MARKER, TITLE, f"{MARKER}\nold")
    site.fault(match=request_, **fault)
    for _ in range(2):
        with suppress(UpstreamError):
            issues.write(label, MARKER, TITLE, f"{MARKER}\nnew")
    assert [issue["body"] for issue in there(site, label)] == [f"{MARKER}\nnew"]


def test_one_that_github_does_not_show_yet_is_not_there_twice(site, label, login):
    """Where the list lags behind, what was made twice is closed and has our label no more."""
    issues = site.issues(login)
    issues.write(label, MARKER, TITLE, f"{MARKER}\none")
    site.fault(match="GET .*/issues$", status=200, body=[], headers={"Content-Type": "application/json"})
    issues.write(label, MARKER, TITLE, f"{MARKER}\ntwo")
    assert [issue["body"] for issue in there(site, label)] == [f"{MARKER}\ntwo"]
