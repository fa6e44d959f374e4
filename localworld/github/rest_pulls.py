"""REST: pull requests, comments, labels, reviewers, check runs."""

from typing import Any

from localworld.github.bodies import node_id
from localworld.github.bodies_actions import check_body
from localworld.github.call import Answer, Call
from localworld.github.model import Check, Comment, Pull
from localworld.github.problem import Problem, invalid
from localworld.github.pushes import Push, pushed
from localworld.github.templates import now


def _pull(call: Call) -> Pull:
    pull = call.repository.pulls.get(call.number("number"))
    if pull is None:
        raise Problem(404, "Not Found")
    return pull


def _tell(call: Call, pull: Pull, action: str, **more: Any) -> None:
    body = call.bodies.pull(call.repository, pull)
    call.hooks.send(
        "pull_request",
        call.repository,
        call.caller.login,
        {"action": action, "number": pull.number, "pull_request": body, **more},
    )


def list_pulls(call: Call) -> Answer:
    """List pull requests, by state and head, newest first."""
    state, head = call.query.get("state", "open"), call.query.get("head", "")
    found = [p for p in call.repository.pulls.values() if state in ("all", p.state)]
    if ":" in head:
        found = [p for p in found if f"{call.repository.owner}:{p.head}" == head]
    found.sort(key=lambda p: p.number, reverse=call.query.get("direction", "desc") == "desc")
    answer = call.page(found)
    return Answer(
        200, [call.bodies.pull(call.repository, p, "pull-request-simple") for p in answer.body], answer.headers
    )


