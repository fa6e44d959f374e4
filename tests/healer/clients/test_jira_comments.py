"""What people write on tickets and who they are, Cloud and Data Center."""

import pytest

from healer.errors import UpstreamError
from healer.spoken import Spoken, read
from jira_site import ANNS_TOKEN, GROUP, KEY, ROOTS_TOKEN


@pytest.fixture
def ann(jira_site):
    """Give the library as Ann uses it."""
    return jira_site.library("ann", ANNS_TOKEN)


def numbers(comments):
    return [comment.ref.removeprefix("ticket:") for comment in comments]


def test_comments_come_as_they_were_typed_with_who_wrote_them_and_without_ours(jira_site, ann):
    """All pages are read, oldest first; what we say is nothing that people say; one that is gone is None."""
    client = jira_site.client()
    client.say(KEY, "importer-healer", "/healer stop")
    for number in range(101):
        ann.add_comment(KEY, f"/healer budget +{number}")
    said = client.comments(KEY)
    assert [one.text for one in said] == [f"/healer budget +{number}" for number in range(101)]
    assert {(one.place, one.name) for one in said} == {(KEY, "Ann")}
    assert {one.author for one in said} == {said[0].author}
    assert client.comment(KEY, numbers(said)[3]) == said[3]
    assert client.comment(KEY, "999999") is None


def test_escapes_of_data_center_s_editor_are_taken_back(jira_site, ann):
    """A sign that the visual editor has escaped is the sign; on Cloud nothing is escaped."""
    ann.add_comment(KEY, "/healer budget +3" if jira_site.cloud else "/healer budget \\+3\r\n\r\nthanks")
    (said,) = jira_site.client().comments(KEY)
    assert read(said.text) == Spoken(name="budget", attempts=3)


def test_words_put_into_somebodys_comment_are_those_of_who_put_them_there(jira_site, ann):
    """JIRA lets some people edit what others wrote: nobody may command in another's name."""
    ann.add_comment(KEY, "thanks")
    client = jira_site.client()
    (before,) = client.comments(KEY)
    (number,) = numbers([before])
    jira_site.library("root", ROOTS_TOKEN).comment(KEY, number).update(body="/healer stop")
    now = client.comment(KEY, number)
    assert (now.text, now.name) == ("/healer stop", "Root")
    assert now.author != before.author
    assert client.is_member(GROUP, before.author)
    assert not client.is_member(GROUP, now.author)


def test_membership_is_jiras_word_and_what_it_does_not_tell_is_no_no(jira_site, ann):
    """A group that somebody is not in, and somebody that there is not, are no; a list cut short, a refusal and no list are errors."""
    ann.add_comment(KEY, "hello")
    client = jira_site.client()
    who = client.comments(KEY)[0].author
    assert (client.is_member(GROUP, who), client.is_member("others", who), client.is_member(GROUP, "nobody")) == (
        True,
        False,
        False,
    )
    cut = {"active": True, "groups": {"size": 60, "items": [{"name": "jira-users"}]}}
    for status, body, reason in (
        (403, None, "forbidden"),
        (200, cut, "unreadable"),
        (200, {"active": True}, "unreadable"),
    ):
        jira_site.fault(match=r"GET .*/user$", status=status, body=body)
        with pytest.raises(UpstreamError) as caught:
            client.is_member(GROUP, who)
        assert caught.value.reason == reason
    gone = {"active": False, "groups": {"size": 1, "items": [{"name": GROUP}]}}
    jira_site.fault(match=r"GET .*/user$", status=200, body=gone)
    assert not client.is_member(GROUP, who)
