"""Pull requests as PyGithub shows them: find a branch's, create one, bring one to what it should be."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from github.GithubException import GithubException
from github.PullRequest import PullRequest as Pull
from github.Repository import Repository

from healer.contracts import PullRequest
from healer.errors import UpstreamError

_LOOKED_AT: Final = 100
_UNPROCESSABLE: Final = 422
_LABEL_COLOR: Final = "1d76db"


def _head(repository: Repository, branch: str) -> str:
    owner = repository.url.rsplit("/", 2)[1]  # the library would read the repository for its name
    return f"{owner}:{branch}"


def find(repository: Repository, branch: str) -> PullRequest | None:
    """Give the branch's pull request: the open one, else the latest closed or merged one."""
    pulls = list(islice(repository.get_pulls("all", "created", "desc", head=_head(repository, branch)), _LOOKED_AT))
    pull = next((p for p in pulls if p.state == "open"), pulls[0] if pulls else None)
    return _told(pull) if pull else None


def opened(repository: Repository, branch: str) -> Pull | None:
    """Give the branch's open pull request."""
    return next(iter(repository.get_pulls("open", head=_head(repository, branch))), None)


def create(repository: Repository, branch: str, base: str, title: str, body: str, *, draft: bool) -> Pull:
    """Create it. Where GitHub says that there is one already, somebody was faster: us, in a call whose answer got lost."""
    try:
        return repository.create_pull(base, branch, title=title, body=body, draft=draft)
    except GithubException as error:
        if error.status != _UNPROCESSABLE or "already exists" not in str(error.data):
            raise
        pull = opened(repository, branch)
        if pull is None:
            unseen = f"GitHub says that {branch} has a pull request, and does not show it yet."
            raise UpstreamError(unseen, service="github", reason="unavailable", status=error.status) from None
        return pull


def amend(pull: Pull, title: str, body: str, labels: Iterable[str]) -> PullRequest:
    """Give a pull request this title, body and at least these labels, writing only what differs."""
    if (pull.title, pull.body) != (title, body):
        pull.edit(title=title, body=body)
    if missing := sorted(set(labels) - {label.name for label in pull.labels}):
        pull.add_to_labels(*missing)
    return _told(pull)


def ask(repository: Repository, number: int, people: Iterable[str], teams: Iterable[str]) -> tuple[str, ...]:
    """Ask for reviews, one after another, since GitHub refuses all where it refuses one; give who was or is asked."""
    pull = repository.get_pull(number)
    have = {one.login for one in pull.requested_reviewers or ()}, {one.slug for one in pull.requested_teams or ()}
    asked = [name for name in people if name in have[0] or _asked(pull, reviewers=[name])]
    return (*asked, *(name for name in teams if name in have[1] or _asked(pull, team_reviewers=[name])))


def _asked(pull: Pull, **whom: list[str]) -> bool:
    """Ask one; False where GitHub will have none of it: no collaborator, or the author himself."""
    try:
        pull.create_review_request(**whom)
    except GithubException as error:
        if error.status != _UNPROCESSABLE:
            raise
        return False
    return True


def delete_branch(repository: Repository, branch: str) -> None:
    """Delete a branch; one that is gone already is well. The library's way deletes at the address for reading, where nothing is."""
    try:
        repository.requester.requestJsonAndCheck("DELETE", f"{repository.url}/git/refs/heads/{branch}")
    except GithubException as error:
        if error.status != _UNPROCESSABLE or "does not exist" not in str(error.data):
            raise


def changed_files(repository: Repository, before: str, after: str) -> tuple[str, ...]:
    """Give the files of a comparison that its first page names; one that was renamed under both names."""
    files = repository.compare(before, after).files
    return tuple(name for file in files for name in (file.filename, file.previous_filename) if name)


def close(repository: Repository, number: int) -> None:
    """Close a pull request, unless it is closed or merged."""
    pull = repository.get_pull(number)
    if pull.state == "open":
        pull.edit(state="closed")


def set_draft(repository: Repository, number: int, *, draft: bool) -> PullRequest:
    """Make a pull request a draft or ready, where it is not; only GraphQL can."""
    pull = repository.get_pull(number)
    if pull.draft != draft:
        if draft:
            pull.convert_to_draft()
        else:
            pull.mark_ready_for_review()
    return _told(pull).model_copy(update={"draft": draft})


def drop_label(repository: Repository, number: int, label: str) -> None:
    """Take a label off, where it is on."""
    pull = repository.get_pull(number)
    if label in {one.name for one in pull.labels}:
        pull.remove_from_labels(label)


def make_labels(repository: Repository, labels: Mapping[str, str]) -> None:
    """Make those labels of the repository that are missing."""
    have = {label.name for label in repository.get_labels()}
    for name, what in labels.items():
        if name not in have:
            repository.create_label(name, _LABEL_COLOR, what)


def _told(pull: Pull) -> PullRequest:
    state = "merged" if pull.merged_at else "open" if pull.state == "open" else "closed"
    return PullRequest(
        number=pull.number,
        url=pull.html_url,
        state=state,
        head_sha=pull.head.sha,
        draft=pull.draft,
        # Of an open one GitHub names a trial merge, which nobody has.
        merge_sha=pull.merge_commit_sha if state == "merged" else None,
    )
