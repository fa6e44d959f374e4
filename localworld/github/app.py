"""The web application: routes, refusals, control plane, record."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from localworld.faults import Faults
from localworld.github import graphql, pages
from localworld.github import rest_actions as actions
from localworld.github import rest_code as code
from localworld.github import rest_issues as issues
from localworld.github import rest_pulls as pulls
from localworld.github.call import Answer, Call, Handler, allow, read, secret_of
from localworld.github.oidc import Issuer
from localworld.github.problem import Problem
from localworld.github.recording import Discreet
from localworld.github.runner import Runner
from localworld.github.scripted import ScriptedRunner
from localworld.github.smart_http import SmartHttp
from localworld.github.store import Store
from localworld.github.webhooks import Webhooks
from localworld.record import Recorded

Endpoint = Callable[[Request], Awaitable[Response]]
_R = "/repos/{owner}/{repo}"
_WORKFLOW = _R + "/actions/workflows/{workflow}"
_RUN = _R + "/actions/runs/{run}"
_TABLE: tuple[tuple[str, str, Handler, str], ...] = (
    ("GET", "/user", code.me, "metadata:read"),
    ("POST", "/app/installations/{installation}/access_tokens", code.installation_token, ""),
    ("GET", "/orgs/{org}/teams/{team}/memberships/{login}", code.membership, "members:read"),
    ("GET", _R, code.repository, "metadata:read"),
    ("GET", _R + "/branches/{branch:path}", code.branch, "contents:read"),
    ("GET", _R + "/contents/{path:path}", code.contents, "contents:read"),
    ("GET", _R + "/compare/{basehead:path}", code.compare, "contents:read"),
    ("GET", _R + "/git/ref/{ref:path}", code.get_ref, "contents:read"),
    ("POST", _R + "/git/refs", code.create_ref, "contents:write"),
    ("DELETE", _R + "/git/refs/{ref:path}", code.delete_ref, "contents:write"),
    ("GET", _R + "/commits/{ref}/check-runs", pulls.list_checks, "checks:read"),
    ("GET", _R + "/commits/{ref:path}", code.commit, "contents:read"),
    ("POST", _R + "/check-runs", pulls.create_check, "checks:write"),
    ("GET", _R + "/check-runs/{check}/annotations", pulls.list_annotations, "checks:read"),
    ("GET", _R + "/pulls", pulls.list_pulls, "pull_requests:read"),
    ("POST", _R + "/pulls", pulls.create_pull, "pull_requests:write"),
    ("GET", _R + "/pulls/{number}", pulls.get_pull, "pull_requests:read"),
    ("PATCH", _R + "/pulls/{number}", pulls.edit_pull, "pull_requests:write"),
    ("GET", _R + "/pulls/{number}/files", pulls.pull_files, "pull_requests:read"),
    ("GET", _R + "/pulls/{number}/commits", pulls.pull_commits, "pull_requests:read"),
    ("GET", _R + "/pulls/{number}/comments", pulls.list_reviews, "pull_requests:read"),
    ("GET", _R + "/pulls/{number}/reviews", pulls.list_reviews, "pull_requests:read"),
    ("PUT", _R + "/pulls/{number}/merge", pulls.merge, "contents:write"),
    ("POST", _R + "/pulls/{number}/requested_reviewers", pulls.request_reviewers, "pull_requests:write"),
    ("GET", _R + "/issues", issues.list_issues, "issues:read"),
    ("POST", _R + "/issues", issues.create_issue, "issues:write"),
    ("GET", _R + "/issues/{number}", issues.get_issue, "issues:read"),
    ("PATCH", _R + "/issues/{number}", issues.edit_issue, "issues:write"),
    ("GET", _R + "/issues/{number}/comments", pulls.list_comments, "issues|pull_requests:read"),
    ("POST", _R + "/issues/{number}/comments", pulls.create_comment, "issues|pull_requests:write"),
    ("GET", _R + "/issues/comments/{comment}", pulls.get_comment, "issues|pull_requests:read"),
    ("POST", _R + "/issues/comments/{comment}/reactions", pulls.react, "issues|pull_requests:write"),
    ("PATCH", _R + "/issues/comments/{comment}", pulls.edit_comment, "issues|pull_requests:write"),
    ("DELETE", _R + "/issues/comments/{comment}", pulls.delete_comment, "issues|pull_requests:write"),
    ("GET", _R + "/labels", pulls.list_known_labels, "issues|pull_requests:read"),
    ("POST", _R + "/labels", pulls.create_label, "issues|pull_requests:write"),
    ("GET", _R + "/issues/{number}/labels", pulls.list_labels, "issues|pull_requests:read"),
    ("POST", _R + "/issues/{number}/labels", pulls.add_labels, "issues|pull_requests:write"),
    ("DELETE", _R + "/issues/{number}/labels/{name}", pulls.remove_label, "issues|pull_requests:write"),
    ("GET", _R + "/actions/workflows", actions.list_workflows, "actions:read"),
    ("GET", _WORKFLOW, actions.get_workflow, "actions:read"),
    ("POST", _WORKFLOW + "/dispatches", actions.dispatch, "actions:write"),
    ("GET", _WORKFLOW + "/runs", actions.list_runs, "actions:read"),
    ("GET", _R + "/actions/runs", actions.list_runs, "actions:read"),
    ("GET", _RUN, actions.get_run, "actions:read"),
    ("GET", _RUN + "/jobs", actions.list_jobs, "actions:read"),
    ("GET", _RUN + "/logs", actions.logs, "actions:read"),
    ("POST", _RUN + "/cancel", actions.cancel, "actions:write"),
)


def create_app(store: Store, record: Path) -> ASGIApp:
    """Make the application over a store."""
    log = Discreet(record)
    hooks, issuer = Webhooks(store, log), Issuer(store)
    scripted = ScriptedRunner(store, hooks, issuer) if store.config.get("gate") == "scripted" else None
    store.config["runner"] = scripted or Runner(store, hooks, issuer)
    rest = [
        Route("/api/v3" + path, _endpoint(store, hooks, handler, need), methods=[verb])
        for verb, path, handler, need in _TABLE
    ]
    git = Route("/{owner}/{repo}.git/{rest:path}", SmartHttp(store, hooks).__call__, methods=["GET", "POST"])
    rest.append(Route("/api/graphql", _endpoint(store, hooks, graphql.mutate, "pull_requests:write"), methods=["POST"]))
    rest.append(Route("/api/v3/{path:path}", _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    app = Starlette(routes=[*rest, *_identity(issuer), *_downloads(store), *pages.routes(store), git])
    faults = Faults(app)
    app.router.routes.insert(0, Route("/_control/faults", faults.control, methods=["GET", "POST", "DELETE"]))
    app.router.routes.insert(0, Route("/_control/state", _state(store)))
    if scripted:
        app.router.routes.insert(0, Route("/_control/gate", scripted.control, methods=["POST"]))
    return Recorded(faults, log, store.url, ("/api/v3/",))


def _endpoint(store: Store, hooks: Webhooks, handler: Handler, need: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            call = await read(request, store, hooks)
            if need:
                allow(call.caller, *need.rsplit(":", 1))
            return _written(await run_in_threadpool(_served, call, handler, writes=request.method != "GET"))
        except Problem as problem:
            return _refused(problem)

    return endpoint


def _served(call: Call, handler: Handler, *, writes: bool) -> Answer:
    # Writes go one after another, so that a look and the write that follows it are one.
    with call.store.lock if writes else contextlib.nullcontext():
        return handler(call)


def _refused(problem: Problem) -> Response:
    return JSONResponse(problem.body(), problem.status, {**_limits(), **problem.headers})


async def _unknown(_request: Request) -> Response:
    return _refused(Problem(404, "Not Found"))


def _written(answer: Answer) -> Response:
    headers = {**_limits(), **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return Response(json.dumps(answer.body), answer.status, headers, media_type="application/json; charset=utf-8")


def _limits() -> dict[str, str]:
    names = {"Limit": "5000", "Remaining": "4999", "Reset": "4102444800", "Used": "1", "Resource": "core"}
    return {f"X-RateLimit-{name}": value for name, value in names.items()} | {
        "X-GitHub-Media-Type": "github.v3; format=json"
    }


def _identity(issuer: Issuer) -> list[Route]:
    async def configuration(_request: Request) -> Response:
        return JSONResponse(issuer.configuration())

    async def jwks(_request: Request) -> Response:
        return JSONResponse(issuer.jwks())

    async def token(request: Request) -> Response:
        try:
            secret = secret_of(request.headers.get("authorization", ""))
            value = issuer.token(secret, request.query_params.get("audience", ""))
        except Problem as problem:
            return JSONResponse(problem.body(), problem.status)
        return JSONResponse({"count": len(value), "value": value})

    known = "/_oidc/.well-known"
    return [
        Route(f"{known}/openid-configuration", configuration),
        Route(f"{known}/jwks", jwks),
        Route("/_oidc/token", token),
    ]


def _downloads(store: Store) -> list[Route]:
    async def download(request: Request) -> Response:
        # As the storage behind GitHub does: an address is its own right, and a login beside it is refused.
        if "authorization" in request.headers:
            return Response(status_code=403)
        packed = actions.archive(store.runs, request.path_params["ticket"])
        return Response(packed, media_type="application/zip") if packed else Response(status_code=403)

    return [Route("/_downloads/{ticket}.zip", download)]


def _state(store: Store) -> Endpoint:
    async def state(_request: Request) -> Response:
        return JSONResponse(store.dump())

    return state
