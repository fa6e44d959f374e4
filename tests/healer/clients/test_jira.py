"""The JIRA client against the stand-in over real HTTP, Cloud and Data Center."""

import logging
import traceback

import pytest
from pydantic import SecretStr

from healer.clients.jira import Jira
from healer.errors import UpstreamError
from jira_site import ANNS_TOKEN, KEY, TOKEN, VIEWERS_TOKEN

MARKER = "healer-UTIL-101"


def bodies(site):
    return [comment["body"] for comment in site.ticket()["comments"]]


def moves(site):
    return [change["after"] for change in site.ticket()["history"] if change["field"] == "status"]


def raised(call, *args, **kwargs) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_ticket_is_read_with_type_component_status_and_category(jira_site):
    """A ticket carries what intake decides by."""
    ticket = jira_site.client().ticket(KEY)
    assert (ticket.key, ticket.project, ticket.issue_type) == (KEY, "UTIL", "Bug")
    assert (ticket.status, ticket.status_category) == ("To Do", "new")
    assert ticket.components == ("importer-brightwater",)
    assert ticket.summary == "Brightwater: no bills since Monday"


def test_a_summary_is_redacted_and_capped(jira_site):
    """A summary is redacted before it is cut to 200 characters."""
    long = "x" * 190 + " ghp_" + "a1B2" * 10
    with jira_site.http() as http:
        key = http.post("/_control/tickets", json={"summary": long}).json()["key"]
    summary = jira_site.client().ticket(key).summary
    assert len(summary) <= 200
    assert "ghp_" not in summary


def test_a_missing_ticket_is_not_found(jira_site):
    """A ticket that is not there is `not_found`, with the status."""
    error = raised(jira_site.client().ticket, "UTIL-999")
    assert (error.service, error.reason, error.status) == ("jira", "not_found", 404)


def test_saying_twice_leaves_one_comment_with_the_last_words(jira_site):
    """There is one comment per marker; it is edited in place."""
    client = jira_site.client()
    client.say(KEY, MARKER, "h3. Looking at it")
    client.say(KEY, MARKER, "h3. Healed")
    assert len(bodies(jira_site)) == 1
    assert bodies(jira_site)[0].startswith("h3. Healed")


def test_saying_the_same_writes_nothing(jira_site):
    """A repeat of the same words makes no request that writes."""
    client = jira_site.client()
    client.say(KEY, MARKER, "Healed ")
    before = len(jira_site.record())
    client.say(KEY, MARKER, "Healed ")
    assert {e["method"] for e in jira_site.record()[before:]} == {"GET"}


def test_the_comment_is_found_behind_many_others(jira_site):
    """The comment is found when it is not on the first page."""
    http = jira_site.http()
    with http:
        for n in range(101):
            http.post(f"/rest/api/2/issue/{KEY}/comment", json={"body": f"noise {n}"}).raise_for_status()
    client = jira_site.client()
    client.say(KEY, MARKER, "one")
    client.say(KEY, MARKER, "two")
    assert [body.startswith("two") for body in bodies(jira_site)] == [False] * 101 + [True]


def test_a_copy_of_the_marker_by_somebody_else_is_left_alone(jira_site):
    """Only our own comment counts as ours."""
    jira_site.library("ann", ANNS_TOKEN).add_comment(KEY, "quoting: {anchor:" + MARKER + "}")
    jira_site.client().say(KEY, MARKER, "Healed")
    assert [body.split("\n")[0] for body in bodies(jira_site)] == ["quoting: {anchor:" + MARKER + "}", "Healed"]


@pytest.mark.parametrize("lost", [{"status": 502}, {"status": 0}, {"status": 504}])
def test_a_comment_whose_answer_got_lost_is_not_written_again(jira_site, lost):
    """After a write whose answer got lost, the repeat finds the comment."""
    jira_site.fault(match=r"POST .*/comment$", after=True, **lost)
    client = jira_site.client()
    assert raised(client.say, KEY, MARKER, "Healed").reason == "unavailable"
    client.say(KEY, MARKER, "Healed")
    assert len(bodies(jira_site)) == 1


