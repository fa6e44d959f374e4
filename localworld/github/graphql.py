"""GraphQL: the two switches between draft and ready, which REST does not have."""

import re

from localworld.github.bodies import node_id
from localworld.github.call import Answer, Call
from localworld.github.model import Pull
from localworld.github.templates import now

_DRAFT = {"markPullRequestReadyForReview": False, "convertPullRequestToDraft": True}


def mutate(call: Call) -> Answer:
    """Mark a pull request as draft or as ready; anything else is an error in GraphQL's own form, with status 200.

    Raises: Problem 422 for a body without a query.
    """
    found = re.search(r"\{\s*(\w+)\s*\(", call.text("query"))
    name = found[1] if found else ""
    if name not in _DRAFT:
        return _error("undefinedField", f"Field '{name}' doesn't exist on type 'Mutation'")
    asked = (call.body.get("variables") or {}).get("input") or {}
    wanted = asked.get("pullRequestId")
    pull = _find(call, wanted)
    if pull is None:
        return _error("NOT_FOUND", f"Could not resolve to a node with the global id of '{wanted}'")
    pull.draft, pull.updated = _DRAFT[name], now()
    shown = {"clientMutationId": asked.get("clientMutationId"), "pullRequest": {"isDraft": pull.draft}}
    return Answer(200, {"data": {name: shown}})


def _find(call: Call, wanted: object) -> Pull | None:
    for repository in call.store.repositories.values():
        for pull in repository.pulls.values():
            if node_id("PullRequest", pull.id) == wanted:
                return pull
    return None


def _error(kind: str, message: str) -> Answer:
    return Answer(200, {"data": None, "errors": [{"type": kind, "message": message}]})
