"""The JIRA stand-in: strict where JIRA is strict, in both products, seen through the jira library and by hand."""

import subprocess
import sys

import httpx
import pytest
from jira import JIRAError

from jira_site import ANNS_TOKEN, KEY, TOKEN, running
from loopback import NO_TLS

HEALER = "importer-healer"


def refused(call, *args, **kwargs) -> JIRAError:
    with pytest.raises(JIRAError) as caught:
        call(*args, **kwargs)
    return caught.value


# ---------------------------------------------------------------- who may do what


def test_the_library_knows_the_product(jira_site):
    """The server says which product it is, to anybody; the library then uses that product's endpoints."""
    anonymous = httpx.get(f"{jira_site.url}/rest/api/2/serverInfo", verify=NO_TLS, trust_env=False).json()
    assert anonymous["deploymentType"] == ("Cloud" if jira_site.cloud else "Server")
    assert jira_site.library()._is_cloud is jira_site.cloud


def test_a_login_of_the_other_product_is_no_login(jira_site):
    """Cloud takes basic e-mail and token, Data Center a bearer token; all else is 401."""
    bearer, basic = {"Authorization": f"Bearer {TOKEN}"}, (f"{HEALER}@acme.example", TOKEN)
    myself = f"{jira_site.url}/rest/api/2/myself"
    seen = {
        "none": httpx.get(myself, verify=NO_TLS, trust_env=False).status_code,
        "bearer": httpx.get(myself, headers=bearer, verify=NO_TLS, trust_env=False).status_code,
        "basic": httpx.get(myself, auth=basic, verify=NO_TLS, trust_env=False).status_code,
        "wrong": httpx.get(myself, auth=(basic[0], "wrong"), verify=NO_TLS, trust_env=False).status_code,
        "nobody's": httpx.get(myself, auth=("operations@acme.example", ""), verify=NO_TLS, trust_env=False).status_code,
    }
    good = "basic" if jira_site.cloud else "bearer"
    assert seen == {name: 200 if name == good else 401 for name in seen}


def test_people_are_known_by_account_id_on_cloud_and_by_name_on_data_center(jira_site):
    """The two products identify people differently."""
    me = jira_site.library().myself()
    assert ("accountId" in me, "name" in me) == (jira_site.cloud, not jira_site.cloud)


def test_what_is_not_there_is_404(jira_site):
    """Unknown tickets, comments, properties, links, projects and application links are 404."""
    with jira_site.http() as http:
        issue = f"/rest/api/2/issue/{KEY}"
        paths = [
            "/rest/api/2/issue/UTIL-999",
            f"{issue}/comment/1",
            f"{issue}/properties/none",
            f"{issue}/remotelink/1",
        ]
        paths += ["/rest/api/2/project/NOPE", "/rest/applinks/latest/listApplicationlinks", "/rest/api/9/myself"]
        assert {path: http.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)


# ---------------------------------------------------------------- tickets


def test_a_ticket_is_created_with_what_the_project_has(jira_site):
    """A ticket of known type and component is created and read back."""
    library = jira_site.library()
    made = library.create_issue(
        project="UTIL",
        summary="Voltara: no bills",
        issuetype={"name": "Bug"},
        components=[{"name": "importer-voltara"}],
        description="Since Monday.",
    )
    fields = library.issue(made.key).fields
    assert (made.key, fields.summary, fields.components[0].name) == (
        "UTIL-102",
        "Voltara: no bills",
        "importer-voltara",
    )


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"issuetype": {"name": "Epic"}}, "issuetype"),
        ({"components": [{"name": "importer-nowhere"}]}, "components"),
        ({"customfield_10001": "x"}, "customfield_10001"),
        ({"summary": ""}, "summary"),
        ({"project": {"key": "NOPE"}}, "project"),
    ],
)
def test_a_ticket_with_anything_unknown_is_refused(jira_site, fields, wrong):
    """An unknown type, component, field or project is 400 and named."""
    good = {"project": {"key": "UTIL"}, "summary": "s", "issuetype": {"name": "Bug"}}
    with jira_site.http() as http:
        answer = http.post("/rest/api/2/issue", json={"fields": {**good, **fields}})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


def test_a_ticket_is_assigned_and_people_are_found(jira_site):
    """The library can find and assign people."""
    library = jira_site.library()
    assert library.assign_issue(KEY, "ann@acme.example" if jira_site.cloud else "ann")
    assert library.issue(KEY).fields.assignee.displayName == "Ann"


