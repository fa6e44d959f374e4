"""What follows a push: pull requests learn their new head, and webhooks tell. No workflow starts."""

from dataclasses import dataclass

from localworld.github.bare import ZERO
from localworld.github.bodies import Bodies
from localworld.github.model import Repository
from localworld.github.store import Store
from localworld.github.templates import now
from localworld.github.webhooks import Webhooks


@dataclass(frozen=True)
class Push:
    """One reference that moved."""

    ref: str
    before: str
    after: str
    login: str


def pushed(store: Store, hooks: Webhooks, repository: Repository, push: Push) -> None:
    """Tell the world that a reference moved."""
    ref, before, after, login = push.ref, push.before, push.after, push.login
    bodies = Bodies(store)
    gone = after == ZERO
    head = None if gone else _commit(bodies, repository, before, after)
    payload = {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == ZERO,
        "deleted": gone,
        "forced": not gone and before != ZERO and not repository.git.holds(before, after),
    }
    payload |= {"base_ref": None, "compare": bodies.page(repository, "compare", f"{before[:12]}...{after[:12]}")}
    payload |= {"commits": [head] if head else [], "head_commit": head}
    payload |= {"pusher": {"name": login, "email": f"{login}@users.noreply.github.example"}}
    hooks.send("push", repository, login, payload)
    for pull in repository.pulls.values():
        if f"refs/heads/{pull.head}" == ref and pull.state == "open" and not gone:
            pull.head_sha, pull.updated = after, now()
            change = {"action": "synchronize", "number": pull.number, "before": before, "after": after}
            hooks.send("pull_request", repository, login, {**change, "pull_request": bodies.pull(repository, pull)})


def _commit(bodies: Bodies, repository: Repository, before: str, sha: str) -> dict[str, object]:
    files = [] if before == ZERO else repository.git.changed(before, sha)
    touched = {
        kind: [one["filename"] for one in files if one["status"] == kind] for kind in ("added", "modified", "removed")
    }
    found = repository.git.commit(sha)
    body = {
        "id": sha,
        "tree_id": found.tree,
        "distinct": True,
        "message": found.message,
        "timestamp": found.committer["date"],
    }
    body |= {"url": bodies.page(repository, "commit", sha), **touched}
    return {**body, "author": found.author, "committer": found.committer}
