"""Files on a ticket. JIRA keeps as many of one name as it is sent, so we look first, and again once something was sent."""

from collections.abc import Sequence
from typing import Any

from healer.clients.jira_comments import identity
from healer.clients.jira_library import Library
from healer.contracts import File


def attach(jira: Library, key: str, prefix: str, files: Sequence[File], me: str) -> None:
    """Make these the only files of ours on a ticket whose names begin with `prefix`."""
    there = _ours(jira, key, prefix, me)
    known = {one["filename"] for one in there}
    if missing := [file for file in files if file.name not in known]:
        for file in missing:
            jira.upload(key, file)
        there = _ours(jira, key, prefix, me)
    wanted, seen = {file.name for file in files}, set[str]()
    for one in there:
        if one["filename"] not in wanted or one["filename"] in seen:
            jira.drop(f"attachment/{one['id']}")
        seen.add(one["filename"])


def _ours(jira: Library, key: str, prefix: str, me: str) -> list[dict[str, Any]]:
    """Give our files of this prefix, the oldest first."""
    found = jira.ask(f"issue/{key}", {"fields": "attachment"}, "2")["fields"]["attachment"]
    ours = (one for one in found if identity(one.get("author")) == me and one["filename"].startswith(prefix))
    return sorted(ours, key=lambda one: int(one["id"]))
