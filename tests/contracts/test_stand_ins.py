"""What the product's clients and the vendors' libraries say to the stand-ins, judged by the vendors' contracts."""

import time

import httpx
import pytest

import github_site
from contracts.checker import judge, tally
from healer.contracts import CheckRun, File
from jira_site import ANNS_TOKEN, GROUP, KEY
from loopback import NO_TLS


def wrong(record, **options):
    return [finding for finding in judge(record, **options) if finding.kind == "VIOLATION"]


def use_as_the_product(jira_site):
    client = jira_site.client()
    client.ready()
    client.ticket(KEY)
    client.tickets("project = UTIL ORDER BY created ASC")
    about = {"project": {"key": "UTIL"}, "issuetype": {"name": "Bug"}, "components": [{"name": "importer-voltara"}]}
    client.open({**about, "summary": "Voltara: fetches fail", "labels": ["importer-healer-watch"]})
    for text in ("h3. Looking at it", "h3. Healed"):
        client.say(KEY, "healer-UTIL-101", text)
    for title in ("Pull request", "Pull request 1"):
        client.link(KEY, "healer:1", "http://127.0.0.1:1/pull/1", title)
    client.set_state(KEY, "healer.case", {"case": "1"})
    client.state(KEY, "healer.case")
    for text in ("{}", "[]"):
        client.attach(
            KEY,
            "receipt-",
            [File(name=f"receipt-{len(text)}{text[0] == '['}.json", mime="application/json", content=text)],
        )
    jira_site.library("ann", ANNS_TOKEN).add_comment(KEY, "/healer take")
    (said,) = client.comments(KEY)
    client.comment(KEY, said.ref.removeprefix("ticket:"))
    client.comment(KEY, "999999")
    client.is_member(GROUP, said.author)
    client.is_member(GROUP, "nobody")
    client.move(KEY, "In Review")
    client.move(KEY, "Done", {"resolution": {"name": "Done"}})


def use_as_anybody(jira_site):
    library = jira_site.library()
    fields = {
        "issuetype": {"name": "Bug"},
        "components": [{"name": "importer-voltara"}],
        "description": "Since Monday.",
    }
    made = library.create_issue(project="UTIL", summary="Voltara: no bills", **fields)
    library.search_issues("project = UTIL ORDER BY created")
    library.add_comment(made.key, "Me too")
    library.comments(made.key)
    library.transitions(made.key)
    library.assign_issue(made.key, "ann@acme.example" if jira_site.cloud else "ann")
    library.myself()
    library.project("UTIL")
    library.add_simple_link(made.key, {"url": "http://127.0.0.1:1/", "title": "See"})
    library.remote_links(made.key)
    library.issue_properties(made.key)


def ask_by_hand(jira_site):
    with jira_site.http() as http:
        for version in ("2", "3", "latest"):
            for path in (f"issue/{KEY}?expand=changelog", f"issue/{KEY}/comment", "issue/UTIL-999", "serverInfo"):
                http.get(f"/rest/api/{version}/{path}")
        for path in ("project/UTIL/statuses", "mypermissions?projectKey=UTIL&permissions=ADD_COMMENTS"):
            http.get(f"/rest/api/2/{path}")
        http.get("/rest/api/2/issue/createmeta?projectKeys=UTIL")
        http.get("/rest/api/2/search?jql=nosuch=1")
        http.get("/rest/api/3/search/jql?jql=project=UTIL&fields=summary")
        http.post("/rest/api/2/issue", json={"fields": {"summary": ""}})
    httpx.get(f"{jira_site.url}/rest/api/2/myself", verify=NO_TLS, trust_env=False)


def test_jira_is_spoken_by_the_book(jira_site):
    """No exchange with the JIRA stand-in breaks Atlassian's contract, save the listed differences of Data Center."""
    use_as_the_product(jira_site)
    use_as_anybody(jira_site)
    ask_by_hand(jira_site)
    record = jira_site.root / "record/jira.jsonl"
    assert tally(record)["jira"] > 45
    assert wrong(record) == []
    listed = [finding for finding in judge(record) if finding.kind == "DATA_CENTER"]
    assert bool(listed) is not jira_site.cloud


def use_github(site):
    client, app = site.client(), site.client("app")
    site.branch("heal/UTIL-101")
    client.ready()
    app.ready()
    client.read_file("importers.toml", "main")
    client.branch_head("heal/UTIL-101")
    client.branch_head("none")
    pull = client.open_pull("heal/UTIL-101", "main", "Heal", "Why", ("healer",), draft=True)
    app.open_pull("heal/UTIL-101", "main", "Heal", "Why, again")
    client.find_pull("heal/UTIL-101")
    run, _ = app.dispatch(
        github_site.WORKFLOW, "heal/UTIL-101", {"case": "1", "mode": "verify", "correlation": "heal-1-1"}
    )
    sha = client.branch_head("heal/UTIL-101")
    remark = {"path": "lib/x.rb", "line": 3, "title": "source_changed", "message": "nothing matches"}
    about = {"name": "importer-healer / rake fetch", "head_sha": sha, "mark": f"{run}:1", "url": pull.url}
    app.show_check(CheckRun(**about, conclusion="failure", title="Red", summary="Why", annotations=(remark,)))
    client.find_run(github_site.WORKFLOW, "heal/UTIL-101", "heal-1-1")
    client.run_state(run)
    client.run_state(1)
    return pull.number, run


def cancel_by_hand(github, run):
    """Ask for the end of a run while it is under way, perhaps, and when it has ended."""
    url = f"{github.api}/repos/{github_site.REPOSITORY}/actions/runs/{run}/cancel"
    headers = {"Authorization": f"token {github_site.TOKEN}"}
    deadline = time.monotonic() + 20
    while httpx.post(url, headers=headers, verify=NO_TLS, trust_env=False).status_code != httpx.codes.CONFLICT:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def show_issues(github, comment):
    """Keep an issue of ours with both logins, show it, and delete a comment."""
    for login in ("token", "app"):
        for text in ("one", "two"):
            issue = github.issues(login).write(f"board-{login}", "<!-- m -->", "Board", f"<!-- m -->\n{text}")
        github.send("GET", f"/issues/{issue.number}")
    url = f"{github.api}/repos/{github_site.REPOSITORY}/issues/comments/{comment}"
    headers = {"Authorization": f"token {github_site.TOKEN}"}
    httpx.delete(url, headers=headers, verify=NO_TLS, trust_env=False).raise_for_status()


@pytest.fixture
def github(tmp_path):
    with github_site.running(tmp_path) as site:
        yield site


def test_github_is_spoken_by_the_book(github):
    """No exchange with the GitHub stand-in and no webhook of it breaks GitHub's contract."""
    number, run = use_github(github)
    for path in ("", f"/pulls/{number}/files", f"/pulls/{number}/commits", "/compare/main...heal/UTIL-101"):
        github.send("GET", path)
    for path in ("/commits/main", f"/actions/runs/{run}/jobs", "/actions/workflows"):
        github.send("GET", path)
    comment = github.send("POST", f"/issues/{number}/comments", {"body": "Seen"})
    show_issues(github, comment["id"])
    cancel_by_hand(github, run)
    github.send("GET", f"/issues/{number}/comments")
    record = github.root / "record/github.jsonl"
    assert tally(record)["github"] > 20
    assert tally(record)["webhook"] > 0
    assert wrong(record, webhook_secret="planted-webhook-secret") == []
