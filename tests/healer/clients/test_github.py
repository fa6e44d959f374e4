"""The GitHub client against the stand-in over real HTTP, with a token and as an App."""

import itertools
import logging
import time
import traceback

import pytest
from pydantic import SecretStr

import github_site
from git_site import git
from github_site import REPOSITORY, TOKEN, WORKFLOW
from healer.clients.github import GitHub
from healer.clients.github_door import github_auth
from healer.contracts import Annotation, CheckRun
from healer.errors import Misconfigured, UpstreamError

_NUMBERS = itertools.count(101)
SLOW = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with github_site.running(tmp_path_factory.mktemp("github")) as site:
        yield site


@pytest.fixture(params=["token", "app"])
def client(site, request):
    return site.client(request.param)


@pytest.fixture
def case():
    """Give a ticket that no other test uses."""
    return f"UTIL-{next(_NUMBERS)}"


@pytest.fixture
def branch(site, case):
    name = f"heal/{case}"
    site.branch(name)
    return name


def inputs(case, attempt=0):
    return {"case": case, "mode": "diagnose", "correlation": f"{case}-{attempt}-0a1b2c3d"}


def runs(site, case):
    return [
        r["id"]
        for r in site.send("GET", "/actions/runs?per_page=100")["workflow_runs"]
        if f"{case}-" in r["display_title"]
    ]


def pulls(site, branch):
    return site.send("GET", f"/pulls?state=all&head=acme:{branch}")


def writes(site, since):
    """Give what the client wrote; webhooks, which GitHub sends at its own pace, are in the record too."""
    asked = [e for e in site.record()[since:] if "method" in e]
    return [e for e in asked if e["method"] != "GET" and not e["url"].endswith("access_tokens")]


def raised(call, *args, **kwargs) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        call(*args, **kwargs)
    return caught.value


# ---------------------------------------------------------------- reading


def test_a_file_is_read_at_a_ref(client):
    """A text file comes whole; one that is not there, or a folder, is `not_found`."""
    assert client.read_file("importers.toml", "main") == "[importers.brightwater]\n"
    for path in ("nowhere.toml", ".github"):
        error = raised(client.read_file, path, "main")
        assert (error.service, error.reason, error.status) == ("github", "not_found", 404)


def test_a_branch_head_is_a_sha_or_none(client, site, case):
    """The head of a branch with a slash is found; a branch that is not there is None."""
    assert client.branch_head(f"heal/{case}") is None
    head = site.branch(f"heal/{case}")
    assert client.branch_head(f"heal/{case}") == head


# ---------------------------------------------------------------- dispatch


def test_a_dispatch_gives_the_run_and_a_repeat_the_same(client, site, case):
    """One correlation is one run, however often it is dispatched."""
    run, url = client.dispatch(WORKFLOW, "main", inputs(case))
    assert client.dispatch(WORKFLOW, "main", inputs(case)) == (run, url)
    assert client.find_run(WORKFLOW, "main", inputs(case)["correlation"]) == (run, url)
    assert runs(site, case) == [run]
    assert url.endswith(f"/actions/runs/{run}")


def test_another_attempt_is_another_run(client, site, case):
    """Another correlation starts another run."""
    first, second = (client.dispatch(WORKFLOW, "main", inputs(case, n))[0] for n in (0, 1))
    assert first != second
    assert sorted(runs(site, case)) == sorted([first, second])


def test_a_dispatch_whose_answer_got_lost_is_found_again(client, site, case):
    """After a lost answer the run that was started is given; no second one starts."""
    site.fault(match="POST .*/dispatches", status=502, after=True, body={"message": "lost"})
    run, _ = client.dispatch(WORKFLOW, "main", inputs(case))
    assert runs(site, case) == [run]


def test_a_dispatch_that_never_happened_is_an_error(site, case):
    """Where no run shows within our patience, the failure is told and may be retried."""
    site.fault(match="POST .*/dispatches", status=502, body={"message": "down"})
    error = raised(site.client(patience_s=1).dispatch, WORKFLOW, "main", inputs(case))
    assert (error.reason, error.status, error.retryable) == ("unavailable", 502, True)
    assert runs(site, case) == []


