"""REST: people, repositories, branches, files, commits, App tokens."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from localworld.github.bare import ZERO
from localworld.github.bodies import node_id
from localworld.github.call import Answer, Call
from localworld.github.problem import Problem
from localworld.github.pushes import Push, pushed
from localworld.github.store import TOKEN_S

_KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


def me(call: Call) -> Answer:
    """Show the caller."""
    return Answer(200, call.bodies.user(call.caller.login, "public-user"))


def membership(call: Call) -> Answer:
    """Show whether somebody is of a team."""
    team, login = f"{call.path['org']}/{call.path['team']}", call.path["login"]
    if login not in call.store.config.get("teams", {}).get(team, ()):
        raise Problem(404, "Not Found")
    url = f"{call.store.api}/orgs/{call.path['org']}/teams/{call.path['team']}/memberships/{login}"
    body = {"url": url, "role": "member", "state": "active"}
    return Answer(200, call.bodies.conform("team-membership", body))


def repository(call: Call) -> Answer:
    """Show a repository."""
    return Answer(200, call.bodies.repository(call.repository))


def branch(call: Call) -> Answer:
    """Show a branch with its head."""
    name, found = call.path["branch"], call.repository
    sha = found.git.sha(f"refs/heads/{name}")
    if sha is None:
        raise Problem(404, "Branch not found")
    protected = name in found.protected
    url = call.bodies.at(found, "branches", quote(name, safe=""))
    body = {
        "name": name,
        "commit": call.bodies.commit(found, sha),
        "protected": protected,
        "protection_url": url + "/protection",
    }
    body |= {"_links": {"self": url, "html": call.bodies.page(found, "tree", name)}}
    body |= {
        "protection": {
            "enabled": protected,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        }
    }
    return Answer(200, call.store.templates.conform("branch-with-protection", body))


def contents(call: Call) -> Answer:
    """Give a file, or the names in a folder."""
    found, path = call.repository, call.path["path"]
    sha = found.git.sha(call.query.get("ref", found.default_branch))
    if sha is None:
        raise Problem(404, f"No commit found for the ref {call.query.get('ref')}")
    content = found.git.read(sha, path) if path else None
    if content is not None:
        return Answer(200, _file(call, path, found.git.run("rev-parse", f"{sha}:{path}"), content))
    entries = found.git.folder(sha, path)
    if not entries:
        raise Problem(404, "Not Found")
    return Answer(200, [{**_entry(call, name, blob), "type": _KINDS[kind]} for kind, blob, name in entries])


def _entry(call: Call, path: str, blob: str) -> dict[str, object]:
    found, bodies = call.repository, call.bodies
    links = {"self": bodies.at(found, "contents", path), "git": None, "html": bodies.page(found, "blob/main", path)}
    body = {"type": "file", "size": 0, "name": path.rpartition("/")[2], "path": path, "sha": blob, "_links": links}
    return {**body, "url": links["self"], "git_url": None, "html_url": links["html"], "download_url": None}


def _file(call: Call, path: str, blob: str, content: bytes) -> dict[str, object]:
    encoded = base64.encodebytes(content).decode()
    return {**_entry(call, path, blob), "size": len(content), "encoding": "base64", "content": encoded}


def commit(call: Call) -> Answer:
    """Show a commit with the files that it changes; a first commit changes none here."""
    sha = call.repository.git.sha(call.path["ref"])
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {call.path['ref']}")
    body = call.bodies.commit(call.repository, sha)
    parents = call.repository.git.commit(sha).parents
    files = call.bodies.files(call.repository, parents[0], sha) if parents else []
    added, removed = (sum(file[count] for file in files) for count in ("additions", "deletions"))
    return Answer(
        200, {**body, "files": files, "stats": {"additions": added, "deletions": removed, "total": added + removed}}
    )


def compare(call: Call) -> Answer:
    """Compare two commits or branches."""
    found, bodies = call.repository, call.bodies
    base, _, head = call.path["basehead"].partition("...")
    ours, theirs = found.git.sha(base), found.git.sha(head)
    if ours is None or theirs is None:
        raise Problem(404, "Not Found")
    ahead, behind = found.git.between(ours, theirs), found.git.between(theirs, ours)
    merge_base = found.git.run("merge-base", ours, theirs)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}.get(
        (bool(ahead), bool(behind)), "diverged"
    )
    web = bodies.page(found, "compare", call.path["basehead"])
    body: dict[str, object] = {
        "url": bodies.at(found, "compare", call.path["basehead"]),
        "html_url": web,
        "permalink_url": web,
    }
    body |= {
        "diff_url": web + ".diff",
        "patch_url": web + ".patch",
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
    }
    shown = {"base_commit": bodies.commit(found, ours), "merge_base_commit": bodies.commit(found, merge_base)}
    commits = {"total_commits": len(ahead), "commits": [bodies.commit(found, sha) for sha in ahead]}
    return Answer(200, {**body, **shown, **commits, "files": bodies.files(found, ours, theirs)})


def _ref(call: Call, name: str, sha: str) -> dict[str, object]:
    target = {"type": "commit", "sha": sha, "url": call.bodies.at(call.repository, "git/commits", sha)}
    return {
        "ref": name,
        "node_id": node_id("Ref", name),
        "url": call.bodies.at(call.repository, "git", name),
        "object": target,
    }


def get_ref(call: Call) -> Answer:
    """Show a reference."""
    name = f"refs/{call.path['ref']}"
    sha = call.repository.git.sha(name)
    if sha is None:
        raise Problem(404, "Not Found")
    return Answer(200, _ref(call, name, sha))


def create_ref(call: Call) -> Answer:
    """Create a reference."""
    name, sha = call.text("ref"), call.text("sha")
    if call.repository.git.sha(name):
        raise Problem(422, "Reference already exists")
    call.repository.git.run("update-ref", name, sha)
    pushed(call.store, call.hooks, call.repository, Push(name, ZERO, sha, call.caller.login))
    return Answer(201, _ref(call, name, sha))


def delete_ref(call: Call) -> Answer:
    """Delete a reference."""
    name = f"refs/{call.path['ref']}"
    old = call.repository.git.sha(name)
    if old is None:
        raise Problem(422, "Reference does not exist")
    call.repository.git.run("update-ref", "-d", name)
    pushed(call.store, call.hooks, call.repository, Push(name, old, ZERO, call.caller.login))
    return Answer(204)


def installation_token(call: Call) -> Answer:
    """Give the App a token for its installation.

    Raises: Problem 401 for anybody else, 404 for another installation.
    """
    if call.caller.kind != "app":
        raise Problem(401, "A JSON web token could not be decoded")
    if call.number("installation") != call.store.config["app"]["installation"]:
        raise Problem(404, "Not Found")
    expires = (datetime.now(UTC) + timedelta(seconds=TOKEN_S)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"token": call.store.new_installation_token(), "expires_at": expires, "repository_selection": "selected"}
    return Answer(201, {**body, "permissions": call.store.config["app"]["permissions"]})
