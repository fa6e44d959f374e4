"""Pull requests that people merge or close, and a base branch that moves under one: GitHub's word starts the run that looks."""

import re
from typing import Any, Final, Literal

from healer import turns
from healer.contracts import Case, State
from healer.moved import touches
from healer.wiring import GatewayParts

_SHA: Final = re.compile(r"[0-9a-f]{40}")


async def case_of(parts: GatewayParts, number: int) -> Case | None:
    """Give the case whose pull request has this number.

    Raises: UpstreamError.
    """
    known = await parts.cases.list()
    return next((case for case in known if case.pull_request and case.pull_request.number == number), None)


async def moved(parts: GatewayParts, members: dict[str, Any]) -> Literal["followed", "repeated", "ignored"]:
    """Write on published cases that a push to the base branch has changed their importer's files, with the run that looks.

    Raises: UpstreamError, Conflict.
    """
    after, paths = members.get("after"), _paths(members.get("commits"))
    if (
        members.get("ref") != f"refs/heads/{parts.base_branch}"
        or not isinstance(after, str)
        or not _SHA.fullmatch(after)
    ):
        return "ignored"
    concerned, told = {importer.name for importer in await parts.registry.get() if touches(importer, paths)}, 0
    published = [
        case for case in await parts.cases.list() if case.state is State.PUBLISHED and case.importer in concerned
    ]
    for case in published:
        events = await parts.cases.events(case.id)
        if any(event.kind == turns.BASE_MOVED and event.data.get("base") == after for event in events):
            continue
        start = turns.onward(case, turns.again(events))
        await parts.cases.note(case.id, turns.BASE_MOVED, {"base": after}, start=start)
        told += 1
    return "followed" if told else "repeated" if published else "ignored"


def _paths(commits: Any) -> tuple[str, ...]:
    """Read the files that a `push` names (docs.github.com, webhook payloads); what is not of the documented form is left out."""
    told = [commit for commit in commits if isinstance(commit, dict)] if isinstance(commits, list) else []
    lists = [commit.get(kind) for commit in told for kind in ("added", "modified", "removed")]
    return tuple({path for paths in lists if isinstance(paths, list) for path in paths if isinstance(path, str)})


async def closed(parts: GatewayParts, members: dict[str, Any]) -> Literal["followed", "repeated", "ignored"]:
    """Write on a published case that its pull request was closed, with the run that asks GitHub how; a case that knows is left alone.

    Raises: UpstreamError, Conflict.
    """
    number = members.get("number")
    case = await case_of(parts, number) if isinstance(number, int) else None
    if case is None or case.state is not State.PUBLISHED:
        return "ignored"
    events = await parts.cases.events(case.id)
    await parts.cases.note(
        case.id, turns.PULL_CLOSED, {"number": number}, start=turns.onward(case, turns.again(events))
    )
    return "followed"
