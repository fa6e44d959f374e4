"""Asks GitHub who reviewed a pull request, and who wrote or asked for it. Runs no code of the repository."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from actions.commands import command
from actions.console import Exit, say
from healer import logs
from healer.approval import Approval, Review, is_steering, judge
from healer.redact import Redactor

_PAGE: Final = 100
_MOST_PAGES: Final = 30
_PATIENCE_S: Final = 20


def check() -> int:
    """Judge the pull request that this job's event names, and say so on the job's page; exit code as `actions.approval` has it."""
    logs.install(Redactor(), level="WARNING")
    try:
        told = _judged(os.environ)
    except (httpx.HTTPError, KeyError, TypeError, ValueError, OSError) as error:
        why = f"{type(error).__name__}: GitHub did not tell who approved. Run this job again."
        say(command("error", why, title="Not known"))
        return Exit.BROKEN
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        Path(summary).write_text(f"{'✅' if told.given else '⏳'} {told.why}\n", encoding="utf-8")
    say(told.why if told.given else command("error", told.why, title="Not approved"))
    return Exit.GREEN if told.given else Exit.RED


def _judged(env: Mapping[str, str]) -> Approval:
    pull = json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))["pull_request"]
    repository, number = f"/repos/{env['GITHUB_REPOSITORY']}", int(pull["number"])
    headers = {"Authorization": f"Bearer {env['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    with httpx.Client(base_url=env["GITHUB_API_URL"], headers=headers, timeout=_PATIENCE_S) as http:
        reviews = [_review(one) for one in _all(http, f"{repository}/pulls/{number}/reviews")]
        comments = list(_all(http, f"{repository}/issues/{number}/comments"))
        commits = list(_all(http, f"{repository}/pulls/{number}/commits"))
    involved = [pull["user"]["login"]]
    involved += [one["user"]["login"] for one in comments if is_steering(one["body"])]
    involved += [who["login"] for one in commits for who in (one["author"], one["committer"]) if who]
    return judge(pull["head"]["sha"], involved, reviews)


def _review(told: Mapping[str, Any]) -> Review:
    user = told["user"] or {"login": "ghost", "type": "Bot"}
    return Review(user["login"], told["state"], told["commit_id"] or "", user["type"] == "User")


def _all(http: httpx.Client, path: str) -> Iterator[Any]:
    """Give all of a list; one that does not end is an error, for what is not read may be an objection.

    Raises: httpx.HTTPError, ValueError.
    """
    for page in range(1, _MOST_PAGES + 1):
        answer = http.get(path, params={"per_page": _PAGE, "page": page})
        answer.raise_for_status()
        found = answer.json()
        yield from found
        if len(found) < _PAGE:
            return
    raise ValueError("a list does not end")
