"""Files on tickets, against the stand-in over real HTTP, Cloud and Data Center."""

import base64
import io

import pytest

from healer.contracts import File
from healer.errors import UpstreamError
from jira_site import ANNS_TOKEN, KEY

FIRST, SECOND = (File(name=f"receipt-{KEY}-{n}.json", mime="application/json", content='{"ž": 1}\n') for n in "ab")
PREFIX = f"receipt-{KEY}-"


def there(site):
    return [(one["name"], base64.b64decode(one["content"]).decode()) for one in site.ticket()["attachments"]]


def test_file_is_attached_once_as_it_is(jira_site):
    """What is there by its name is not sent again, and its bytes arrive as they were."""
    client = jira_site.client()
    client.attach(KEY, PREFIX, [FIRST])
    before = len(jira_site.record())
    client.attach(KEY, PREFIX, [FIRST])
    assert there(jira_site) == [(FIRST.name, FIRST.content)]
    assert {exchange["method"] for exchange in jira_site.record()[before:]} == {"GET"}


def test_newer_files_take_the_place_of_ours_and_of_nobody_elses(jira_site):
    """Of ours with this prefix those stay that are wanted now; other people's files, and ours of another kind, are left alone."""
    client, ann = jira_site.client(), jira_site.library("ann", ANNS_TOKEN)
    ann.add_attachment(KEY, attachment=io.BytesIO(b"mine"), filename=f"{PREFIX}0.json")
    other = File(name="backfill-1.csv", mime="text/csv", content="a\n")
    client.attach(KEY, "backfill-", [other])
    client.attach(KEY, PREFIX, [FIRST])
    client.attach(KEY, PREFIX, [SECOND])
    assert {name for name, _ in there(jira_site)} == {f"{PREFIX}0.json", other.name, SECOND.name}


def test_file_that_may_not_be_deleted_stays(jira_site):
    """Where JIRA lets us not delete, the older file stays, and the new one is there."""
    client = jira_site.client()
    client.attach(KEY, PREFIX, [FIRST])
    jira_site.fault(match="DELETE", status=403)
    client.attach(KEY, PREFIX, [SECOND])
    assert [name for name, _ in there(jira_site)] == [FIRST.name, SECOND.name]


def test_site_that_takes_no_files_says_so(jira_site):
    """Attaching switched off, or not allowed, is a refusal of its own kind."""
    jira_site.fault(match="POST .*/attachments", status=403)
    with pytest.raises(UpstreamError) as caught:
        jira_site.client().attach(KEY, PREFIX, [FIRST])
    assert caught.value.reason == "forbidden"
