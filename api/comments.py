"""Commands that people give by comments on a case's pull request: written on the case as said, for the flow `command` to judge.

Here nobody asks GitHub who may command: an answer within GitHub's ten seconds must not hang on GitHub.
"""

import re
from typing import Any, Final, Literal

from api.commands import kept
from api.pulls import case_of
from healer import spoken
from healer.clients import orders
from healer.contracts import Comment
from healer.wiring import GatewayParts

LOGIN: Final = re.compile(r"[A-Za-z0-9-]{1,39}(\[bot\])?")


def read(members: dict[str, Any]) -> Comment | None:
    """Read an `issue_comment` event (docs.github.com, webhook payloads); None where it is not for us, or not of the documented form."""
    issue, comment = members.get("issue"), members.get("comment")
    if members.get("action") != "created" or not isinstance(issue, dict) or not isinstance(comment, dict):
        return None
    user = comment.get("user")
    number, pull, text = comment.get("id"), issue.get("number"), comment.get("body")
    login = user.get("login") if isinstance(user, dict) else None
    if not (isinstance(number, int) and isinstance(pull, int) and isinstance(text, str) and isinstance(login, str)):
        return None
    if "pull_request" not in issue or not spoken.is_addressed(text) or not LOGIN.fullmatch(login):
        return None
    return Comment(ref=f"pull:{number}", place=str(pull), author=login, text=text)


async def hear(parts: GatewayParts, heard: Comment) -> Literal["followed", "repeated", "ignored"]:
    """Write what was said on the case of the pull request, once, with the flow run that judges it.

    Raises: UpstreamError, Conflict.
    """
    case = await case_of(parts, int(heard.place))
    if case is None:
        return "ignored"
    is_new = await orders.hear(parts.cases, case.id, heard, lambda text: kept(parts, case.id, text))
    return "followed" if is_new else "repeated"