def test_only_asked_fields_are_given(jira_site):
    """`fields` limits the answer."""
    assert set(jira_site.library().issue(KEY, fields="summary,status").raw["fields"]) == {"summary", "status"}


def test_what_can_be_created_is_told(jira_site):
    """The metadata for creating name the issue types of the project."""
    with jira_site.http() as http:
        meta = http.get("/rest/api/2/issue/createmeta?projectKeys=UTIL").json()
    assert {t["name"] for t in meta["projects"][0]["issuetypes"]} == {"Bug", "Task", "Incident", "Story"}


# ---------------------------------------------------------------- the workflow


@pytest.mark.parametrize(
    ("path", "ways"),
    [
        ([], {"In Progress", "In Review", "Blocked"}),
        (["In Progress"], {"In Review", "Blocked"}),
        (["In Review"], {"Done", "Blocked"}),
        (["Blocked"], {"To Do", "In Progress", "In Review", "Done"}),
    ],
)
def test_the_ways_out_of_a_status_are_those_of_the_workflow(jira_site, path, ways):
    """From each status exactly the workflow's transitions are offered."""
    client, library = jira_site.client(), jira_site.library()
    for status in path:
        client.move(KEY, status)
    assert {t["to"]["name"] for t in library.transitions(KEY)} == ways


def test_an_illegal_transition_is_refused(jira_site):
    """A transition that does not leave the present status is 400 and changes nothing."""
    assert refused(jira_site.library().transition_issue, KEY, "31").status_code == 400
    assert jira_site.ticket()["status"] == "To Do"


@pytest.mark.parametrize(
    "fields", [{}, {"resolution": {"name": "Nonsense"}}, {"resolution": {"name": "Done"}, "summary": "x"}]
)
def test_a_screen_is_enforced(jira_site, fields):
    """A missing, unknown or foreign field of a transition's screen is 400 and changes nothing."""
    jira_site.client().move(KEY, "In Review")
    error = refused(jira_site.library().transition_issue, KEY, "31", fields=fields)
    assert (error.status_code, jira_site.ticket()["status"]) == (400, "In Review")


def test_history_tells_who_moved_what(jira_site):
    """Each move is in the changelog."""
    jira_site.client().move(KEY, "In Review")
    history = jira_site.library().issue(KEY, expand="changelog").changelog.histories
    assert [(h.author.displayName, h.items[0].fromString, h.items[0].toString) for h in history] == [
        ("Importer Healer", "To Do", "In Review")
    ]


# ---------------------------------------------------------------- comments, links, properties


def test_comments_are_written_read_edited_listed_and_deleted(jira_site):
    """Comments live as the library expects."""
    library = jira_site.library()
    comment = library.add_comment(KEY, "first")
    comment.update(body="second")
    assert [c.body for c in library.comments(KEY)] == ["second"]
    assert library.comment(KEY, comment.id).body == "second"
    comment.delete()
    assert library.comments(KEY) == []


def test_somebody_elses_comment_cannot_be_edited(jira_site):
    """A comment belongs to its author."""
    theirs = jira_site.library("ann", ANNS_TOKEN).add_comment(KEY, "mine")
    assert refused(jira_site.library().comment(KEY, theirs.id).update, body="yours").status_code == 400


@pytest.mark.parametrize("body", ["", "   ", "x" * 32_768])
def test_an_empty_or_overlong_comment_is_refused(jira_site, body):
    """A comment has 1 to 32,767 characters."""
    assert refused(jira_site.library().add_comment, KEY, body).status_code == 400


def test_comments_come_in_pages(jira_site):
    """`startAt`, `maxResults` and `orderBy` are obeyed."""
    library = jira_site.library()
    for n in range(5):
        library.add_comment(KEY, str(n))
    assert [c.body for c in library.comments(KEY, start_at=1, max_results=2)] == ["1", "2"]
    assert [c.body for c in library.comments(KEY, max_results=1, order_by="-created")] == ["4"]


