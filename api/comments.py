"""Commands that people give by comments on a case's pull request: written on the case as said, for the flow `command` to judge.

Here nobody asks GitHub who may command: an answer within GitHub's ten seconds must not hang on GitHub.
"""

import re
from typing import Any, Final, Literal

from api.commands import kept
from api.pulls import case_of
from healer import spoken
from healer.contracts import Contract, RunRequest
from healer.turns import COMMANDED
from healer.wiring import GatewayParts

_LOGIN: Final = re.compile(r"[A-Za-z0-9-]{1,39}(\[bot\])?")


class Heard(Contract):
    """A comment that speaks to the healer."""

    id: int
    pull_request: int
    author: str
    text: str


def read(members: dict[str, Any]) -> Heard | None:
    """Read an `issue_comment` event (docs.github.com, webhook payloads); None where it is not for us, or not of the documented form."""
    issue, comment = members.get("issue"), members.get("comment")
    if members.get("action") != "created" or not isinstance(issue, dict) or not isinstance(comment, dict):
        return None
    user = comment.get("user")
    number, pull, text = comment.get("id"), issue.get("number"), comment.get("body")
    login = user.get("login") if isinstance(user, dict) else None
    if not (isinstance(number, int) and isinstance(pull, int) and isinstance(text, str) and isinstance(login, str)):
        return None
    if "pull_request" not in issue or not spoken.is_addressed(text) or not _LOGIN.fullmatch(login):
        return None
    return Heard(id=number, pull_request=pull, author=login, text=text)


async def hear(parts: GatewayParts, heard: Heard) -> Literal["followed", "repeated", "ignored"]:
    """Write what was said on the case of the pull request, once, with the flow run that judges it.

    Raises: UpstreamError, Conflict.
    """
    case = await case_of(parts, heard.pull_request)
    if case is None:
        return "ignored"
    events = await parts.cases.events(case.id)
    if any(event.kind == COMMANDED and event.data.get("comment") == heard.id for event in events):
        return "repeated"
    said = spoken.read(heard.text)
    data: dict[str, str | int | float | bool | None] = {"comment": heard.id, "login": heard.author}
    if said:
        data |= {"command": said.name, "text": await kept(parts, case.id, said.text), "attempts": said.attempts}
    start = RunRequest(flow="command", case=case.id, comment=heard.id)
    await parts.cases.note(case.id, COMMANDED, data, start=start)
    return "followed"
