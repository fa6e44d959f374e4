"""Rules of reading JIRA for the leak audit, in either mode."""

import base64

import pytest

from healer.audit import Search, examine
from healer.clients.sinks.jira import JiraSink
from healer.clients.sinks.rest import Rest
from healer.contracts import File
from jira_site import KEY

SECRET = 'p&ß "<9a>/+=='


@pytest.fixture
def found(jira_site):
    http = jira_site.http()
    with http:
        yield lambda *keys: examine("JIRA", JiraSink(Rest(http, "JIRA"), keys).pieces(), Search([SECRET]))


def test_comments_files_links_and_properties_are_searched(found, jira_site):
    """A value in a comment, a file, a link or a property of the ticket is found and named."""
    client = jira_site.client()
    client.say(KEY, "healer", "first " + base64.b64encode(SECRET.encode()).decode())
    client.link(KEY, "pull", "https://github.example/pull/1", f"title {SECRET}")
    client.set_state(KEY, "healer.case", {"deep": [SECRET]})
    name = "receipt-1.json"
    client.attach(KEY, "receipt-", [File(name=name, mime="application/json", content=SECRET)])
    places = " ".join(found(KEY).places)
    assert all(f"{KEY}, {where}" in places for where in ("comment", f"file {name}", "links", "property healer.case"))


def test_all_comments_are_read(found, jira_site):
    """Comments beyond the first page are read too."""
    library = jira_site.library("ann", "planted-token-of-ann")
    for _ in range(101):
        library.add_comment(KEY, "clean")
    library.add_comment(KEY, SECRET)
    assert any(place.startswith(f"{KEY}, comment") for place in found(KEY).places)


def test_a_ticket_that_is_not_shown_is_unread(found):
    """A ticket that JIRA does not show to us is unread, not clean."""
    assert "UTIL-999" in found("UTIL-999").unread