def test_a_remote_link_with_a_known_global_id_is_replaced(jira_site):
    """The first time 201, then 200 with the same id."""
    body = {"globalId": "g", "object": {"url": "https://github.example/1", "title": "one"}}
    with jira_site.http() as http:
        first, second = (http.post(f"/rest/api/2/issue/{KEY}/remotelink", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_a_remote_link_needs_url_and_title(jira_site):
    """An incomplete link is refused."""
    with jira_site.http() as http:
        assert http.post(f"/rest/api/2/issue/{KEY}/remotelink", json={"object": {"url": "x"}}).status_code == 400


def test_properties_are_set_replaced_and_read(jira_site):
    """A property is 201 when new and 200 when replaced; the library reads it."""
    with jira_site.http() as http:
        path = f"/rest/api/2/issue/{KEY}/properties/healer.case"
        assert [http.put(path, json={"n": n}).status_code for n in (1, 2)] == [201, 200]
    assert [p.raw["value"] for p in jira_site.library().issue_properties(KEY)] == [{"n": 2}]


# ---------------------------------------------------------------- search


def test_each_product_searches_in_its_own_way(jira_site):
    """`/search` is gone on Cloud, `/search/jql` is none on Data Center."""
    with jira_site.http() as http:
        by_offset = http.get("/rest/api/2/search?jql=project%3DUTIL").status_code
        by_token = http.get("/rest/api/2/search/jql?jql=project%3DUTIL").status_code
    assert (by_offset, by_token) == ((410, 200) if jira_site.cloud else (200, 404))


def test_the_library_searches_and_is_refused(jira_site):
    """A search goes through the library in both products; a wrong one is its error."""
    library = jira_site.library()
    assert [issue.key for issue in library.search_issues("component = importer-brightwater and status = 'To Do'")] == [
        KEY
    ]
    assert refused(library.search_issues, "nosuch = 1").status_code == 400


def test_cloud_gives_pages_by_token_and_no_unbounded_search(tmp_path):
    """On Cloud a page's token leads to the next page of that query only; a query must restrict something."""
    with running("cloud", tmp_path) as site, site.http() as http:
        for n in range(4):
            http.post("/_control/tickets", json={"summary": f"t{n}"}).raise_for_status()
        search = "/rest/api/3/search/jql"
        first = http.get(search, params={"jql": "project = UTIL", "maxResults": 3}).json()
        more = {"jql": "project = UTIL", "nextPageToken": first["nextPageToken"]}
        second = http.post(search, json=more).json()
        assert (len(first["issues"]), first["isLast"], len(second["issues"]), second["isLast"]) == (3, False, 2, True)
        assert set(first["issues"][0]) == {"id"}
        assert http.post(search, json={**more, "jql": "project = UTIL order by key"}).status_code == 400
        assert http.get(search, params={"jql": "order by created"}).status_code == 400


# ---------------------------------------------------------------- version 3


def test_version_3_speaks_adf_and_version_2_wiki_of_one_comment(tmp_path):
    """A comment written in either form is read in both; the wrong form is refused."""
    document = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "Healed"}]},
            {
                "type": "paragraph",
                "content": [
                    {"type": "text", "text": "See "},
                    {
                        "type": "text",
                        "text": "#12",
                        "marks": [{"type": "link", "attrs": {"href": "https://github.example/12"}}],
                    },
                ],
            },
        ],
    }
    with running("cloud", tmp_path) as site, site.http() as http:
        three, two = f"/rest/api/3/issue/{KEY}/comment", f"/rest/api/2/issue/{KEY}/comment"
        assert http.post(three, json={"body": document}).status_code == 201
        assert http.get(two).json()["comments"][0]["body"] == "h3. Healed\n\nSee [#12|https://github.example/12]"
        assert http.get(three).json()["comments"][0]["body"]["content"][0] == document["content"][0]
        assert http.post(three, json={"body": "text"}).status_code == 400
        assert http.post(two, json={"body": document}).status_code == 400


def test_data_center_has_no_version_3(tmp_path):
    """Version 3 is Cloud's alone."""
    with running("datacenter", tmp_path) as site, site.http() as http:
        assert http.get("/rest/api/3/myself").status_code == 404


# ---------------------------------------------------------------- control plane, record, restart


