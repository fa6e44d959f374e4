"""Boxes of the dashboard that people tick: written on their cases as said, for the flow `command` to judge.

Who ticked is GitHub's signed word about one edit, and what that edit has ticked is the difference that it made; the text of the issue says
neither. That the issue is ours the flow proves, which reads it again.
"""

from hashlib import sha256
from typing import Any, Literal

from api.comments import LOGIN
from healer import dashboard
from healer.clients import orders
from healer.contracts import Comment
from healer.dashboard import Box
from healer.wiring import GatewayParts

_DIGITS = 15


def read(members: dict[str, Any]) -> dict[Box, Comment]:
    """Read an `issues` `edited` event (docs.github.com, webhook payloads): the boxes that it has ticked, each as what was said with it."""
    issue, sender, changes = (_object(members.get(name)) for name in ("issue", "sender", "changes"))
    body, before = issue.get("body"), _object(changes.get("body")).get("from")
    login, number, at = sender.get("login"), issue.get("number"), issue.get("updated_at")
    if members.get("action") != "edited" or issue.get("title") != dashboard.TITLE:
        return {}
    if not (isinstance(body, str) and isinstance(before, str) and isinstance(login, str) and isinstance(number, int)):
        return {}
    if not body.startswith(dashboard.MARKER) or not LOGIN.fullmatch(login):
        return {}
    return {box: _said(box, login, number, f"{at}") for box in dashboard.newly(body, before)}


def _said(box: Box, login: str, number: int, at: str) -> Comment:
    """Give a box as a comment that commands: its id is of the box and of the moment, so that GitHub's repetition is none."""
    seed = f"{number}\n{box.case}\n{box.command.value}\n{login}\n{at}"
    ref = f"box:{int(sha256(seed.encode()).hexdigest()[:_DIGITS], 16) + 1}"
    return Comment(ref=ref, place=str(number), author=login, text=f"/healer {box.command.value}")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


async def hear(parts: GatewayParts, heard: dict[Box, Comment]) -> Literal["followed", "repeated", "ignored"]:
    """Write each on its case, once, with the flow run that judges it; a box of a case that there is not is nothing.

    Raises: UpstreamError, Conflict.
    """
    told = [
        await orders.hear(parts.cases, box.case, said, _kept)
        for box, said in heard.items()
        if await parts.cases.get(box.case)
    ]
    return "followed" if any(told) else "repeated" if told else "ignored"


async def _kept(text: str) -> str:
    return text  # a box says nothing but its command
