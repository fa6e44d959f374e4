"""Bodies of people, repositories, commits and pull requests: the vendor's example, with this world's values."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from localworld.github.model import Comment, Pull, Repository
from localworld.github.store import Store

_EXAMPLE_NAMES = re.compile(r"octocat/(?:Hello-World|hello-world|example)|octo-org/octo-repo|github/hello-world")
_UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
_LABEL_COLOR = "1d76db"


def node_id(kind: str, number: int | str) -> str:
    """Give a GraphQL id."""
    return base64.b64encode(f"04:{kind}{number}".encode()).decode()


class Bodies:
    """Writes what GitHub would answer."""

    def __init__(self, store: Store) -> None:
        self._store, self._templates = store, store.templates

    def example(self, name: str, repository: Repository | None = None) -> Any:
        """Give a vendor's example with the addresses of this world."""
        text = json.dumps(self._templates.example(name))
        if repository:
            text = _EXAMPLE_NAMES.sub(repository.name, text)
        text = text.replace("https://api.github.com", self._store.api).replace(
            "https://uploads.github.com", self._store.url
        )
        return json.loads(text.replace("https://github.com", self._store.url))

    def conform(self, schema: str, value: Any) -> Any:
        """Bring a value to the vendor's form."""
        return self._templates.conform(schema, value)

    def at(self, repository: Repository, *parts: object) -> str:
        """Give an API address below a repository."""
        return "/".join([self._store.api, "repos", repository.name, *map(str, parts)])

    def page(self, repository: Repository, *parts: object) -> str:
        """Give a web address below a repository."""
        return "/".join([self._store.url, repository.name, *map(str, parts)])

    def user(self, login: str, schema: str = "simple-user") -> Any:
        """Give a person or an App's bot."""
        number, bot = self._store.user_id(login), login.endswith("[bot]")
        body = json.loads(json.dumps(self.example("simple-user")).replace("octocat", quote(login)))
        kind = "Bot" if bot else "User"
        body |= {
            "id": number,
            "login": login,
            "type": kind,
            "name": login,
            "email": None,
            "node_id": node_id(kind, number),
        }
        return self._templates.conform(schema, {**body, "site_admin": False, "user_view_type": "public"})

    def repository(self, repository: Repository, schema: str = "full-repository") -> Any:
        """Give a repository."""
        body = self.example("full-repository", repository)
        for member in (
            "template_repository",
            "parent",
            "source",
            "organization",
            "license",
            "code_of_conduct",
            "security_and_analysis",
        ):
            body.pop(member, None)
        name = repository.name.partition("/")[2]
        times = dict.fromkeys(("created_at", "updated_at", "pushed_at"), repository.created)
        body |= {
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": name,
            "full_name": repository.name,
        }
        body |= {
            "owner": self.user(repository.owner),
            "private": repository.private,
            "default_branch": repository.default_branch,
        }
        body |= {
            "visibility": "private" if repository.private else "public",
            "fork": False,
            "description": None,
            "homepage": None,
        }
        body |= {
            "html_url": self.page(repository),
            "url": self.at(repository),
            "clone_url": self.page(repository) + ".git",
            **times,
        }
        body |= dict.fromkeys(
            ("stargazers_count", "watchers_count", "watchers", "forks_count", "forks", "open_issues_count"), 0
        )
        return self._templates.conform(schema, body)

    def commit(self, repository: Repository, sha: str, schema: str = "commit") -> Any:
        """Give a commit."""
        found = repository.git.commit(sha)
        url = self.at(repository, "commits", sha)
        who = {"author": _utc(found.author), "committer": _utc(found.committer)}
        tree = {"sha": found.tree, "url": self.at(repository, "git/trees", found.tree)}
        parents = [
            {"sha": p, "url": self.at(repository, "commits", p), "html_url": self.page(repository, "commit", p)}
            for p in found.parents
        ]
        inner: dict[str, Any] = {
            "message": found.message,
            "tree": tree,
            "url": self.at(repository, "git/commits", sha),
            **who,
        }
        inner |= {"comment_count": 0, "verification": _UNSIGNED}
        body: dict[str, Any] = {
            "sha": sha,
            "node_id": node_id("Commit", sha),
            "html_url": self.page(repository, "commit", sha),
            "parents": parents,
        }
        if schema == "git-commit":
            return self._templates.conform(schema, {**inner, **body})
        body |= {"url": url, "comments_url": url + "/comments", "commit": inner, "author": None, "committer": None}
        return self._templates.conform(schema, body)

    def files(self, repository: Repository, base: str, head: str) -> list[Any]:
        """Give the files of a comparison."""
        return [
            {
                **changed,
                "blob_url": self.page(repository, "blob", head, quote(changed["filename"])),
                "raw_url": self.page(repository, "raw", head, quote(changed["filename"])),
                "contents_url": self.at(repository, "contents", quote(changed["filename"])) + f"?ref={head}",
            }
            for changed in repository.git.changed(base, head)
        ]

    def label(self, name: str, number: int) -> Any:
        """Give a label."""
        body: dict[str, Any] = {
            "id": number,
            "node_id": node_id("Label", number),
            "name": name,
            "color": _LABEL_COLOR,
            "default": False,
        }
        return {**body, "description": None, "url": f"{self._store.api}/labels/{quote(name)}"}

    def team(self, repository: Repository, slug: str) -> Any:
        """Give a team of the repository's organization."""
        number = sum(slug.encode())
        page = f"{self._store.url}/orgs/{repository.owner}/teams/{slug}"
        about = {"id": number, "node_id": node_id("Team", number), "name": slug, "slug": slug, "html_url": page}
        api = f"{self._store.api.partition('/repos/')[0]}/teams/{number}"
        place = {"url": api, "members_url": f"{api}/members{{/member}}", "repositories_url": f"{api}/repos"}
        rest = {"description": None, "permission": "push", "privacy": "closed", "parent": None}
        return self._templates.conform(
            "team", {**about, **place, **rest, "notification_setting": "notifications_enabled"}
        )

    def comment(self, repository: Repository, comment: Comment) -> Any:
        """Give a comment."""
        body = self.example("issue-comment", repository)
        body |= {"id": comment.id, "node_id": node_id("IssueComment", comment.id), "body": comment.body}
        body |= {
            "url": self.at(repository, "issues/comments", comment.id),
            "issue_url": self.at(repository, "issues", comment.number),
        }
        body |= {"html_url": self.page(repository, "pull", f"{comment.number}#issuecomment-{comment.id}")}
        body |= {"user": self.user(comment.author), "created_at": comment.created, "updated_at": comment.updated}
        body |= {"author_association": "CONTRIBUTOR"}
        return self._templates.conform("issue-comment", body)

    def pull(self, repository: Repository, pull: Pull, schema: str = "pull-request") -> Any:
        """Give a pull request, in full or as lists show it."""
        text = json.dumps(self.example("pull-request", repository))
        body: dict[str, Any] = json.loads(re.sub(r"/(pulls|issues|pull)/1347", rf"/\1/{pull.number}", text))
        sides = {
            "head": self._side(repository, pull.head, pull.head_sha),
            "base": self._side(repository, pull.base, pull.base_sha),
        }
        body |= {
            "id": pull.id,
            "node_id": node_id("PullRequest", pull.id),
            "number": pull.number,
            "title": pull.title,
            "body": pull.body,
        }
        body |= {"state": pull.state, "draft": pull.draft, "locked": False, "user": self.user(pull.author), **sides}
        body |= {"labels": [self.label(name, repository.labels[name]) for name in pull.labels]}
        body |= {
            "requested_reviewers": [self.user(name) for name in pull.reviewers],
            "requested_teams": [self.team(repository, name) for name in pull.teams],
        }
        body |= {"assignee": None, "assignees": [], "milestone": None, "auto_merge": None, "active_lock_reason": None}
        body |= {
            "created_at": pull.created,
            "updated_at": pull.updated,
            "closed_at": pull.closed,
            "merged_at": pull.merged,
        }
        body |= {
            "merge_commit_sha": pull.merge_sha,
            "merged": pull.merged is not None,
            "mergeable": None if pull.merged else repository.git.merges(f"refs/heads/{pull.base}", pull.head_sha),
        }
        body |= {
            "rebaseable": None,
            "mergeable_state": "clean" if pull.state == "open" else "unknown",
            "merged_by": None,
        }
        body |= {"statuses_url": self.at(repository, "statuses", pull.head_sha), "author_association": "CONTRIBUTOR"}
        return self._templates.conform(schema, {**body, **self._counts(repository, pull)})

    def _counts(self, repository: Repository, pull: Pull) -> dict[str, int]:
        files = repository.git.changed(pull.base_sha, pull.head_sha)
        talk = sum(c.number == pull.number for c in repository.comments.values())
        return {
            "commits": len(repository.git.between(pull.base_sha, pull.head_sha)),
            "changed_files": len(files),
            "additions": sum(f["additions"] for f in files),
            "deletions": sum(f["deletions"] for f in files),
            "comments": talk,
            "review_comments": 0,
        }

    def _side(self, repository: Repository, branch: str, sha: str) -> dict[str, Any]:
        whole = self.repository(repository, "repository")
        owner = self.user(repository.owner)
        return {"label": f"{repository.owner}:{branch}", "ref": branch, "sha": sha, "user": owner, "repo": whole}


def _utc(who: dict[str, str]) -> dict[str, str]:
    when = datetime.fromisoformat(who["date"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**who, "date": when}
