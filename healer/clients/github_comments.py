"""Comments and who wrote them, as PyGithub shows them: say something, read one, react to one, ask whether somebody is of a team.

The last three ask for their paths directly: the library would read repository, issue, organization and team first.
"""

from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.Repository import Repository

from healer.contracts import Comment


def say(repository: Repository, number: int, marker: str, text: str) -> None:
    """Make `text` the content of our one comment on a pull request of ours that begins with this marker, where it has another.

    GitHub may not show for a moment what was just written. So after a comment was made we look again, and of several the first stays.
    """
    pull, mark = repository.get_pull(number), f"<!-- {marker} -->"
    said, body = _said(pull, mark), f"{mark}\n{text}"
    if not said:
        pull.create_issue_comment(body)
        said = _said(pull, mark)
    for again in said[1:]:
        again.delete()
    if said and said[0].body.rstrip() != body.rstrip():
        said[0].edit(body)


def _said(pull: PullRequest, mark: str) -> list[IssueComment]:
    """Give our comments with a marker. Somebody else's copy does not count. An App cannot ask who it is; but it opened the pull request."""
    said = (comment for comment in pull.get_issue_comments() if comment.user.login == pull.user.login)
    return [comment for comment in said if comment.body.startswith(mark)]


def read(repository: Repository, number: int) -> Comment:
    """Read a comment on an issue or pull request."""
    _, found = repository.requester.requestJsonAndCheck("GET", f"{repository.url}/issues/comments/{number}")
    pull = found["issue_url"].rpartition("/")[2]
    return Comment(ref=f"pull:{found['id']}", place=pull, author=found["user"]["login"], text=found["body"])


def react(repository: Repository, number: int, reaction: str) -> None:
    """React; `reaction` is GitHub's word for it, such as `+1` or `confused`."""
    path = f"{repository.url}/issues/comments/{number}/reactions"
    repository.requester.requestJsonAndCheck("POST", path, input={"content": reaction})


def is_member(repository: Repository, team: str, login: str) -> bool:
    """Say whether somebody's membership of `organization/team-slug` is active; GitHub answers 404 where there is none."""
    organization, _, slug = team.partition("/")
    path = f"/orgs/{organization}/teams/{slug}/memberships/{login}"
    _, found = repository.requester.requestJsonAndCheck("GET", path)
    return bool(found["state"] == "active")
