"""Each step of a publication, killed before and after its effect and refused in each of GitHub's ways, then run again."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

import github_site
from git_site import git
from github_site import REPOSITORY, TOKEN, Site
from healer.breakdown import may_pass
from healer.clients.git import Git
from healer.clients.github import GitHub
from healer.contracts import CheckRun
from healer.errors import UpstreamError

JSON = {"Content-Type": "application/json"}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
FAULTS: dict[str, dict[str, Any]] = {
    "killed before": {"status": 502, "body": {"message": "bad gateway"}},
    "502 after the write": {"status": 502, "after": True, "body": {"message": "bad gateway"}},
    "answer cut after the write": {"status": 0, "after": True},
    "403 secondary limit": {"status": 403, "body": SECONDARY},
    "429 without Retry-After": {"status": 429, "body": {"message": "slow down"}},
    "409": {"status": 409, "body": {"message": "conflict"}},
}


class Place(NamedTuple):
    """Where a step is done: one branch with its pull request, and a comment of somebody's on it."""

    site: Site
    branch: str
    head: str
    number: int
    asked: int

    @property
    def hub(self) -> GitHub:
        """Give a client as a new process has it."""
        return self.site.client(patience_s=0.2)

    def pulls(self) -> list[dict[str, Any]]:
        """Give the branch's pull requests."""
        found: list[dict[str, Any]] = self.site.send("GET", f"/pulls?state=all&head=acme:{self.branch}")
        return found

    def said(self) -> list[str]:
        """Give what the healer has said on the pull request."""
        said = self.site.send("GET", f"/issues/{self.number}/comments")
        return [one["body"] for one in said if one["body"].startswith("<!-- ")]

    def check(self) -> CheckRun:
        """Give the word about the gate run."""
        about = {"title": "Green", "summary": "ok", "url": "https://github.example/runs/7001", "conclusion": "success"}
        return CheckRun(name="importer-healer / rake fetch", head_sha=self.head, mark="7001:1", **about)


class Step(NamedTuple):
    """A write of the publish path: what does it, the request that it makes, and what is to be seen in the end."""

    do: Callable[[Place], object]
    request: str
    seen: Callable[[Place], object]
    wanted: object
    before: Callable[[Place], object] = lambda _place: None


def asked(place: Place) -> list[list[str]]:
    """Give who is asked for a review: people, then teams."""
    pull = place.pulls()[0]
    return [[one["login"] for one in pull["requested_reviewers"]], [one["slug"] for one in pull["requested_teams"]]]


def opened(place: Place, body: str, *labels: str) -> None:
    """Bring the pull request to this body and these labels."""
    place.hub.open_pull(place.branch, "main", "Heal", body, labels)


def pushed(place: Place) -> None:
    """Push the branch's head under another name, as the case's branch is pushed."""
    folder = place.site.root / f"mirror-{place.number}"
    url = f"{place.site.url}/{REPOSITORY}.git"
    client = Git(url, folder, token=lambda: SecretStr(TOKEN))
    client.fetch()
    client.push(place.head, f"{place.branch}-new", None)


def heads(place: Place) -> list[str]:
    """Give where the pushed branch stands."""
    told = git(
        "ls-remote", str(place.site.root / f"repos/{REPOSITORY}.git"), f"{place.branch}-new", cwd=place.site.root
    )
    return [line.split()[0] == place.head for line in told.splitlines()]


