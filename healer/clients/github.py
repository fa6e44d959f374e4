"""The importers repository at GitHub, through its door.

Texts must be neutralised before they come here (`healer.prose.markdown`).
"""

import time
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from github import Auth
from github.GithubException import UnknownObjectException
from github.Repository import Repository
from github.Workflow import Workflow

from healer.clients import github_checks, github_comments, github_pulls, github_runs
from healer.clients.github_door import Door
from healer.clients.github_refusal import door
from healer.contracts import CheckRun, Comment, PullRequest, RunState, Sha
from healer.errors import UpstreamError

API_VERSION: Final = "2022-11-28"
_PAGE: Final = 100
_LOOK_S: Final = 1.0

T = TypeVar("T")


class GitHub(Door):
    """The importers repository as the healer uses it: files, branches, workflow runs, pull requests, comments."""

    # ------------------------------------------------------------ files and branches

    def read_file(self, path: str, ref: str) -> str:
        """Give a text file of at most 1 MiB at a branch, tag or commit."""

        def step(repository: Repository) -> str:
            found = repository.get_contents(path, ref)
            if isinstance(found, list):
                raise UnknownObjectException(404, {"message": "a folder"})
            return found.decoded_content.decode()

        return self._do(f"reading {path}", step)

    def branch_head(self, branch: str) -> Sha | None:
        """Give the head of a branch; None where there is no such branch."""
        return self._unless_missing(f"reading branch {branch}", lambda r: r.get_branch(branch).commit.sha)

    def delete_branch(self, branch: str, head: Sha) -> None:
        """Delete a branch whose head is this; one that is gone, or that somebody has pushed to, is left."""
        if self.branch_head(branch) == head:
            self._do(f"deleting {branch}", lambda r: github_pulls.delete_branch(r, branch))

    def contains(self, commit: Sha, ancestor: Sha) -> bool:
        """Say whether a commit has another one in its history; one that GitHub does not know has nothing."""
        status = self._unless_missing(f"comparing with {commit}", lambda r: r.compare(ancestor, commit).status)
        return status in {"ahead", "identical"}

    def changed_files(self, before: Sha, after: Sha) -> tuple[str, ...]:
        """Give the files that a branch has changed from one commit to another, at most 300; none where GitHub does not know the commits."""
        what = f"comparing with {after}"
        return self._unless_missing(what, lambda r: github_pulls.changed_files(r, before, after)) or ()

    # ------------------------------------------------------------ workflow runs

    def find_run(self, workflow: str, branch: str, correlation: str) -> tuple[int, str] | None:
        """Find the run whose name holds the correlation among the latest 100 dispatched ones; give its id and address."""
        return self._do(
            f"looking for run {correlation}", lambda r: github_runs.find(r.get_workflow(workflow), branch, correlation)
        )

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> tuple[int, str]:
        """Start a workflow on a branch, unless a run with the input `correlation` is there; give the run's id and address.

        GitHub shows a new run only after a moment. So where the answer to our request got lost, or an older GitHub
        Enterprise Server gives none, we look again for as long as our patience lasts.
        """

        def step(repository: Repository) -> tuple[int, str]:
            found = repository.get_workflow(workflow)
            run = github_runs.find(found, branch, inputs["correlation"])
            return run or self._start(found, branch, inputs)

        return self._do(f"dispatching {workflow} on {branch}", step)

    def _start(self, workflow: Workflow, branch: str, inputs: Mapping[str, str]) -> tuple[int, str]:
        try:
            with door(f"dispatching on {branch}", self._redactor):
                run = github_runs.send(workflow, branch, dict(inputs))
        except UpstreamError as error:
            if error.reason != "unavailable":
                raise
            return self._appearing(workflow, branch, inputs["correlation"], error)
        if run:
            return run
        lost = UpstreamError("the dispatched run does not show.", service="github", reason="unavailable")
        return self._appearing(workflow, branch, inputs["correlation"], lost)

    def _appearing(self, workflow: Workflow, branch: str, correlation: str, lost: UpstreamError) -> tuple[int, str]:
        deadline = time.monotonic() + self._patience_s / 4
        while time.monotonic() < deadline:
            if run := github_runs.find(workflow, branch, correlation):
                return run
            time.sleep(_LOOK_S)
        raise lost

    def run_state(self, run_id: int) -> RunState | None:
        """Read what GitHub says about a run; None where there is none."""
        return self._unless_missing(f"reading run {run_id}", lambda r: github_runs.state(r.get_workflow_run(run_id)))

    def cancel_run(self, run_id: int) -> bool:
        """Ask for the end of a run; False where it has ended, or there is none."""
        return bool(
            self._unless_missing(f"cancelling run {run_id}", lambda r: github_runs.cancel(r.get_workflow_run(run_id)))
        )

    def show_check(self, check: CheckRun) -> bool:
        """Make sure that the commit has this check run of ours, once; False where we are no App: GitHub takes none then."""
        auth = self._auth
        if not isinstance(auth, Auth.AppInstallationAuth):
            return False
        self._do(f"showing check {check.mark}", lambda r: github_checks.show(r, check, auth.app_id))
        return True

    # ------------------------------------------------------------ pull requests

    def find_pull(self, branch: str) -> PullRequest | None:
        """Give the branch's pull request: the open one, else the latest closed or merged one."""
        return self._do(f"looking for the pull request of {branch}", lambda r: github_pulls.find(r, branch))

    def open_pull(
        self, branch: str, base: str, title: str, body: str, labels: Iterable[str] = (), *, draft: bool = False
    ) -> PullRequest:
        """Make sure that the branch has one open pull request with this title, body and at least these labels.

        An open one is brought to that, and keeps being a draft or not; `draft` is for a new one.
        """

        def step(repository: Repository) -> PullRequest:
            pull = github_pulls.opened(repository, branch)
            pull = pull or github_pulls.create(repository, branch, base, title, body, draft=draft)
            return github_pulls.amend(pull, title, body, labels)

        return self._do(f"opening the pull request of {branch}", step)

    def conflicts(self, number: int) -> bool:
        """Say whether GitHub finds that a pull request cannot be merged; while it has not found out yet, it may be."""
        return self._do(f"reading pull request {number}", lambda r: r.get_pull(number).mergeable is False)

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Make a pull request a draft, or ready for review, and give it."""
        return self._do(f"changing pull request {number}", lambda r: github_pulls.set_draft(r, number, draft=draft))

    def drop_label(self, number: int, label: str) -> None:
        """Take a label off a pull request that has it."""
        self._do(f"taking {label} off {number}", lambda r: github_pulls.drop_label(r, number, label))

    def close_pull(self, number: int) -> None:
        """Close a pull request that is open."""
        self._do(f"closing pull request {number}", lambda r: github_pulls.close(r, number))

    def ask_review(self, number: int, people: Iterable[str], teams: Iterable[str]) -> tuple[str, ...]:
        """Ask people (logins) and teams (slugs) for a review who are not asked yet; give those who are, without whom GitHub refuses."""
        return self._do(
            f"asking for a review of {number}", lambda r: github_pulls.ask(r, number, tuple(people), tuple(teams))
        )

    def make_labels(self, labels: Mapping[str, str]) -> None:
        """Make those labels that are missing; `labels` are what they say, by name."""
        self._do("making labels", lambda r: github_pulls.make_labels(r, labels))

    # ------------------------------------------------------------ comments

    def say(self, number: int, marker: str, text: str) -> None:
        """Make `text` the content of our one comment on a pull request of ours that begins with this marker, where it has another."""
        self._do(f"commenting on pull request {number}", lambda r: github_comments.say(r, number, marker, text))

    def comment(self, number: int) -> Comment | None:
        """Read a comment by its id; None where it is gone."""
        return self._unless_missing(f"reading comment {number}", lambda r: github_comments.read(r, number))

    def react(self, number: int, reaction: str) -> None:
        """Leave a reaction on a comment; GitHub keeps one of a kind, so a repeat changes nothing."""
        self._do(f"reacting to comment {number}", lambda r: github_comments.react(r, number, reaction))

    def is_member(self, team: str, login: str) -> bool:
        """Say whether somebody is an active member of a team (`organization/team-slug`)."""
        what = f"asking whether {login} is of {team}"
        return bool(self._unless_missing(what, lambda r: github_comments.is_member(r, team, login)))
