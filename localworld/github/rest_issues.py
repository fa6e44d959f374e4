"""REST: issues that are no pull requests."""

import json
import re
from typing import Any

from localworld.github.bodies import node_id
from localworld.github.call import Answer, Call
from localworld.github.model import Issue
from localworld.github.problem import Problem
from localworld.github.templates import now

_NUMBER = re.compile(r"/issues/1347")


def _issue(call: Call) -> Issue:
    issue = call.repository.tickets.get(call.number("number"))
    if issue is None:
        raise Problem(404, "Not Found")
    return issue


def body(call: Call, issue: Issue) -> dict[str, Any]:
    """Give an issue."""
    repository = call.repository
    shown: dict[str, Any] = json.loads(
        _NUMBER.sub(f"/issues/{issue.number}", json.dumps(call.bodies.example("issue", repository)))
    )
    for member in (
        "pull_request",
        "active_lock_reason",
        "closed_by",
        "repository",
        "state_reason",
        "type",
        "pinned_comment",
    ):
        shown.pop(member, None)
    shown |= {"id": issue.id, "node_id": node_id("Issue", issue.id), "number": issue.number, "title": issue.title}
    shown |= {"body": issue.body, "state": issue.state, "user": call.bodies.user(issue.author), "locked": False}
    shown |= {"labels": [call.bodies.label(name, repository.labels[name]) for name in issue.labels]}
    shown |= {"assignee": None, "assignees": [], "milestone": None, "comments": 0, "author_association": "COLLABORATOR"}
    shown |= {"created_at": issue.created, "updated_at": issue.updated, "closed_at": issue.closed}
    shown |= {"performed_via_github_app": _app(call) if issue.by_app else None}
    return dict(call.bodies.conform("issue", shown))


def _app(call: Call) -> dict[str, Any]:
    about = call.store.config["app"]
    shown: dict[str, Any] = call.bodies.example("integration")
    shown |= {"id": about["id"], "slug": about["slug"], "node_id": node_id("App", about["id"]), "name": about["slug"]}
    return {**shown, "owner": call.bodies.user(call.repository.owner)}


def _tell(call: Call, issue: Issue, action: str, **more: Any) -> None:
    call.hooks.send(
        "issues", call.repository, call.caller.login, {"action": action, "issue": body(call, issue), **more}
    )


def list_issues(call: Call) -> Answer:
    """List issues by state and labels, newest first unless asked otherwise."""
    state, labels = call.query.get("state", "open"), set(filter(None, call.query.get("labels", "").split(",")))
    found = [i for i in call.repository.tickets.values() if state in ("all", i.state) and labels <= set(i.labels)]
    found.sort(key=lambda issue: issue.number, reverse=call.query.get("direction", "desc") == "desc")
    answer = call.page(found)
    return Answer(200, [body(call, issue) for issue in answer.body], answer.headers)


def create_issue(call: Call) -> Answer:
    """Open an issue; labels that there are not yet are made."""
    repository, by_app = call.repository, call.caller.kind == "installation"
    repository.issues += 1
    issue = Issue(
        call.store.new_id(),
        repository.issues,
        call.caller.login,
        call.text("title"),
        call.body.get("body") or "",
        by_app,
    )
    _label(call, issue)
    repository.tickets[issue.number] = issue
    _tell(call, issue, "opened")
    return Answer(201, body(call, issue))


def get_issue(call: Call) -> Answer:
    """Show an issue."""
    return Answer(200, body(call, _issue(call)))


def edit_issue(call: Call) -> Answer:
    """Change title, body, labels or state; whoever changes a text is told of as the sender, beside what it was."""
    issue = _issue(call)
    changes = {
        m: {"from": getattr(issue, m)}
        for m in ("title", "body")
        if call.body.get(m, getattr(issue, m)) != getattr(issue, m)
    }
    issue.title, issue.body = call.body.get("title", issue.title), call.body.get("body", issue.body)
    issue.state, issue.updated = call.body.get("state", issue.state), now()
    issue.closed = (issue.closed or now()) if issue.state == "closed" else None
    _label(call, issue)
    if changes:
        _tell(call, issue, "edited", changes=changes)
    return Answer(200, body(call, issue))


def _label(call: Call, issue: Issue) -> None:
    issue.labels = list(call.body.get("labels", issue.labels))
    for name in issue.labels:
        call.repository.labels.setdefault(name, call.store.new_id())
