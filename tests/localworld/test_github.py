"""The GitHub stand-in as PyGithub and git see it, judged by GitHub's own document."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import github
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import github_site
from contracts.checker import judge, tally
from git_site import ENV, git
from github_site import MAY, REPOSITORY, TOKEN, WORKFLOW
from loopback import NO_TLS
from serving import serving

READER, SECRET = "ghp_plantedtokenofareader0123456789abcdefgh", "planted-webhook-secret"
_NUMBERS = iter(range(1, 1000))


class Listener:
    """Takes webhooks; refuses the first."""

    def __init__(self):
        self.refusals, self.events, self.arrived = 1, [], threading.Condition()

    def app(self, _url):
        """Give the ASGI application."""
        return Starlette(routes=[Route("/hook", self.take, methods=["POST"])])

    async def take(self, request):
        """Take one webhook."""
        body = await request.json()
        with self.arrived:
            if self.refusals:
                self.refusals -= 1
                return Response(status_code=503)
            self.events.append((request.headers["x-github-event"], body))
            self.arrived.notify_all()
        return Response(status_code=204)

    def wait(self, wanted):
        """Wait for an event that `wanted` accepts; give its payload."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: any(wanted(*event) for event in self.events), 10)
            return next(body for event, body in self.events if wanted(event, body))


@pytest.fixture(scope="module")
def listener():
    return Listener()


@pytest.fixture(scope="module")
def site(tmp_path_factory, listener):
    tokens = [
        {"token": TOKEN, "login": "maintainer", "permissions": MAY},
        {"token": READER, "login": "reader", "permissions": {"contents": "read", "metadata": "read"}},
    ]
    with serving(listener.app) as url:
        hook = {"url": f"{url}/hook", "secret": SECRET}
        with github_site.running(tmp_path_factory.mktemp("github"), tokens=tokens, webhook=hook) as site:
            yield site


@pytest.fixture
def branch(site):
    name = f"heal/UTIL-{next(_NUMBERS)}"
    site.branch(name)
    return name


