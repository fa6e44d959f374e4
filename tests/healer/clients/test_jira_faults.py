"""What goes wrong between us and JIRA, at the wire: nothing is done twice, and nothing is lost. Cloud and Data Center."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from healer.clients.jira import Jira
from healer.contracts import File
from healer.errors import UpstreamError
from jira_site import Site

MARKER, PREFIX = "importer-healer", "receipt-"
FILE = File(name="receipt-a1.json", mime="application/json", content="{}")
LINK = ("importer-healer:1", "https://github.example/pull/1", "Pull request 1")
_TRIES = 4
"""As often as a flow's step is tried."""


class Write(NamedTuple):
    """One kind of write: how it is done, which request does it and which ones look first, and what must be there afterwards."""

    do: Callable[[Jira, str], Any]
    request: str
    look: str
    there: Callable[[dict[str, Any]], Any]
    once: Any


def _words(ticket):
    return [comment["body"].partition("\n")[0] for comment in ticket["comments"]]


def _moves(ticket):
    return [change["after"] for change in ticket["history"] if change["field"] == "status"]


WRITES = {
    "comment": Write(
        lambda jira, key: jira.say(key, MARKER, "Healed"), "POST .*/comment$", "GET .*/comment$", _words, ["Healed"]
    ),
    "transition": Write(
        lambda jira, key: jira.move(key, "In Review"),
        "POST .*/transitions$",
        r"GET .*/issue/UTIL-\d+$",
        _moves,
        ["In Review"],
    ),
    "link": Write(
        lambda jira, key: jira.link(key, *LINK),
        "POST .*/remotelink$",
        "GET .*/remotelink$",
        lambda ticket: [link["global_id"] for link in ticket["links"]],
        [LINK[0]],
    ),
    "property": Write(
        lambda jira, key: jira.set_state(key, "healer.case", {"state": "merged"}),
        "PUT .*/properties/healer.case$",
        "GET .*/properties/healer.case$",
        lambda ticket: ticket["properties"],
        {"healer.case": {"state": "merged"}},
    ),
    "attachment": Write(
        lambda jira, key: jira.attach(key, PREFIX, [FILE]),
        "POST .*/attachments$",
        r"GET .*/issue/UTIL-\d+$",
        lambda ticket: [one["name"] for one in ticket["attachments"]],
        [FILE.name],
    ),
}


def laid(site: Site) -> str:
    with site.http() as http:
        made = http.post("/_control/tickets", json={"summary": "No bills", "component": "importer-brightwater"})
    return str(made.json()["key"])


def done(site: Site, write: Write, key: str) -> int:
    """Do it as a flow's step does: again after each error that may pass; give how many tries it took."""
    client = site.client(patience_s=0)
    for number in range(1, _TRIES + 1):
        try:
            write.do(client, key)
        except UpstreamError as error:
            if error.reason not in {"rate_limited", "conflict", "unavailable", "transition_refused"}:
                raise
        else:
            return number
    raise AssertionError("it never came through")


@pytest.mark.parametrize("kind", WRITES)
def test_write_that_goes_wrong_is_done_once(jira_site, kind):
    """429 without a wait, 409, 502, 503 and an answer cut off, before the write or after it: tried again, it is there once."""
    write = WRITES[kind]
    for status in (429, 409, 502, 503, 0):
        for after in (False, True):
            key = laid(jira_site)
            jira_site.fault(match=write.request, status=status, after=after)
            tries = done(jira_site, write, key)
            done(jira_site, write, key)
            assert write.there(jira_site.ticket(key)) == write.once, (status, after)
            assert tries <= 2, (status, after)


@pytest.mark.parametrize("kind", WRITES)
def test_read_that_lags_behind_a_lost_write_doubles_nothing(jira_site, kind):
    """The answer of a write is lost, and what is read next does not show it yet: when reads have caught up it is there once."""
    write = WRITES[kind]
    for lag in (1, 2, 4):
        key = laid(jira_site)
        jira_site.fault(match=write.look.replace(r"UTIL-\d+", key), stale=True, times=lag)
        jira_site.fault(match=write.request, status=502, after=True)
        done(jira_site, write, key)
        for _ in range(_TRIES):
            done(jira_site, write, key)
        assert write.there(jira_site.ticket(key)) == write.once, lag
        with jira_site.http() as http:
            http.delete("/_control/faults")


def test_limit_without_a_wait_is_waited_out(jira_site):
    """A 429 that names no wait is taken as a short one, and the step goes on within its patience."""
    key = laid(jira_site)
    jira_site.fault(match="POST .*/comment$", status=429)
    jira_site.client().say(key, MARKER, "Healed")
    assert _words(jira_site.ticket(key)) == ["Healed"]


def test_second_comment_that_may_not_be_deleted_is_left(jira_site):
    """Of two comments of ours the first is the one that is edited, also where JIRA does not let us delete the other."""
    key = laid(jira_site)
    client = jira_site.client()
    client.say(key, MARKER, "Looking")
    with jira_site.http() as http:
        body = {"body": "again {anchor:" + MARKER + "}"}
        http.post(f"/rest/api/2/issue/{key}/comment", json=body).raise_for_status()
    jira_site.fault(match="DELETE", status=403)
    client.say(key, MARKER, "Healed")
    assert [words.partition(" {")[0] for words in _words(jira_site.ticket(key))] == ["Healed", "again"]
    client.say(key, MARKER, "Healed")
    assert _words(jira_site.ticket(key)) == ["Healed"]
