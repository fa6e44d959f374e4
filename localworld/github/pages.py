"""Pages that a person opens: repository, pull request, run, comparison."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from localworld.github.model import Repository
from localworld.github.problem import Problem
from localworld.github.store import Store

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "html"), autoescape=True, undefined=StrictUndefined
)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_MARKS = {"+": "add", "-": "del", "@": "hunk"}
_FILE_MARKS = ("diff ", "index ", "--- ", "+++ ")
View = Callable[[Store, Repository, Request], str]


def _markdown(text: str | None) -> Markup:
    return Markup(_MARKDOWN.render(text or ""))  # noqa: S704 - the renderer escapes HTML


def _diff_lines(text: str) -> list[tuple[str, str]]:
    return [("file" if line.startswith(_FILE_MARKS) else _MARKS.get(line[:1], ""), line) for line in text.splitlines()]


_PAGES.filters.update(markdown=_markdown, diff=_diff_lines)


def _show(page: str, store: Store, repository: Repository, **values: Any) -> str:
    return _PAGES.get_template(page).render(store=store, repository=repository, **values)


def _front(store: Store, repository: Repository, _request: Request) -> str:
    runs = [run for run in reversed(list(store.runs.values())) if run.repository == repository.name]
    pulls = sorted(repository.pulls.values(), key=lambda pull: pull.number, reverse=True)
    return _show("repository.html", store, repository, runs=runs, pulls=pulls, branches=repository.git.branches())


def _pull(store: Store, repository: Repository, request: Request) -> str:
    pull = repository.pulls.get(int(request.path_params["number"]))
    if pull is None:
        raise Problem(404, "Not Found")
    git = repository.git
    commits = [git.commit(sha) for sha in git.between(pull.base_sha, pull.head_sha)]
    comments = [c for c in repository.comments.values() if c.number == pull.number]
    checks = [c for c in repository.checks.values() if c.head_sha == pull.head_sha]
    diff = git.diff(pull.base_sha, pull.head_sha)
    return _show(
        "pull.html", store, repository, pull=pull, commits=commits, comments=comments, checks=checks, diff=diff
    )


def _run(store: Store, repository: Repository, request: Request) -> str:
    return _show("run.html", store, repository, run=store.run(repository, int(request.path_params["run"])))


def _compare(store: Store, repository: Repository, request: Request) -> str:
    base, _, head = request.path_params["basehead"].partition("...")
    ours, theirs = repository.git.sha(base), repository.git.sha(head)
    if ours is None or theirs is None:
        raise Problem(404, "Not Found")
    commits = [repository.git.commit(sha) for sha in repository.git.between(ours, theirs)]
    return _show(
        "compare.html", store, repository, base=base, head=head, commits=commits, diff=repository.git.diff(ours, theirs)
    )


def _commit(store: Store, repository: Repository, request: Request) -> str:
    sha = repository.git.sha(request.path_params["sha"])
    if sha is None:
        raise Problem(404, "Not Found")
    commit = repository.git.commit(sha)
    diff = repository.git.diff(commit.parents[0], sha) if commit.parents else ""
    return _show("compare.html", store, repository, base=f"{sha[:7]}^", head=sha[:7], commits=[commit], diff=diff)


def routes(store: Store) -> list[Route]:
    """Give the pages' routes."""
    table: tuple[tuple[str, View], ...] = (
        ("", _front),
        ("/pull/{number:int}", _pull),
        ("/actions/runs/{run:int}", _run),
        ("/compare/{basehead:path}", _compare),
        ("/commit/{sha}", _commit),
        ("/tree/{branch:path}", _front),
    )

    async def home(_request: Request) -> Response:
        return HTMLResponse(_PAGES.get_template("home.html").render(store=store))

    return [Route("/", home), *(Route("/{owner}/{repo}" + path, _page(store, view)) for path, view in table)]


def _page(store: Store, view: View) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        try:
            repository = store.repository("{owner}/{repo}".format(**request.path_params))
            return HTMLResponse(await run_in_threadpool(view, store, repository, request))
        except Problem as problem:
            return HTMLResponse(problem.message, problem.status)

    return page
