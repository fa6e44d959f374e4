"""What GitHub shows of the healer's work: pull requests with everything said on them, and workflow runs with their logs."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

from healer.audit import Piece, of_json
from healer.clients.sinks.rest import Rest
from healer.errors import UpstreamError

_PAGE: Final = 100
_BRANCH: Final = "heal/"
_SAID: Final = ("issues/{}/comments", "pulls/{}/comments", "pulls/{}/reviews", "pulls/{}/commits")


class GitHubSink:
    """The importers repository. `plain` is a client without a login: a log's address is its own right, and a login beside it is refused."""

    def __init__(self, rest: Rest, plain: Rest, repository: str, workflow: str, case: str | None = None) -> None:
        self._rest, self._plain, self._case = rest, plain, case
        self._at, self._workflow = f"/repos/{repository}", workflow

    def pull_requests(self) -> Iterator[Piece]:
        """Give the pull requests of the healer's branches, each comment, review and commit.

        Raises: UpstreamError.
        """
        for pull in self._pages("pulls", state="all"):
            if not self._is_ours(pull["head"]["ref"]):
                continue
            where = f"pull request {pull['number']}"
            yield of_json(where, pull)
            for path in _SAID:
                found = self._pages(path.format(pull["number"]))
                yield from (of_json(f"{where}, {path.rpartition('/')[2]}", said) for said in found)

    def runs(self) -> Iterator[Piece]:
        """Give the gate's runs: what GitHub tells of each, of its jobs, and their logs as far as GitHub still has them.

        Raises: UpstreamError.
        """
        for run in self._gate_runs():
            where = f"run {run['id']}"
            yield of_json(where, run)
            yield from (of_json(f"{where}, job", job) for job in self._pages(f"actions/runs/{run['id']}/jobs", "jobs"))
            if run["status"] == "completed":
                yield from self._logs(run["id"])

    def checks(self) -> Iterator[Piece]:
        """Give the check runs on the heads of the gate's runs: their summaries and annotations.

        Raises: UpstreamError.
        """
        for sha in dict.fromkeys(run["head_sha"] for run in self._gate_runs()):
            for check in self._pages(f"commits/{sha}/check-runs", "check_runs"):
                where = f"check run {check['id']}"
                yield of_json(where, check)
                if check["output"]["annotations_count"]:
                    notes = self._pages(f"check-runs/{check['id']}/annotations")
                    yield from (of_json(f"{where}, annotation", note) for note in notes)

    def _is_ours(self, branch: str) -> bool:
        return branch == f"{_BRANCH}{self._case}" if self._case else branch.startswith(_BRANCH)

    def _gate_runs(self) -> Iterator[dict[str, Any]]:
        """Give the gate's runs; of a case those that name it, because a diagnosis runs on the base branch."""
        for run in self._pages(f"actions/workflows/{self._workflow}/runs", "workflow_runs"):
            named = f"{run.get('name')} {run.get('display_title')} {run.get('head_branch')}"
            if self._case is None or re.search(rf"\b{re.escape(self._case)}\b", named):
                yield run

    def _logs(self, run_id: int) -> Iterator[Piece]:
        answer = self._rest.send("GET", f"{self._at}/actions/runs/{run_id}/logs")
        if not answer.has_redirect_location:
            return  # GitHub keeps logs for a time only
        archive = self._plain.send("GET", answer.headers["location"]).content
        try:
            with zipfile.ZipFile(io.BytesIO(archive)) as files:
                yield from (Piece(f"run {run_id}, {name}", files.read(name)) for name in files.namelist())
        except (zipfile.BadZipFile, zlib.error):
            raise UpstreamError(f"the log of run {run_id} is no archive", service="github", reason="unread") from None

    def _pages(self, path: str, member: str = "", **query: str) -> Iterator[dict[str, Any]]:
        """Page through a list; only a page that is not full is the last."""
        number = 1
        while True:
            found = self._rest.get(f"{self._at}/{path}", {**query, "per_page": _PAGE, "page": number})
            rows = (found or {}).get(member, []) if member else found or []
            yield from rows
            if len(rows) < _PAGE:
                return
            number += 1
