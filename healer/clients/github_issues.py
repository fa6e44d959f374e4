"""The one issue of ours in the importers repository: found by its label and marker, made, and brought to what it should say."""

from datetime import datetime
from itertools import islice
from typing import Final

from github import Auth
from github.Issue import Issue
from github.Repository import Repository

from healer.clients.github_door import Door
from healer.contracts import Contract

_LOOKED_AT: Final = 50


class Page(Contract):
    """An issue of ours as GitHub keeps it. `updated_at` is UTC."""

    number: int
    body: str
    updated_at: datetime


class Issues(Door):
    """Issues of the importers repository that are ours; errors as of `GitHub`."""

    def find(self, label: str, marker: str) -> Page | None:
        """Give our issue with a label that begins with a marker; somebody else's copy does not count."""
        return self._do(f"looking for the issue {label}", lambda r: _page(self._ours(r, label, marker)))

    def write(self, label: str, marker: str, title: str, body: str) -> Page:
        """Make sure that there is one open issue of ours with this label, title and body, writing only what differs.

        GitHub may not show for a moment what was just made. So we look again after that, and of several the first stays.
        """

        def step(repository: Repository) -> Page:
            found = self._ours(repository, label, marker)
            if not found:
                made = repository.create_issue(title, body, labels=[label])
                found = self._ours(repository, label, marker) or [made]
            for again in found[1:]:
                again.edit(state="closed", labels=[])
            first = found[0]
            if (first.title, (first.body or "").rstrip(), first.state) != (title, body.rstrip(), "open"):
                first.edit(title=title, body=body, state="open")
            return Page(number=first.number, body=body, updated_at=first.updated_at)

        return self._do(f"writing the issue {label}", step)

    def _ours(self, repository: Repository, label: str, marker: str) -> list[Issue]:
        """Give our issues, the oldest first."""
        found = repository.get_issues(state="all", labels=[label], sort="created", direction="asc")
        shown = islice(found, _LOOKED_AT)
        return [issue for issue in shown if (issue.body or "").startswith(marker) and self._is_ours(issue)]

    def _is_ours(self, issue: Issue) -> bool:
        """Say whether our account has opened an issue: our App, or the person whose token we have."""
        auth = self._auth
        if isinstance(auth, Auth.AppInstallationAuth):
            app = issue.raw_data.get("performed_via_github_app") or {}
            return bool(str(app.get("id")) == str(auth.app_id) and issue.user.type == "Bot")
        return bool(issue.user.login == self._github.get_user().login)


def _page(found: list[Issue]) -> Page | None:
    return Page(number=found[0].number, body=found[0].body or "", updated_at=found[0].updated_at) if found else None