def library(site, auth=None):
    return github.Github(
        base_url=site.api,
        auth=auth or github.Auth.Token(TOKEN),
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


@pytest.fixture
def repository(site):
    return library(site).get_repo(REPOSITORY)


def pull_of(repository, branch, **more):
    return repository.create_pull(base="main", head=branch, title=f"Heal {branch}", body="Why", **more)


def status_of(site, method, path, token=TOKEN, **options):
    headers = {"Authorization": f"token {token}"}
    return httpx.request(method, f"{site.url}{path}", headers=headers, verify=NO_TLS, trust_env=False, **options)


def push(site, source, target, token=TOKEN, cwd=None):
    """Push and give git's exit code and words."""
    url = f"http://x-access-token:{token}@{site.url.removeprefix('http://')}/{REPOSITORY}.git"
    argv = ["git", "push", url, f"{source}:refs/heads/{target}"]
    done = subprocess.run(argv, cwd=cwd or site.root / "work", env=ENV, capture_output=True, check=False, text=True)
    return done.returncode, done.stderr


# ---------------------------------------------------------------- REST


def read_all(repository, branch):
    """Read what a repository and a branch offer."""
    assert repository.get_branch(branch).commit.sha == repository.get_git_ref(f"heads/{branch}").object.sha
    assert repository.get_contents("importers.toml").decoded_content.startswith(b"[importers")
    assert repository.compare("main", branch).ahead_by == 1
    assert repository.get_commit(branch).files.totalCount == 1


def heal(repository, branch):
    """Take a pull request through its life."""
    pull = pull_of(repository, branch, draft=True)
    pull.edit(title="Healed", body="**why**")
    pull.add_to_labels("healer", "importer")
    pull.remove_from_labels("importer")
    pull.create_review_request(reviewers=["ann"])
    pull.create_issue_comment("Seen").edit("Seen, again")
    pull.mark_ready_for_review()
    assert [file.filename for file in pull.get_files()] == ["healed.rb"]
    assert [commit.sha for commit in pull.get_commits()] == [pull.head.sha]
    assert [comment.body for comment in pull.get_issue_comments()] == ["Seen, again"]
    assert [label.name for label in pull.get_labels()] == ["healer"]
    assert pull.merge(sha=pull.head.sha).merged
    assert repository.get_pull(pull.number).merged


def gate(site, repository, branch):
    """Dispatch a workflow and look at its run."""
    inputs = {"case": "UTIL-1", "mode": "verify", "correlation": "UTIL-1-1-0a1b2c3d"}
    workflow = repository.get_workflow(WORKFLOW)
    run = workflow.create_dispatch(branch, inputs, throw=True, return_run_details=True)
    assert run.id in [found.id for found in repository.get_workflow_runs(branch=branch)]
    assert run.id in [found.id for found in workflow.get_runs()]
    repository.get_workflow_run(run.id).jobs().totalCount  # noqa: B018 - the request is what matters
    app = github.Auth.AppAuth(4711, site.keys.private).get_installation_auth(815)
    check = library(site, app).get_repo(REPOSITORY).create_check_run("gate", run.head_sha, conclusion="success")
    assert check.id in [found.id for found in repository.get_commit(run.head_sha).get_check_runs()]


def test_pygithub_works_by_the_book(site, repository, branch, listener):
    """PyGithub does its work, and neither an exchange nor a webhook breaks GitHub's contract."""
    assert library(site).get_user().login == "maintainer"
    read_all(repository, branch)
    gate(site, repository, branch)
    heal(repository, branch)
    repository.get_git_ref(f"heads/{branch}").delete()
    listener.wait(lambda event, body: event == "push" and body["deleted"])
    record = site.root / "record/github.jsonl"
    assert tally(record)["github"] > 30
    assert tally(record)["webhook"] > 8
    wrong = [finding for finding in judge(record, webhook_secret=SECRET) if finding.kind == "VIOLATION"]
    assert not wrong, "\n".join(map(str, wrong))


def test_the_root_is_a_folder_like_others(site):
    """The root of a commit is listed, files and folders apart."""
    entries = status_of(site, "GET", f"/api/v3/repos/{REPOSITORY}/contents/").json()
    kinds = {entry["path"]: entry["type"] for entry in entries}
    assert (kinds[".github"], kinds["importers.toml"]) == ("dir", "file")


def test_no_token_is_recorded(site):
    """Neither the token that calls nor the one that the installation was given is in the record."""
    token = site.client("app").git_token().get_secret_value()
    text = (site.root / "record/github.jsonl").read_text()
    assert status_of(site, "GET", "/api/v3/user", token).json()["login"] == "importer-healer[bot]"
    assert token not in text
    assert TOKEN not in text


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/user", "ghp_nobody", 401),
        ("GET", "/repos/acme/nothing", TOKEN, 404),
        ("GET", f"/repos/{REPOSITORY}/nothing", TOKEN, 404),
        ("PUT", f"/repos/{REPOSITORY}", TOKEN, 404),
        ("GET", f"/repos/{REPOSITORY}/contents/none.rb", TOKEN, 404),
        ("GET", f"/repos/{REPOSITORY}/pulls/9999", TOKEN, 404),
        ("GET", f"/repos/{REPOSITORY}/pulls?per_page=many", READER, 403),
        ("POST", f"/repos/{REPOSITORY}/issues/1/comments", READER, 403),
        ("POST", f"/repos/{REPOSITORY}/check-runs", TOKEN, 403),
        ("POST", f"/repos/{REPOSITORY}/pulls", TOKEN, 422),
    ],
)
def test_a_refusal_is_of_githubs_form(site, method, path, token, status):
    """A refusal has GitHub's status and a message in JSON."""
    answer = status_of(site, method, "/api/v3" + path, token)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_refusals_show_nothing_of_the_machine(site):
    """No refusal names a path of the machine that serves it."""
    answer = status_of(
        site, "POST", f"/api/v3/repos/{REPOSITORY}/git/refs", json={"ref": "refs/heads/x y", "sha": "zz"}
    )
    assert answer.status_code == 422
    assert str(site.root) not in answer.text


def test_there_is_one_pull_request_a_branch(site, branch):
    """Of many who open a pull request of one branch at once, one succeeds, every time; the others are told so."""
    body, headers = {"base": "main", "head": branch, "title": "Heal"}, {"Authorization": f"token {TOKEN}"}
    base = f"{site.api}/repos/{REPOSITORY}/"
    with (
        httpx.Client(base_url=base, headers=headers, verify=NO_TLS, trust_env=False) as http,
        ThreadPoolExecutor(6) as pool,
    ):
        for _ in range(6):
            answers = list(pool.map(lambda _: http.post("pulls", json=body), range(6)))
            assert sorted(answer.status_code for answer in answers) == [201] + [422] * 5
            assert sum("A pull request already exists for acme:" in answer.text for answer in answers) == 5
            [made] = [answer.json()["number"] for answer in answers if answer.is_success]
            http.patch(f"pulls/{made}", json={"state": "closed"})