def test_an_older_server_without_run_details_is_served_too(site, case):
    """Where `return_run_details` is refused, the run is dispatched without and found by its correlation."""
    refusal = {"message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'}
    site.fault(match="POST .*/dispatches", status=422, body=refusal)
    run, url = site.client().dispatch(WORKFLOW, "main", inputs(case))
    assert (runs(site, case), url.endswith(str(run))) == ([run], True)


@pytest.mark.parametrize(
    ("workflow", "more", "reason"), [("nowhere.yml", {}, "not_found"), (WORKFLOW, {"unknown": "x"}, "refused")]
)
def test_a_dispatch_that_github_refuses_is_told(site, case, workflow, more, reason):
    """An unknown workflow or input is an error with GitHub's reason, never silence."""
    assert raised(site.client().dispatch, workflow, "main", {**inputs(case), **more}).reason == reason


def test_a_run_is_read_as_github_tells_it(client, site, case):
    """The state of a run has what `publish` compares; an unknown run is None."""
    run, url = client.dispatch(WORKFLOW, "main", inputs(case))
    state = client.run_state(run)
    assert (state.run_id, state.run_attempt, state.event, state.url) == (run, 1, "workflow_dispatch", url)
    assert (state.head_branch, state.head_sha) == ("main", site.client().branch_head("main"))
    assert state.path.startswith(f".github/workflows/{WORKFLOW}")
    assert client.run_state(run + 999_999) is None


@pytest.mark.parametrize(("status", "outcome"), [(202, True), (409, False), (403, "forbidden")])
def test_a_run_under_way_is_cancelled(site, case, status, outcome):
    """GitHub's answer is told: taken, ended while we asked, or why it refuses."""
    run, _ = site.client().dispatch(WORKFLOW, "main", inputs(case))
    running = {**site.send("GET", f"/actions/runs/{run}"), "status": "in_progress", "conclusion": None}
    site.fault(match=f"GET .*/runs/{run}$", status=200, body=running, headers={"Content-Type": "application/json"})
    site.fault(match="POST .*/cancel", status=status, body={"message": "no"})
    if isinstance(outcome, bool):
        assert site.client().cancel_run(run) is outcome
    else:
        assert raised(site.client().cancel_run, run).reason == outcome


def test_a_run_that_has_ended_is_not_cancelled(client, site, case):
    """Where nothing runs any more, or ever did, nothing is asked for."""
    run, _ = client.dispatch(WORKFLOW, "main", inputs(case))
    deadline = time.monotonic() + 10
    while client.run_state(run).status != "completed" and time.monotonic() < deadline:
        time.sleep(0.02)
    since = len(site.record())
    assert (client.cancel_run(run), client.cancel_run(run + 999_999)) == (False, False)
    assert writes(site, since) == []


# ---------------------------------------------------------------- pull requests


def test_there_is_one_pull_request_however_often_it_is_opened(client, site, branch):
    """The second opening changes title and body and adds labels, and opens nothing."""
    assert client.find_pull(branch) is None
    first = client.open_pull(branch, "main", "Heal", "Body", ("importer-healer",))
    second = client.open_pull(branch, "main", "Heal it", "Other", ("importer-healer", "importer:brightwater"))
    assert (first.number, first.state, first.draft) == (second.number, "open", False)
    (pull,) = pulls(site, branch)
    assert (pull["title"], pull["body"]) == ("Heal it", "Other")
    assert {label["name"] for label in pull["labels"]} == {"importer-healer", "importer:brightwater"}
    assert client.find_pull(branch) == second


def test_a_repeat_without_news_writes_nothing(client, site, branch):
    """Opening what is there already as it should be makes no request that writes."""
    client.open_pull(branch, "main", "Heal", "Body", ("importer-healer",))
    since = len(site.record())
    client.open_pull(branch, "main", "Heal", "Body", ("importer-healer",))
    assert writes(site, since) == []


def test_a_pull_request_whose_answer_got_lost_is_not_opened_again(client, site, branch):
    """After a lost answer the repeat finds the pull request."""
    site.fault(match=f"POST .*{REPOSITORY}/pulls$", status=502, after=True, body={"message": "lost"})
    assert raised(client.open_pull, branch, "main", "Heal", "Body").reason == "unavailable"
    client.open_pull(branch, "main", "Heal", "Body")
    assert len(pulls(site, branch)) == 1


def test_a_pull_request_that_somebody_opened_a_moment_ago_is_taken(site, branch):
    """Where GitHub says that one exists already, that one is brought to title and body."""
    site.client().open_pull(branch, "main", "Theirs", "Theirs")
    site.fault(match=f"GET .*{REPOSITORY}/pulls$", status=200, body=[], headers={"Content-Type": "application/json"})
    pull = site.client().open_pull(branch, "main", "Ours", "Ours")
    assert [(p["number"], p["title"]) for p in pulls(site, branch)] == [(pull.number, "Ours")]


def test_a_draft_is_a_draft(client, branch):
    """A pull request may be opened as a draft."""
    assert client.open_pull(branch, "main", "Heal", "Body", draft=True).draft is True


def test_a_closed_pull_request_is_found_and_an_open_one_preferred(site, branch):
    """A closed one is found as closed; once there is an open one, that is the answer."""
    client = site.client()
    first = client.open_pull(branch, "main", "Heal", "Body")
    site.send("PATCH", f"/pulls/{first.number}", {"state": "closed"})
    assert client.find_pull(branch).state == "closed"
    second = client.open_pull(branch, "main", "Heal again", "Body")
    assert second.number != first.number
    assert client.find_pull(branch) == second


def test_a_merged_pull_request_is_told_from_a_closed_one(site, branch):
    """Merged is a state of its own."""
    number = site.client().open_pull(branch, "main", "Heal", "Body").number
    site.send("PUT", f"/pulls/{number}/merge", {})
    assert site.client().find_pull(branch).state == "merged"


def test_a_merged_branch_is_deleted_unless_it_moved(client, site, branch):
    """A branch goes with the head that we know; another head is somebody's work; one that is gone stays gone."""
    head = client.branch_head(branch)
    client.delete_branch(branch, "0" * 40)
    assert client.branch_head(branch) == head
    client.delete_branch(branch, head)
    client.delete_branch(branch, head)
    assert client.branch_head(branch) is None


def test_a_pull_request_is_closed_once(client, site, branch):
    """What is open is closed; what is closed or merged is left as it is."""
    number = client.open_pull(branch, "main", "Heal", "Body").number
    client.close_pull(number)
    since = len(site.record())
    client.close_pull(number)
    assert (client.find_pull(branch).state, writes(site, since)) == ("closed", [])


def test_a_pull_request_is_made_a_draft_and_ready_again(client, site, branch):
    """Draft or ready is brought to what it should be, a label that is there is taken off, and a repeat writes nothing."""
    number = client.open_pull(branch, "main", "Heal", "Body", ("red", "importer-healer")).number
    for draft in (True, False):
        assert client.set_draft(number, draft=draft).draft is draft
        assert client.find_pull(branch).draft is draft
    client.drop_label(number, "red")
    since = len(site.record())
    client.drop_label(number, "red")
    client.set_draft(number, draft=False)
    assert writes(site, since) == []
    assert [label["name"] for label in pulls(site, branch)[0]["labels"]] == ["importer-healer"]


def test_what_the_base_branch_has_changed_is_told(client, site, branch):
    """The files between two commits are named; unknown commits have none."""
    base, head = git("rev-parse", "main", cwd=site.root / "work"), client.branch_head(branch)
    assert (client.changed_files(base, head), client.changed_files("d" * 40, head)) == (("healed.rb",), ())


def test_a_conflict_is_githubs_word(site, branch):
    """Only what GitHub says cannot be merged conflicts; while it has not found out, nothing does."""
    number = site.client().open_pull(branch, "main", "Heal", "Body").number
    shown = site.send("GET", f"/pulls/{number}")
    for word, conflicts in ((False, True), (None, False), (True, False)):
        site.fault(match=f"GET .*/pulls/{number}$", status=200, body={**shown, "mergeable": word})
        assert site.client().conflicts(number) is conflicts


def test_a_commit_contains_its_history(client, site, branch):
    """A commit has itself and what it grew from, not what came later, and an unknown one has nothing."""
    base, head = git("rev-parse", "main", cwd=site.root / "work"), client.branch_head(branch)
    assert [client.contains(head, base), client.contains(head, head)] == [True, True]
    assert [client.contains(base, head), client.contains("d" * 40, base)] == [False, False]


def comments(site, number):
    return [comment["body"] for comment in site.send("GET", f"/issues/{number}/comments")]


def test_there_is_one_comment_by_marker(client, site, branch):
    """Our comment is edited in place; without news nothing is written."""
    number = client.open_pull(branch, "main", "Heal", "Body").number
    client.say(number, "receipt", "first")
    client.say(number, "receipt", "second")
    since = len(site.record())
    client.say(number, "receipt", "second")
    assert writes(site, since) == []
    assert comments(site, number) == ["<!-- receipt -->\nsecond"]


def test_somebody_elses_copy_of_a_marker_is_left_alone(site, branch):
    """A comment of another author is not ours, whatever it begins with."""
    client = site.client("app")
    number = client.open_pull(branch, "main", "Heal", "Body").number
    site.send("POST", f"/issues/{number}/comments", {"body": "<!-- receipt -->\nnot ours"})
    client.say(number, "receipt", "ours")
    assert comments(site, number) == ["<!-- receipt -->\nnot ours", "<!-- receipt -->\nours"]


def test_a_comment_is_read_and_reacted_to(client, site, branch):
    """A comment comes with its author and pull request; a second reaction of a kind changes nothing; a missing one is None."""
    number = client.open_pull(branch, "main", "Heal", "Body").number
    made = site.send("POST", f"/issues/{number}/comments", {"body": "/healer stop"})
    found = client.comment(made["id"])
    assert (found.ref, found.place) == (f"pull:{made['id']}", str(number))
    assert (found.author, found.text) == (made["user"]["login"], "/healer stop")
    client.react(made["id"], "+1")
    client.react(made["id"], "+1")
    assert client.comment(10**9) is None


def test_only_members_of_the_team_are_members(client):
    """Membership is GitHub's word; an unknown person and an unknown team are no members."""
    told = [
        client.is_member(*asked)
        for asked in (("acme/keepers", "alice"), ("acme/keepers", "mallory"), ("acme/no", "alice"))
    ]
    assert told == [True, False, False]


# ---------------------------------------------------------------- logins


def test_readiness_tells_good_from_bad_logins_and_repositories(client, site):
    """A wrong token is `unauthorized`, a repository that we do not see `not_found`; both say what to do."""
    client.ready()
    stranger = GitHub(site.api, github_auth(SecretStr("ghp_nobodys0123456789")), REPOSITORY)
    nowhere = GitHub(site.api, github_auth(SecretStr(TOKEN)), "acme/nowhere")
    assert [raised(c.ready).reason for c in (stranger, nowhere)] == ["unauthorized", "not_found"]
    assert "HEALER_GITHUB_TOKEN" in raised(stranger.ready).remedy


NAME = "importer-healer / rake fetch"


def a_check(sha, mark="7001:1", **fields):
    about = {"title": "Red", "summary": "Why", "url": "https://github.example/runs/7001", "conclusion": "failure"}
    return CheckRun(**{"name": NAME, "head_sha": sha, "mark": mark, **about, **fields})


def shown(site, sha):
    runs = site.send("GET", f"/commits/{sha}/check-runs?check_name={NAME}&filter=all")["check_runs"]
    return [
        (run["external_id"], run["conclusion"], run["output"]["annotations_count"], run["app"]["id"]) for run in runs
    ]


def test_a_check_run_is_made_once_and_only_ours_counts(site, branch):
    """A repeated step makes no second check run of one gate run; another gate run gets its own, with its remarks."""
    sha, app = site.client().branch_head(branch), site.client("app")
    for _ in range(2):
        assert app.show_check(a_check(sha))
    remark = Annotation(path="lib/gatherers/x.rb", line=3, title="source_changed", message="nothing matches")
    app.show_check(a_check(sha, "7002:1", conclusion="success", annotations=(remark,)))
    assert shown(site, sha) == [("7001:1", "failure", 0, 4711), ("7002:1", "success", 1, 4711)]


def test_without_an_app_there_is_no_check_run(site, branch):
    """GitHub takes check runs from Apps only: with a token we do not ask, and say so."""
    sha = site.client().branch_head(branch)
    assert not site.client("token").show_check(a_check(sha))
    assert shown(site, sha) == []


def test_git_gets_our_token_or_an_installation_token(site):
    """A token is given as it is; an App gives a fresh installation token, and never shows it by itself."""
    assert site.client("token").git_token().get_secret_value() == TOKEN
    token = site.client("app").git_token()
    assert token.get_secret_value().startswith("ghs_")
    assert "ghs_" not in repr(token) + str(token)


def test_no_login_and_a_broken_key_are_misconfigured():
    """Without a complete login, or with a key that cannot sign, nothing starts; the key is not quoted."""
    with pytest.raises(Misconfigured) as nothing:
        github_auth(app_id=4711)
    key = SecretStr("-----BEGIN PRIVATE KEY-----" + "planted"[::-1])
    with pytest.raises(Misconfigured) as broken:
        github_auth(app_id=4711, installation=815, key=key)
    assert (nothing.value.reason, broken.value.reason) == ("github_login", "github_key")
    assert "detnalp" not in "".join(traceback.format_exception(broken.value))


# ---------------------------------------------------------------- limits and faults


@pytest.mark.parametrize(("status", "body"), [(403, SLOW), (429, {"message": "slow down"})])
def test_a_rate_limit_is_waited_for_also_on_writes(site, branch, status, body):
    """403 and 429 with Retry-After are waited out, on reads and writes alike, and nothing is doubled."""
    client = site.client()
    for match in ("GET .*/pulls", f"POST .*{REPOSITORY}/pulls$"):
        site.fault(match=match, status=status, headers={"Retry-After": "0"}, body=body)
    client.open_pull(branch, "main", "Heal", "Body")
    assert len(pulls(site, branch)) == 1


def test_a_wait_longer_than_our_patience_is_an_error_that_names_it(site):
    """No `Retry-After` of an hour is obeyed."""
    site.fault(match="GET .*/branches/", status=403, headers={"Retry-After": "3600"}, body=SLOW)
    error = raised(site.client().branch_head, "main")
    assert (error.reason, error.retry_after) == ("rate_limited", 3600.0)


def test_a_forbidden_write_is_no_rate_limit(site, branch):
    """A missing permission is `forbidden` at once."""
    site.fault(
        match=f"POST .*{REPOSITORY}/pulls$", status=403, body={"message": "Resource not accessible by integration"}
    )
    error = raised(site.client().open_pull, branch, "main", "Heal", "Body")
    assert (error.reason, error.retry_after) == ("forbidden", None)


def test_reads_are_repeated_and_writes_are_not(site, branch):
    """A read that fails twice is read again; a write that fails once is told."""
    site.fault(match="GET .*/branches/", status=502, times=2, body={"message": "bad gateway"})
    assert site.client().branch_head(branch)
    since = len(site.record())
    site.fault(match=f"POST .*{REPOSITORY}/pulls$", status=502, body={"message": "bad gateway"})
    raised(site.client().open_pull, branch, "main", "Heal", "Body")
    assert len(writes(site, since)) == 1


def test_a_dead_github_is_unavailable():
    """A host that does not answer is `unavailable`."""
    client = GitHub("http://127.0.0.1:9/api/v3", github_auth(SecretStr(TOKEN)), REPOSITORY)
    assert raised(client.ready).reason == "unavailable"


def test_an_answer_of_another_form_is_unreadable(site):
    """A body that is not what GitHub promises is an error of its own."""
    site.fault(match="GET .*/branches/", status=200, body={"commit": 7})
    assert raised(site.client().branch_head, "main").reason == "unreadable"


def test_no_error_and_no_log_carries_a_token_or_header(site, caplog):
    """Tokens and headers stay out of errors, tracebacks, logs and repr, also where an operator asked for DEBUG."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="github")
    client = site.client("app")
    token = client.git_token().get_secret_value()
    site.fault(match="GET .*/branches/", status=500, times=9, body={"message": f"boom {token}"})
    error = raised(client.branch_head, "main")
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(client) + caplog.text
    assert token not in shown
    assert "uthorization" not in shown


def test_reviewers_are_asked_once_and_whom_github_refuses_is_left_out(client, site, branch):
    """People and teams are asked, a stranger's team and the author are no reason to ask nobody, and a repeat asks nobody again."""
    number = client.open_pull(branch, "main", "Heal", "Body").number
    author = site.send("GET", f"/pulls/{number}")["user"]["login"]
    for _ in range(2):
        since = len(site.record())
        assert client.ask_review(number, ["alice", author], ["keepers", "strangers"]) == ("alice", "keepers")
    pull = site.send("GET", f"/pulls/{number}")
    assert [one["login"] for one in pull["requested_reviewers"]] == ["alice"]
    assert [one["slug"] for one in pull["requested_teams"]] == ["keepers"]
    assert len(writes(site, since)) == 2
