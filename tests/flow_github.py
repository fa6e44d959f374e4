"""GitHub as the flows' tests use it: REST and git over real HTTP, where a test says how each workflow run ends.

The stand-in of the local world runs workflows for real; here a run ends as the test wants it to, at once.
"""

import asyncio
import base64
import contextlib
import itertools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from git_site import Remote, git
from serving import serving

REPOSITORY, WORKFLOW, TOKEN = "acme/importers", "healer-gate.yml", "ghp_plantedtokenofthehealer0123456789abcd"
IMPORTERS = Path(__file__).resolve().parents[1] / "localworld/importers"
_REPO = f"/repos/{REPOSITORY}"
_ROBOT = {"login": "importer-healer[bot]"}


@dataclass
class GitHubWire:
    """The repository and what it remembers.

    `held` holds back the answers to writes, so that a test may strike meanwhile; lists do not show new workflow runs until then.
    """

    bare: Path
    url: str = ""
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    held: threading.Event | None = None
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(7001))

    def conclude(self, run_id: int, conclusion: str) -> None:
        """End a run."""
        self.runs[run_id] |= {"status": "completed", "conclusion": conclusion}

    def head(self, branch: str) -> str | None:
        """Give a branch's head."""
        with contextlib.suppress(Exception):
            return git("rev-parse", "--verify", f"refs/heads/{branch}", cwd=self.bare)
        return None

    def app(self) -> Starlette:
        """Give the ASGI application."""
        routes = [
            Route(f"{_REPO}/contents/{{path:path}}", self._contents),
            Route(f"{_REPO}/branches/{{branch:path}}", self._branch),
            Route(f"{_REPO}/actions/workflows/{{workflow}}", self._workflow),
            Route(f"{_REPO}/actions/workflows/{{workflow}}/runs", self._runs),
            Route(f"{_REPO}/actions/workflows/{{workflow}}/dispatches", self._dispatch, methods=["POST"]),
            Route(f"{_REPO}/actions/runs/{{run:int}}", self._run),
            Route(f"{_REPO}/actions/runs/{{run:int}}/cancel", self._cancel, methods=["POST"]),
            Route(f"{_REPO}/pulls", self._list_pulls),
            Route(f"{_REPO}/pulls", self._create_pull, methods=["POST"]),
            Route(f"{_REPO}/pulls/{{number:int}}", self._edit_pull, methods=["GET", "PATCH"]),
            Route(f"{_REPO}/pulls/{{number:int}}/requested_reviewers", self._ask, methods=["POST"]),
            Route(f"{_REPO}/issues/{{number:int}}/labels", self._label, methods=["POST"]),
            Route(f"{_REPO}/issues/{{number:int}}/comments", self._comments, methods=["GET", "POST"]),
            Route(f"{_REPO}/issues/comments/{{comment:int}}", self._one_comment, methods=["GET", "PATCH"]),
            Route(f"{_REPO}/issues/comments/{{comment:int}}/reactions", self._react, methods=["POST"]),
            Route(f"{_REPO}/compare/{{basehead:path}}", self._compare),
            Route(f"{_REPO}/git/refs/heads/{{branch:path}}", self._ref, methods=["DELETE"]),
            Route(f"{_REPO}/git/ref/heads/{{branch:path}}", self._ref),
            Route("/user", self._me),
            Route(f"{_REPO}/issues", self._issues, methods=["GET", "POST"]),
            Route(f"{_REPO}/issues/{{number:int}}", self._issue, methods=["GET", "PATCH"]),
            Route("/orgs/acme/teams/keepers/memberships/{login}", self._membership),
            Mount("/", Remote(self.bare.parent, token=TOKEN)),
        ]
        return Starlette(routes=routes)

    async def _hold(self) -> None:
        """Keep the answer to a write that has happened, while the test wants it so."""
        while self.held and not self.held.is_set():  # noqa: ASYNC110 - the event is of another thread
            await asyncio.sleep(0.02)

    async def _contents(self, request: Request) -> Response:
        try:
            text = git("show", f"{request.query_params['ref']}:{request.path_params['path']}", cwd=self.bare)
        except subprocess.CalledProcessError:
            return JSONResponse({"message": "Not Found"}, 404)
        encoded = base64.b64encode(text.encode()).decode()
        return JSONResponse(
            {"type": "file", "encoding": "base64", "content": encoded, "path": request.path_params["path"]}
        )

    async def _branch(self, request: Request) -> Response:
        head = self.head(request.path_params["branch"])
        if head is None:
            return JSONResponse({"message": "Not Found"}, 404)
        return JSONResponse({"name": request.path_params["branch"], "commit": {"sha": head}})

    async def _workflow(self, request: Request) -> Response:
        return JSONResponse({"id": 1, "name": "gate", "url": f"{self.url}{_REPO}/actions/workflows/1"})

    async def _runs(self, request: Request) -> Response:
        branch = request.query_params.get("branch")
        shown = [] if self.held and not self.held.is_set() else reversed(self.runs.values())
        found = [run for run in shown if run["head_branch"] == branch]
        return JSONResponse({"total_count": len(found), "workflow_runs": found})

    async def _dispatch(self, request: Request) -> Response:
        body, run_id = await request.json(), next(self._ids)
        self.writes.append(f"dispatch {body['inputs']['correlation']}")
        self.runs[run_id] = {
            "id": run_id,
            "run_attempt": 1,
            "name": f"{body['inputs']['mode']} {body['inputs']['correlation']}",
            "display_title": body["inputs"]["correlation"],
            "status": "in_progress",
            "conclusion": None,
            "head_sha": self.head(body["ref"]),
            "head_branch": body["ref"],
            "event": "workflow_dispatch",
            "path": f".github/workflows/{WORKFLOW}",
            "html_url": f"{self.url}/{REPOSITORY}/actions/runs/{run_id}",
            "url": f"{self.url}{_REPO}/actions/runs/{run_id}",
            "inputs": body["inputs"],
        }
        await self._hold()
        details = {
            "workflow_run_id": run_id,
            "run_url": self.runs[run_id]["url"],
            "html_url": self.runs[run_id]["html_url"],
        }
        return JSONResponse(details)

    async def _run(self, request: Request) -> Response:
        return JSONResponse(self.runs[request.path_params["run"]])

    async def _cancel(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        if run["status"] == "completed":
            return JSONResponse({"message": "Cannot cancel a workflow run that is completed."}, 409)
        run |= {"status": "completed", "conclusion": "cancelled"}
        return JSONResponse({}, 202)

    async def _list_pulls(self, request: Request) -> Response:
        state = request.query_params.get("state", "open")
        branch = request.query_params["head"].partition(":")[2]
        for pull in self.pulls:
            if pull["state"] == "open":
                self._follow(pull)
        return JSONResponse([p for p in self.pulls if p["head"]["ref"] == branch and state in {"all", p["state"]}])

    async def _create_pull(self, request: Request) -> Response:
        body, number = await request.json(), len(self.pulls) + 1
        self.writes.append(f"pull {body['head']}")
        where = {"number": number, "html_url": f"{self.url}/pull/{number}", "url": f"{self.url}{_REPO}/pulls/{number}"}
        head = {"ref": body["head"], "sha": self.head(body["head"])}
        about = {"title": body["title"], "body": body["body"], "draft": body["draft"], "labels": [], "merged_at": None}
        issue = {"issue_url": f"{self.url}{_REPO}/issues/{number}"}
        self.pulls.append({**where, **about, **issue, "state": "open", "head": head, "user": _ROBOT})
        await self._hold()
        return JSONResponse(self.pulls[-1], 201)

    async def _edit_pull(self, request: Request) -> Response:
        pull = self._follow(self.pulls[request.path_params["number"] - 1])
        if request.method == "PATCH":
            pull |= await request.json()
        return JSONResponse(pull)

    def _follow(self, pull: dict[str, Any]) -> dict[str, Any]:
        """Let a pull request know its branch's head, and whether it can be merged."""
        if head := self.head(pull["head"]["ref"]):
            pull["head"]["sha"] = head
            merged = subprocess.run(
                ["git", "merge-tree", "--write-tree", "main", head], cwd=self.bare, capture_output=True, check=False
            )
            pull["mergeable"] = merged.returncode == 0
        return pull

    def read(self, branch: str, path: str) -> str:
        """Give a file's text as it is on a branch."""
        return git("show", f"{branch}:{path}", cwd=self.bare) + "\n"

    def commit(self, branch: str, path: str, text: str) -> str:
        """Commit a file's new text on a branch as one of the customer's people does; give the commit."""
        work = self.bare.parents[2] / "work"
        git("fetch", "-q", str(self.bare), branch, cwd=work)
        git("checkout", "-q", "--force", "--detach", "FETCH_HEAD", cwd=work)
        (work / path).write_text(text)
        git("commit", "-q", "-a", "-m", "By hand", cwd=work)
        git("push", "-q", str(self.bare), f"HEAD:refs/heads/{branch}", cwd=work)
        return git("rev-parse", "HEAD", cwd=work)

    def merge(self, number: int) -> str:
        """Merge a pull request as a reviewer does; give the merge commit."""
        pull = self.pulls[number - 1]
        sha = git("commit-tree", f"{pull['head']['sha']}^{{tree}}", "-p", "main", "-m", "Merge", cwd=self.bare)
        git("update-ref", "refs/heads/main", sha, cwd=self.bare)
        pull |= {"state": "closed", "merged_at": "2026-11-24T12:00:00Z", "merge_commit_sha": sha}
        return sha

    async def _compare(self, request: Request) -> Response:
        base, _, head = request.path_params["basehead"].partition("...")
        grown = git("merge-base", base, head, cwd=self.bare) == git("rev-parse", base, cwd=self.bare)
        changed = git("diff", "--name-only", f"{base}...{head}", cwd=self.bare).splitlines()
        files = [{"filename": name, "previous_filename": None} for name in changed]
        return JSONResponse({"status": "ahead" if grown else "behind", "files": files})

    async def _ref(self, request: Request) -> Response:
        name = f"refs/heads/{request.path_params['branch']}"
        if request.method == "DELETE":
            git("update-ref", "-d", name, cwd=self.bare)
            return Response(status_code=204)
        return JSONResponse({"ref": name, "url": f"{self.url}{_REPO}/git/{name}"})

    async def _ask(self, request: Request) -> Response:
        pull, body = self.pulls[request.path_params["number"] - 1], await request.json()
        pull.setdefault("asked", []).extend([*body.get("reviewers", []), *body.get("team_reviewers", [])])
        return JSONResponse(pull, 201)

    async def _label(self, request: Request) -> Response:
        names = await request.json()
        self.pulls[request.path_params["number"] - 1]["labels"] = [{"name": name} for name in names]
        return JSONResponse([{"name": name} for name in names])

    async def _comments(self, request: Request) -> Response:
        number = request.path_params["number"]
        if request.method == "GET":
            return JSONResponse([comment for comment in self.comments if comment["number"] == number])
        return JSONResponse(self.comment(number, _ROBOT["login"], (await request.json())["body"]), 201)

    def comment(self, number: int, login: str, body: str) -> dict[str, Any]:
        """Comment on a pull request."""
        made = len(self.comments) + 1
        urls = {"url": f"{self.url}{_REPO}/issues/comments/{made}", "issue_url": f"{self.url}{_REPO}/issues/{number}"}
        about = {"id": made, "number": number, "user": {"login": login}, "body": body, "reactions": []}
        self.comments.append({**about, **urls})
        return self.comments[-1]

    async def _me(self, _request: Request) -> Response:
        return JSONResponse(_ROBOT)

    async def _issues(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(list(self.issues))
        number, body = 9001 + len(self.issues), await request.json()
        about = {"number": number, "state": "open", "user": _ROBOT, "url": f"{self.url}{_REPO}/issues/{number}"}
        self.issues.append({**body, **about, "updated_at": _moment()})
        return JSONResponse(self.issues[-1], 201)

    async def _issue(self, request: Request) -> Response:
        issue = self.issues[request.path_params["number"] - 9001]
        if request.method == "PATCH":
            issue |= {**await request.json(), "updated_at": _moment()}
        return JSONResponse(issue)

    async def _one_comment(self, request: Request) -> Response:
        comment = self.comments[request.path_params["comment"] - 1]
        if request.method == "PATCH":
            comment |= await request.json()
        return JSONResponse(comment)

    async def _react(self, request: Request) -> Response:
        reactions = self.comments[request.path_params["comment"] - 1]["reactions"]
        reactions.append((await request.json())["content"])
        return JSONResponse({"id": len(reactions)}, 201)

    async def _membership(self, request: Request) -> Response:
        is_member = request.path_params["login"] in {"alice", "bob"}
        return JSONResponse({"state": "active"} if is_member else {"message": "Not Found"}, 200 if is_member else 404)


def _moment() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seeded(root: Path) -> Path:
    """Lay the importers repository with the local world's importers."""
    work, bare = root / "work", root / f"served/{REPOSITORY}.git"
    shutil.copytree(IMPORTERS, work)
    (work / "CODEOWNERS").write_text("* @nobody\n/lib/gatherers/ @alice @acme/keepers\n")
    git("init", "-q", "-b", "main", cwd=work)
    git("add", "-A", cwd=work)
    git("commit", "-q", "-m", "Begin", cwd=work)
    bare.parent.mkdir(parents=True)
    git("clone", "-q", "--bare", str(work), str(bare), cwd=root)
    git("config", "http.receivepack", "true", cwd=bare)
    return bare


@contextlib.contextmanager
def running(root: Path) -> Iterator[GitHubWire]:
    """Serve the repository below `root`."""
    wire = GitHubWire(_seeded(root))

    def make(url: str) -> Starlette:
        wire.url = url
        return wire.app()

    with serving(make):
        yield wire