def test_a_branch_without_commits_gets_no_pull_request(site, repository):
    """A pull request needs a commit between base and head."""
    repository.create_git_ref("refs/heads/heal/EMPTY-1", repository.get_branch("main").commit.sha)
    with pytest.raises(github.GithubException, match="No commits between"):
        pull_of(repository, "heal/EMPTY-1")


def test_a_lost_answer_leaves_the_write(site, repository, branch):
    """A fault after the write loses the answer only."""
    pull = pull_of(repository, branch)
    site.fault(match=r"POST .*/comments$", status=502, body={"message": "Bad gateway"}, after=True)
    with pytest.raises(github.GithubException, match="502"):
        pull.create_issue_comment("Once")
    assert [comment.body for comment in pull.get_issue_comments()] == ["Once"]


# ---------------------------------------------------------------- git and webhooks


@pytest.mark.parametrize(
    ("source", "target", "token", "words"),
    [
        ("main~0", "heal/READ-1", READER, "403"),
        ("main~0", "heal/NOBODY-1", "ghp_nobody", "Authentication failed"),
        ("+HEAD", "main", TOKEN, "protected branch"),
    ],
)
def test_a_push_is_refused(site, branch, source, target, token, words):
    """A push needs a token that may write, and the protected branch takes none."""
    code, said = push(site, source, target, token)
    assert code != 0
    assert words.lower() in said.lower()


def test_a_push_may_not_change_workflows(site, branch):
    """Without the permission `workflows` a push that changes a workflow file is refused as a whole."""
    work = site.root / "work"
    (work / f".github/workflows/{WORKFLOW}").write_text("on: push\n")
    git("commit", "-q", "-am", "Change the gate", cwd=work)
    code, said = push(site, "HEAD", branch)
    git("reset", "-q", "--hard", "HEAD~1", cwd=work)
    assert code != 0
    assert "without `workflows` permission" in said


def test_a_push_tells_and_starts_nothing(site, repository, branch, listener):
    """A push tells `push` and, for an open pull request, `synchronize`; no workflow runs."""
    pull, work = pull_of(repository, branch), site.root / "work"
    before = repository.get_workflow_runs().totalCount
    git("commit", "-q", "--amend", "-m", "Better", cwd=work)
    url = f"http://x-access-token:{TOKEN}@{site.url.removeprefix('http://')}/{REPOSITORY}.git"
    git("push", "-q", "--force", url, branch, cwd=work)
    head = git("rev-parse", "HEAD", cwd=work)
    told = listener.wait(lambda event, body: event == "push" and body["after"] == head)
    change = listener.wait(lambda event, body: body.get("action") == "synchronize" and body["after"] == head)
    assert (told["forced"], change["number"]) == (True, pull.number)
    assert repository.get_pull(pull.number).head.sha == head
    assert repository.get_workflow_runs().totalCount == before


def test_a_refused_webhook_is_sent_again(site, repository, branch, listener):
    """A receiver that is away for a moment gets the webhook all the same."""
    with listener.arrived:
        listener.refusals = 1
    pull = pull_of(repository, branch)
    body = listener.wait(lambda _, body: body.get("action") == "opened" and body["number"] == pull.number)
    assert body["pull_request"]["head"]["ref"] == branch
    assert listener.refusals == 0


# ---------------------------------------------------------------- pages


def test_a_page_escapes_what_others_wrote(site, repository, branch):
    """Title, body and comments are shown as text: no HTML of theirs reaches a reader."""
    pull = repository.create_pull(base="main", head=branch, title="<script>t</script>", body="<img src=x onerror=b>")
    pull.create_issue_comment("[a](javascript:alert(1)) <b>c</b>")
    page = httpx.get(pull.html_url, verify=NO_TLS, trust_env=False).text
    for text in ("<script>", "<img", 'href="javascript', "<b>c"):
        assert text not in page
    assert "healed.rb" in page


def test_a_comparison_has_a_page(site, branch):
    """Branches and their comparison can be opened in a browser."""
    for path in (f"compare/main...{branch}", f"tree/{branch}", ""):
        page = httpx.get(f"{site.url}/{REPOSITORY}/{path}".rstrip("/"), verify=NO_TLS, trust_env=False)
        assert page.status_code == 200
        assert branch in page.text