def create_pull(call: Call) -> Answer:
    """Open a pull request; one open one a head and base."""
    repository, base = call.repository, call.text("base")
    head = call.text("head").rpartition(":")[2]
    shas = repository.git.sha(f"refs/heads/{base}"), repository.git.sha(f"refs/heads/{head}")
    if shas[0] is None or shas[1] is None:
        raise invalid("PullRequest", "base" if shas[0] is None else "head", "invalid")
    if any(p.state == "open" and (p.head, p.base) == (head, base) for p in repository.pulls.values()):
        known = f"A pull request already exists for {repository.owner}:{head}."
        raise Problem(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": known}])
    if not repository.git.between(shas[0], shas[1]):
        none = f"No commits between {base} and {head}"
        raise Problem(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": none}])
    repository.issues += 1
    author, draft = call.caller.login, bool(call.body.get("draft"))
    pull = Pull(
        call.store.new_id(),
        repository.issues,
        call.text("title"),
        call.body.get("body"),
        head,
        base,
        shas[1],
        shas[0],
        author,
        draft,
    )
    repository.pulls[pull.number] = pull
    _tell(call, pull, "opened")
    return Answer(201, call.bodies.pull(repository, pull))


def get_pull(call: Call) -> Answer:
    """Show a pull request."""
    return Answer(200, call.bodies.pull(call.repository, _pull(call)))


def edit_pull(call: Call) -> Answer:
    """Change title, body or state."""
    pull = _pull(call)
    before = {"title": {"from": pull.title}, "body": {"from": pull.body or ""}}
    for member in ("title", "body"):
        if member in call.body:
            setattr(pull, member, call.body[member])
    state, pull.updated = call.body.get("state", pull.state), now()
    changed = state != pull.state
    if changed and pull.merged:
        raise invalid("PullRequest", "state", "invalid")
    pull.state, pull.closed = state, now() if state == "closed" else None
    if changed:
        _tell(call, pull, "closed" if state == "closed" else "reopened")
    else:
        _tell(call, pull, "edited", changes=before)
    return Answer(200, call.bodies.pull(call.repository, pull))


def pull_files(call: Call) -> Answer:
    """List the files that a pull request changes."""
    pull = _pull(call)
    return call.page(call.bodies.files(call.repository, pull.base_sha, pull.head_sha))


def pull_commits(call: Call) -> Answer:
    """List the commits of a pull request."""
    pull = _pull(call)
    shas = call.repository.git.between(pull.base_sha, pull.head_sha)
    return call.page([call.bodies.commit(call.repository, sha) for sha in shas])


def merge(call: Call) -> Answer:
    """Merge a pull request."""
    pull, repository = _pull(call), call.repository
    if pull.state != "open" or pull.draft:
        raise Problem(405, "Pull Request is not mergeable")
    if call.body.get("sha") not in (None, pull.head_sha):
        raise Problem(409, "Head branch was modified. Review and try the merge again.")
    before = repository.git.sha(f"refs/heads/{pull.base}") or ""
    sha = repository.git.merge(
        pull.base, pull.head_sha, f"Merge pull request #{pull.number} from {pull.head}\n\n{pull.title}"
    )
    pull.state, pull.closed, pull.merged, pull.merge_sha = "closed", now(), now(), sha
    pushed(call.store, call.hooks, repository, Push(f"refs/heads/{pull.base}", before, sha, call.caller.login))
    _tell(call, pull, "closed")
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


# ---------------------------------------------------------------- comments, labels, reviewers


def list_comments(call: Call) -> Answer:
    """List the comments of a pull request."""
    found = [c for c in call.repository.comments.values() if c.number == call.number("number")]
    return call.page([call.bodies.comment(call.repository, c) for c in found])


def create_comment(call: Call) -> Answer:
    """Comment on a pull request."""
    pull = _pull(call)
    comment = Comment(call.store.new_id(), pull.number, call.caller.login, call.text("body"))
    call.repository.comments[comment.id] = comment
    body = call.bodies.comment(call.repository, comment)
    told = {"action": "created", "issue": _issue(call, pull), "comment": body}
    call.hooks.send("issue_comment", call.repository, call.caller.login, told)
    return Answer(201, body)


def list_reviews(call: Call) -> Answer:
    """List the reviews of a pull request, or their comments on lines: there are none, because nobody can write one here."""
    _pull(call)
    return call.page([])


def _issue(call: Call, pull: Pull) -> dict[str, Any]:
    # A pull request is an issue too, and shares these members with it.
    body = call.bodies.pull(call.repository, pull)
    shared = ("number", "title", "body", "state", "user", "labels", "created_at", "updated_at", "author_association")
    links = {name: body[name] for name in ("url", "html_url", "diff_url", "patch_url")}
    own = {"id": pull.id, "url": body["issue_url"], "html_url": body["html_url"], "comments_url": body["comments_url"]}
    return {**{name: body[name] for name in shared}, **own, "pull_request": links}


def _comment(call: Call) -> Comment:
    comment = call.repository.comments.get(call.number("comment"))
    if comment is None:
        raise Problem(404, "Not Found")
    return comment


def get_comment(call: Call) -> Answer:
    """Show a comment."""
    return Answer(200, call.bodies.comment(call.repository, _comment(call)))


def react(call: Call) -> Answer:
    """React to a comment; a reaction that is there already is shown, with 200 in place of 201."""
    comment, mine = _comment(call), (call.caller.login, call.text("content"))
    status = 200 if mine in comment.reactions else 201
    comment.reactions = [*dict.fromkeys([*comment.reactions, mine])]
    number = comment.id * 10 + comment.reactions.index(mine)
    body = {"id": number, "content": mine[1], "created_at": comment.created, "user": call.bodies.user(mine[0])}
    return Answer(status, call.bodies.conform("reaction", {**body, "node_id": node_id("Reaction", number)}))


def edit_comment(call: Call) -> Answer:
    """Change a comment."""
    comment = _comment(call)
    comment.body, comment.updated = call.text("body"), now()
    return Answer(200, call.bodies.comment(call.repository, comment))


def delete_comment(call: Call) -> Answer:
    """Delete a comment."""
    del call.repository.comments[_comment(call).id]
    return Answer(204)


def _labels(call: Call, pull: Pull) -> Answer:
    return Answer(200, [call.bodies.label(name, call.repository.labels[name]) for name in pull.labels])


def list_labels(call: Call) -> Answer:
    """List a pull request's labels."""
    return _labels(call, _pull(call))


def add_labels(call: Call) -> Answer:
    """Add labels; the body is a list, or an object with one."""
    pull = _pull(call)
    names = call.body.get("labels", []) if isinstance(call.body, dict) else call.body
    for name in names:
        number = call.repository.labels.setdefault(name, call.store.new_id())
        if name not in pull.labels:
            pull.labels.append(name)
            _tell(call, pull, "labeled", label=call.bodies.label(name, number))
    return _labels(call, pull)


def remove_label(call: Call) -> Answer:
    """Remove a label."""
    pull, name = _pull(call), call.path["name"]
    if name not in pull.labels:
        raise Problem(404, "Label does not exist")
    pull.labels.remove(name)
    _tell(call, pull, "unlabeled", label=call.bodies.label(name, call.repository.labels[name]))
    return _labels(call, pull)


def list_known_labels(call: Call) -> Answer:
    """List the labels of the repository."""
    return call.page([call.bodies.label(name, number) for name, number in call.repository.labels.items()])


def create_label(call: Call) -> Answer:
    """Make a label of the repository."""
    name = call.text("name")
    if name in call.repository.labels:
        raise invalid("Label", "name", "already_exists")
    call.repository.labels[name] = call.store.new_id()
    return Answer(201, call.bodies.label(name, call.repository.labels[name]))


def request_reviewers(call: Call) -> Answer:
    """Ask people and teams for a review; the author cannot be asked, and of teams only those that there are."""
    pull = _pull(call)
    people, teams = call.body.get("reviewers", []), call.body.get("team_reviewers", [])
    known = {name.partition("/")[2] for name in call.store.config.get("teams", {})}
    if pull.author in people or set(teams) - known:
        raise Problem(422, "Reviews may only be requested from collaborators.")
    pull.reviewers += [name for name in people if name not in pull.reviewers]
    pull.teams += [name for name in teams if name not in pull.teams]
    return Answer(201, call.bodies.pull(call.repository, pull, "pull-request-simple"))


# ---------------------------------------------------------------- check runs


def create_check(call: Call) -> Answer:
    """Make a check run; Apps only."""
    if call.caller.kind != "installation":
        raise Problem(403, "You must authenticate via a GitHub App.")
    output = call.body.get("output") or {}
    status = "completed" if call.body.get("conclusion") else call.body.get("status", "queued")
    check = Check(call.store.new_id(), call.text("name"), call.text("head_sha"), status, call.body.get("conclusion"))
    check.title, check.summary = output.get("title", ""), output.get("summary", "")
    check.details_url, check.completed = call.body.get("details_url", ""), now() if status == "completed" else None
    check.external_id, check.app = call.body.get("external_id", ""), call.store.config["app"]["id"]
    check.annotations = list(output.get("annotations", []))
    if call.repository.git.sha(check.head_sha) is None:
        raise Problem(422, f"No commit found for SHA: {check.head_sha}")
    call.repository.checks[check.id] = check
    return Answer(201, check_body(call.bodies, call.repository, check))


def list_annotations(call: Call) -> Answer:
    """List the annotations of a check run."""
    check = call.repository.checks.get(call.number("check"))
    if check is None:
        raise Problem(404, "Not Found")
    return call.page([call.bodies.conform("check-annotation", one) for one in check.annotations])


def list_checks(call: Call) -> Answer:
    """List the check runs of a commit by name and App: of those of one name the latest, unless all are asked for."""
    sha, name, app = call.repository.git.sha(call.path["ref"]), call.query.get("check_name"), call.query.get("app_id")
    found = [c for c in call.repository.checks.values() if c.head_sha == sha and name in (None, c.name)]
    found = [c for c in found if app in (None, str(c.app))]
    if call.query.get("filter", "latest") == "latest":
        found = list({(c.app, c.name): c for c in found}.values())
    bodies = [check_body(call.bodies, call.repository, c) for c in found]
    return call.page(bodies, lambda shown: {"total_count": len(bodies), "check_runs": shown})