def test_the_marker_is_found_when_one_of_its_two_forms_is_gone(jira_site):
    """Either the anchor in the text or the comment's property is enough."""
    client = jira_site.client()
    client.say(KEY, MARKER, "first")
    comment = jira_site.ticket()["comments"][0]["id"]
    with jira_site.http() as http:
        http.put(f"/rest/api/2/issue/{KEY}/comment/{comment}", json={"body": "anchor dropped"}).raise_for_status()
    client.say(KEY, MARKER, "second")
    with jira_site.http() as http:
        plain = {"body": "by text {anchor:other}"}
        http.post(f"/rest/api/2/issue/{KEY}/comment", json=plain).raise_for_status()
    client.say(KEY, "other", "third")
    assert [body.split("\n")[0] for body in bodies(jira_site)] == ["second", "third"]


def test_a_text_beyond_the_limit_is_cut_and_keeps_its_marker(jira_site):
    """JIRA's limit of 32,767 characters never loses the marker."""
    client = jira_site.client()
    client.say(KEY, MARKER, "x" * 40_000)
    assert bodies(jira_site)[0].endswith("{anchor:" + MARKER + "}")


def test_a_move_goes_by_target_status_and_reports_it(jira_site):
    """A transition is found by where it leads, whatever the case of its name."""
    assert jira_site.client().move(KEY, "in review") == "In Review"
    assert moves(jira_site) == ["In Review"]


def test_a_move_to_where_the_ticket_stands_is_none(jira_site):
    """Moving to the present status writes nothing."""
    client = jira_site.client()
    client.move(KEY, "Blocked")
    client.move(KEY, "Blocked")
    assert moves(jira_site) == ["Blocked"]


@pytest.mark.parametrize("status", [502, 0])
def test_a_move_whose_answer_got_lost_is_not_made_again(jira_site, status):
    """After a transition whose answer got lost, the repeat finds the ticket moved."""
    jira_site.fault(match=r"POST .*/transitions$", after=True, status=status)
    client = jira_site.client()
    assert raised(client.move, KEY, "In Review").reason == "unavailable"
    assert client.move(KEY, "In Review") == "In Review"
    assert moves(jira_site) == ["In Review"]


def test_a_status_that_no_transition_reaches_is_refused_with_the_ways_there_are(jira_site):
    """A refused transition says where the ticket could go."""
    error = raised(jira_site.client().move, KEY, "Done")
    assert (error.reason, moves(jira_site)) == ("transition_refused", [])
    assert "Blocked, In Progress, In Review" in error.what


def test_a_screen_gets_the_fields_it_asks_for_and_no_other(jira_site):
    """Fields that the screen does not have are not sent; those it requires must be given."""
    client = jira_site.client()
    client.move(KEY, "In Review", {"resolution": {"name": "Done"}})
    refused = raised(client.move, KEY, "Done")
    assert (refused.reason, refused.status) == ("transition_refused", 400)
    assert "Resolution is required" in refused.what
    assert client.move(KEY, "Done", {"resolution": {"name": "Done"}, "other": 1}) == "Done"
    assert jira_site.ticket()["resolution"] == "Done"


def test_one_link_per_global_id(jira_site):
    """A link is kept once per global id, with the last title."""
    client = jira_site.client()
    client.link(KEY, "healer:UTIL-101:pull", "https://github.example/pull/12", "Pull request #12")
    client.link(KEY, "healer:UTIL-101:pull", "https://github.example/pull/12", "Pull request #12 (merged)")
    assert [link["object"]["title"] for link in jira_site.ticket()["links"]] == ["Pull request #12 (merged)"]


def test_state_is_kept_in_an_issue_property(jira_site):
    """What was set is read back; what was never set is None."""
    client = jira_site.client()
    assert client.state(KEY, "healer.case") is None
    client.set_state(KEY, "healer.case", {"state": "published", "pull": 12})
    client.set_state(KEY, "healer.case", {"state": "merged", "pull": 12})
    assert client.state(KEY, "healer.case") == {"state": "merged", "pull": 12}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_jira_is_waited_for_and_the_step_runs_again_from_its_look(jira_site, status):
    """429 and 503 with Retry-After are waited out; nothing is doubled by it."""
    jira_site.fault(match=r"POST .*/comment$", after=True, status=status, headers={"Retry-After": "0"})
    jira_site.client().say(KEY, MARKER, "Healed")
    assert len(bodies(jira_site)) == 1