def test_files_are_taken_by_the_books_form_only(jira_site):
    """A form without the header against forgery is refused, one without a part named `file` too; what was taken is given back."""
    with jira_site.http() as http:
        path, part = f"/rest/api/2/issue/{KEY}/attachments", ("a b.txt", b"\x00\r\n\xff", "application/octet-stream")
        token = {"X-Atlassian-Token": "no-check"}
        assert http.post(path, files={"file": part}).status_code == 403
        assert http.post(path, files={"other": part}, headers=token).status_code == 400
        (made,) = http.post(path, files={"file": part}, headers=token).json()
        assert http.get(made["content"]).content == part[1]
        assert http.get(f"/secure/attachment/{made['id']}/a%20b.txt").content == part[1]
        assert (made["filename"], made["size"]) == ("a b.txt", 4)
        assert "a b.txt" in http.get(f"/browse/{KEY}").text
        assert http.get("/secure/attachment/1/x").status_code == 404
    ann = jira_site.http(ANNS_TOKEN) if not jira_site.cloud else None
    if ann:
        with ann:
            assert ann.delete(f"/rest/api/2/attachment/{made['id']}").status_code == 403
    with jira_site.http() as http:
        assert http.delete(f"/rest/api/2/attachment/{made['id']}").status_code == 204


def test_faults_strike_as_often_as_told_and_in_order(jira_site):
    """A fault answers the next matching requests, no other, and is then over."""
    jira_site.fault(
        match=r"GET .*/myself$", status=429, headers={"Retry-After": "7"}, body={"errorMessages": ["slow"]}, times=2
    )
    with jira_site.http() as http:
        assert http.get("/rest/api/2/serverInfo").status_code == 200
        answers = [http.get("/rest/api/2/myself") for _ in range(3)]
    assert [a.status_code for a in answers] == [429, 429, 200]
    assert (answers[0].headers["Retry-After"], answers[0].json()) == ("7", {"errorMessages": ["slow"]})


def test_a_fault_after_lets_the_write_happen(jira_site):
    """With `after` the work is done and only the answer is lost; without it nothing happens."""
    path = f"/rest/api/2/issue/{KEY}/comment"
    with jira_site.http() as http:
        jira_site.fault(match="POST", status=502)
        http.post(path, json={"body": "a"})
        jira_site.fault(match="POST", status=502, after=True)
        http.post(path, json={"body": "b"})
    assert [c["body"] for c in jira_site.ticket()["comments"]] == ["b"]


def test_a_stale_read_shows_what_was_before_the_write(jira_site):
    """What an address answered first it answers again, as often as told, whatever was written meanwhile."""
    path = f"/rest/api/2/issue/{KEY}/comment"
    jira_site.fault(match=f"GET .*{KEY}/comment$", stale=True, times=2)
    with jira_site.http() as http:
        seen = [http.get(path).json()["total"]]
        http.post(path, json={"body": "a"})
        seen += [http.get(path).json()["total"] for _ in range(3)]
    assert seen == [0, 0, 0, 1]


def test_a_cut_connection_is_no_answer(jira_site):
    """Status 0 ends the connection within the answer."""
    jira_site.fault(match="GET", status=0)
    with jira_site.http() as http, pytest.raises(httpx.TransportError):
        http.get("/rest/api/2/myself")


def test_the_record_has_every_exchange_and_no_login(jira_site):
    """Each exchange with the REST API is recorded in order, with the login redacted."""
    jira_site.client().say(KEY, "m", "text")
    record = jira_site.record()
    written = [e["request_body"]["body"] for e in record if e["method"] == "POST"]
    assert [body.partition("\n")[0] for body in written] == ["text"]
    assert {e["request_headers"]["authorization"] for e in record} == {"REDACTED"}
    assert TOKEN not in (jira_site.root / "record/jira.jsonl").read_text()


def test_the_state_survives_a_restart(tmp_path):
    """Tickets, comments and history are there again after a restart; tokens are not in the file."""
    with running("cloud", tmp_path) as site:
        site.client().say(KEY, "m", "text")
        site.client().move(KEY, "In Review")
        before = site.ticket()
    with running("cloud", tmp_path) as site:
        assert site.ticket() == before
    assert TOKEN not in (tmp_path / "state.json").read_text()


def test_it_runs_as_a_program(tmp_path):
    """`python -m localworld.jira` serves and says so when it does."""
    (tmp_path / "jira.json").write_text('{"project": {"key": "UTIL", "name": "u"}, "users": []}')
    argv = [
        sys.executable,
        "-m",
        "localworld.jira",
        "--port",
        "0",
        "--root",
        str(tmp_path),
        "--config",
        str(tmp_path / "jira.json"),
    ]
    with subprocess.Popen([*argv, "--mode", "datacenter"], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline().startswith("jira ready on http://127.0.0.1")
        finally:
            child.terminate()
            child.wait(10)