STEPS: dict[str, Step] = {
    "push": Step(pushed, "POST .*/git-receive-pack", heads, [True]),
    "open": Step(
        lambda p: p.hub.open_pull(f"{p.branch}-other", "main", "Heal", "Body"),
        f"POST .*{REPOSITORY}/pulls$",
        lambda p: [one["body"] for one in p.site.send("GET", f"/pulls?state=all&head=acme:{p.branch}-other")],
        ["Body"],
        lambda p: p.site.branch(f"{p.branch}-other"),
    ),
    "update": Step(lambda p: opened(p, "Other"), r"PATCH .*/pulls/\d+$", lambda p: [one["body"] for one in p.pulls()], ["Other"]),
    "label": Step(
        lambda p: opened(p, "Body", "importer-healer"),
        r"POST .*/issues/\d+/labels$",
        lambda p: [[label["name"] for label in one["labels"]] for one in p.pulls()],
        [["importer-healer"]],
    ),
    "reviewers": Step(
        lambda p: p.hub.ask_review(p.number, ["alice"], ["keepers"]), "POST .*/requested_reviewers$", asked, [["alice"], ["keepers"]]
    ),
    "comment": Step(
        lambda p: p.hub.say(p.number, "receipt", "text"), r"POST .*/issues/\d+/comments$", Place.said, ["<!-- receipt -->\ntext"]
    ),
    "edit of the comment": Step(
        lambda p: p.hub.say(p.number, "receipt", "news"),
        r"PATCH .*/issues/comments/\d+$",
        Place.said,
        ["<!-- receipt -->\nnews"],
        lambda p: p.hub.say(p.number, "receipt", "text"),
    ),
    "reaction": Step(
        lambda p: p.hub.react(p.asked, "+1"),
        "POST .*/reactions$",
        lambda p: [one["reactions"] for one in p.site.state()["comments"] if one["id"] == p.asked],
        [[["maintainer", "+1"]]],
    ),
    "check run": Step(
        lambda p: p.site.client("app", patience_s=0.2).show_check(p.check()),
        "POST .*/check-runs$",
        lambda p: [one["external_id"] for one in p.site.send("GET", f"/commits/{p.head}/check-runs?filter=all")["check_runs"]],
        ["7001:1"],
    ),
    "close": Step(
        lambda p: p.hub.close_pull(p.number), r"PATCH .*/pulls/\d+$", lambda p: [one["state"] for one in p.pulls()], ["closed"]
    ),
    "branch delete": Step(
        lambda p: p.hub.delete_branch(p.branch, p.head), "DELETE .*/git/refs/", lambda p: p.hub.branch_head(p.branch), None
    ),
}  # fmt: skip
STALE: dict[str, tuple[str, Any]] = {
    "open": (f"GET .*{REPOSITORY}/pulls$", []),
    "comment": (r"GET .*/issues/\d+/comments$", []),
}
"""What a replica that lags behind answers where it has not heard of the write. Of a check run that is made twice GitHub shows one."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with github_site.running(tmp_path_factory.mktemp("github")) as site:
        yield site


_numbers = iter(range(501, 999))


@pytest.fixture
def place(site):
    branch = f"heal/UTIL-{next(_numbers)}"
    head = site.branch(branch)
    number = site.client().open_pull(branch, "main", "Heal", "Body").number
    asked = site.send("POST", f"/issues/{number}/comments", {"body": "/healer explain"})
    return Place(site, branch, head, number, asked["id"])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_was_struck_and_is_run_again_is_done_once(place, name, fault):
    """Whatever becomes of a write, running its step again leaves it done, once: one branch, one pull request, one comment."""
    step = STEPS[name]
    step.before(place)
    place.site.fault(match=step.request, **FAULTS[fault])
    with suppress(UpstreamError):
        step.do(place)
    step.do(place)
    assert step.seen(place) == step.wanted
    assert len(place.pulls()) == 1


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", STALE)
def test_a_step_that_is_shown_old_news_is_done_once(place, name, times):
    """Where GitHub does not show yet what was written, the repeat finds out, or undoes what it has done twice."""
    step, (request, body) = STEPS[name], STALE[name]
    step.before(place)
    step.do(place)
    place.site.fault(match=request, status=200, body=body, headers=JSON, times=times)
    with suppress(UpstreamError):
        step.do(place)
    place.site.unfault()
    step.do(place)
    assert step.seen(place) == step.wanted


def test_a_pull_request_that_is_there_and_not_shown_is_waited_for(place):
    """Where GitHub refuses a second one and does not show the first one yet, a repetition may help, and is asked for."""
    step, (request, body) = STEPS["open"], STALE["open"]
    step.before(place)
    step.do(place)
    place.site.fault(match=request, status=200, body=body, headers=JSON, times=2)
    with pytest.raises(UpstreamError) as raised:
        step.do(place)
    place.site.unfault()
    assert (raised.value.reason, may_pass(raised.value)) == ("unavailable", True)


def test_a_branch_that_is_gone_already_is_well(place):
    """Where the branch went between our look and our request, GitHub's 422 is no error; any other is one."""
    gone = {"message": "Reference does not exist"}
    place.site.fault(match="DELETE .*/git/refs/", status=422, body=gone)
    place.hub.delete_branch(place.branch, place.head)
    place.site.fault(match="DELETE .*/git/refs/", status=422, body={"message": "Cannot delete this branch"})
    with pytest.raises(UpstreamError):
        place.hub.delete_branch(place.branch, place.head)