def test_a_wait_longer_than_our_patience_is_an_error_that_names_it(jira_site):
    """Where JIRA asks for more time than there is, the error carries the wait."""
    jira_site.fault(match="GET", status=429, headers={"Retry-After": "3600"})
    error = raised(jira_site.client().ticket, KEY)
    assert (error.reason, error.retry_after) == ("rate_limited", 3600.0)


def test_a_slow_jira_is_given_up(jira_site):
    """No call hangs: the time-out is ours."""
    jira_site.fault(match="GET", delay_s=1.0)
    assert raised(jira_site.client(timeout_s=0.2).ticket, KEY).reason == "unavailable"


def test_an_answer_that_is_no_jira_answer_is_unreadable(jira_site):
    """A proxy's page in place of JSON is an error of its own."""
    jira_site.fault(match="GET", status=200, body=["not an issue"])
    assert raised(jira_site.client().ticket, KEY).reason == "unreadable"


def test_readiness_tells_a_good_login_from_a_bad_one(jira_site):
    """A wrong token is `unauthorized`, with a remedy."""
    jira_site.client().ready()
    error = raised(jira_site.client("wrong").ready)
    assert (error.reason, error.status) == ("unauthorized", 401)
    assert "HEALER_JIRA_TOKEN" in error.remedy


def test_an_account_that_may_only_read_is_forbidden(jira_site):
    """A missing right is `forbidden`."""
    if jira_site.cloud:
        viewer = Jira(jira_site.url, SecretStr(VIEWERS_TOKEN), "auditor@acme.example")
    else:
        viewer = Jira(jira_site.url, SecretStr(VIEWERS_TOKEN))
    assert raised(viewer.link, KEY, "g", "https://github.example/1", "t").reason == "forbidden"


def test_a_dead_jira_is_unavailable():
    """A host that does not answer is `unavailable`."""
    error = raised(Jira("http://127.0.0.1:9", SecretStr(TOKEN)).ticket, KEY)
    assert (error.reason, error.status) == ("unavailable", None)


def test_no_error_and_no_log_carries_the_token_or_the_address(jira_site, caplog):
    """Token, headers and URL userinfo stay out of errors, tracebacks, logs and repr."""
    caplog.set_level(logging.DEBUG)
    client = jira_site.client()
    jira_site.fault(match="GET", status=500, body={"errorMessages": [f"boom {TOKEN}"]})
    jira_site.fault(match="POST", status=0)
    errors = [raised(client.ticket, KEY), raised(client.link, KEY, "g", "https://github.example/1", "t")]
    errors.append(raised(Jira(jira_site.url.replace("//", "//u:" + TOKEN + "@"), SecretStr("x")).ready))
    shown = "".join("".join(traceback.format_exception(e)) + repr(e) for e in errors) + caplog.text + repr(client)
    assert TOKEN not in shown
    assert "Authorization" not in shown


def test_a_search_gives_all_pages_in_order(jira_site):
    """More tickets than one page holds are found, each once, and read as a single ticket is; other queries find none."""
    library = jira_site.library()
    for _ in range(101):
        fields = {"issuetype": {"name": "Bug"}, "components": [{"name": "importer-voltara"}]}
        library.create_issue(project="UTIL", summary="Voltara: no bills", **fields)
    client, open_ones = jira_site.client(), "project = UTIL AND statusCategory != Done AND component is not EMPTY"
    found = client.tickets(f"{open_ones} ORDER BY created ASC")
    assert (len(found), len({ticket.key for ticket in found})) == (102, 102)
    assert found[0] == client.ticket(KEY)
    assert client.tickets("project = UTIL AND statusCategory = Done") == ()


def test_a_query_that_jira_refuses_says_so(jira_site):
    """A refused query is an error, never no tickets."""
    assert raised(jira_site.client().tickets, "project = UTIL AND nosuch = 1").reason == "refused"
