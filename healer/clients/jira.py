"""The door to JIRA, Cloud and Data Center alike.

Everything goes through API version 2 with wiki markup, which both products take; Cloud converts it to its own format. Every
write looks first or is an upsert by JIRA's own rules, so that a step whose answer got lost can be run again.
Texts must be neutralised before they come here (`healer.prose.wiki`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from jira import JIRAError
from pydantic import SecretStr

from healer.clients import jira_comments, jira_files, jira_refusal
from healer.clients.jira_library import Library
from healer.clients.patience import patiently
from healer.contracts import Comment, File, Ticket
from healer.errors import UpstreamError
from healer.redact import Redactor

SUMMARY_LIMIT: Final = 200
T = TypeVar("T")
_FIELDS: Final = "summary,status,issuetype,project,components,updated"
_REFUSALS: Final = (400, 409)
"""How JIRA refuses a transition; the same where somebody else took it a moment ago."""
_LOOKS_S: Final = (0.1, 0.3)
_CATEGORIES: Final = ("new", "indeterminate", "done")


class Jira:
    """One JIRA site. With `user` (an e-mail address) the token is Cloud's API token, without it a personal access token.

    Every method raises UpstreamError (service `jira`): `unauthorized`, `forbidden`, `not_found`, `refused`, `conflict`,
    `rate_limited`, `unavailable`, `unreadable`.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        user: str | None = None,
        *,
        redactor: Redactor | None = None,
        timeout_s: float = 20.0,
        patience_s: float = 60.0,
    ) -> None:
        secret = token.get_secret_value()
        self._redactor, self._patience_s, self._me = redactor or Redactor(), patience_s, ""
        self._redactor.add([secret])
        self._cloud = user is not None
        self._jira = Library(
            server=url,
            basic_auth=(user, secret) if user else None,
            token_auth=None if user else secret,
            get_server_info=False,
            max_retries=0,
            timeout=timeout_s,
            logging=False,
        )

    def ready(self) -> None:
        """Prove that JIRA answers and knows us."""
        with self._door("asking who we are"):
            self._jira.myself()

    def ticket(self, key: str) -> Ticket:
        """Read a ticket. A moved ticket answers with its new key."""
        return patiently(lambda: self._ticket(key), self._patience_s)

    def _ticket(self, key: str) -> Ticket:
        with self._door(f"reading {key}"):
            return self._read(self._jira.issue(key, fields=_FIELDS).raw)

    def tickets(self, jql: str) -> tuple[Ticket, ...]:
        """Give the tickets that a query finds, in its order."""
        return patiently(lambda: self._tickets(jql), self._patience_s)

    def _tickets(self, jql: str) -> tuple[Ticket, ...]:
        with self._door("searching"):
            return tuple(self._read(raw) for raw in self._jira.found(jql, _FIELDS, cloud=self._cloud))

    def open(self, fields: Mapping[str, Any]) -> str:
        """Open a ticket and give its key. Asked once: a repetition could open a second one, so whoever asks looks first."""
        with self._door("opening a ticket"):
            return str(self._jira.post("issue", {"fields": dict(fields)}).json()["key"])

    def _read(self, raw: Mapping[str, Any]) -> Ticket:
        fields = raw["fields"]
        category = fields["status"]["statusCategory"]["key"]
        return Ticket(
            key=raw["key"],
            project=fields["project"]["key"],
            issue_type=fields["issuetype"]["name"],
            status=fields["status"]["name"],
            status_category=category if category in _CATEGORIES else "undefined",
            components=tuple(component["name"] for component in fields["components"]),
            summary=self._short(fields["summary"], SUMMARY_LIMIT),
            updated=fields["updated"],
        )

    # ------------------------------------------------------------ the one comment

    def say(self, key: str, marker: str, text: str) -> None:
        """Make `text` (wiki markup) the content of our one comment with this marker, writing only where it differs.

        The marker is written twice, as an anchor, which nobody sees, and as a property of the comment: conversions on
        Cloud may drop the one, and it is not known of every Data Center version that it shows the other.
        """
        patiently(lambda: self._say(key, marker, text), self._patience_s)

    def _say(self, key: str, marker: str, text: str) -> None:
        with self._door(f"commenting on {key}"):
            jira_comments.say(self._jira, key, marker, text, self._identity())

    def _identity(self) -> str:
        self._me = self._me or jira_comments.identity(self._jira.myself())
        return self._me

    # ------------------------------------------------------------ people's comments

    def comments(self, key: str) -> tuple[Comment, ...]:
        """Read what others have written on a ticket, oldest first."""
        return patiently(lambda: self._heard(key), self._patience_s)

    def _heard(self, key: str) -> tuple[Comment, ...]:
        with self._door(f"reading the comments of {key}"):
            me = self._identity()
            said = jira_comments.every(self._jira, key, cloud=self._cloud)
            return tuple(one for one in said if one.author != me)

    def comment(self, key: str, number: str) -> Comment | None:
        """Read a comment by its id; None where it is gone."""

        def read() -> Comment:
            with self._door(f"reading comment {number} of {key}"):
                return jira_comments.one(self._jira, key, number, cloud=self._cloud)

        return self._unless_missing(read)

    def is_member(self, group: str, who: str) -> bool:
        """Say whether somebody (`Comment.author`) is an active user of a group. Where not all groups are told, that is an error."""

        def ask() -> bool:
            with self._door(f"asking whether {who} is of {group}"):
                return jira_comments.is_member(self._jira, group, who, cloud=self._cloud)

        return bool(self._unless_missing(ask))

    def _unless_missing(self, read: Callable[[], T]) -> T | None:
        try:
            return patiently(read, self._patience_s)
        except UpstreamError as error:
            if error.reason == "not_found":
                return None
            raise

    # ------------------------------------------------------------ the workflow

    def move(self, key: str, status: str, fields: Mapping[str, Any] | None = None) -> str:
        """Bring a ticket to a status by whichever transition leads there now, and give the status it has then.

        Of `fields` those are sent that the transition's screen asks for. Nothing is done where the ticket is there already.

        Raises: UpstreamError `transition_refused` where no transition leads there or JIRA refuses it, with JIRA's reason.
        """
        return patiently(lambda: self._move(key, status, fields or {}), self._patience_s)

    def _move(self, key: str, status: str, fields: Mapping[str, Any]) -> str:
        now = self._ticket(key).status
        if _same(now, status):
            return now
        with self._door(f"moving {key} to {status}"):
            choices = self._jira.transitions(key, expand="transitions.fields")
            leading = [t for t in choices if _same(t["to"]["name"], status)]
            if not leading and self._stands(key, status):
                return status
            if not leading:
                raise self._no_way(key, now, status, choices)
            chosen = min(leading, key=lambda t: len(_missing(t, fields)))
            screen = chosen.get("fields") or {}
            self._take(key, status, str(chosen["id"]), {n: v for n, v in fields.items() if n in screen})
        return self._ticket(key).status

    def _take(self, key: str, status: str, number: str, fields: dict[str, Any]) -> None:
        try:
            self._jira.post(f"issue/{key}/transitions", {"transition": {"id": number}, "fields": fields})
        except JIRAError as error:
            if error.status_code not in _REFUSALS:
                raise
            if self._stands(key, status):
                return
            raise UpstreamError(
                f"JIRA refuses to move {key} to {status}: {self._short(error.text or '')}.",
                service="jira",
                reason="transition_refused",
                status=error.status_code,
                remedy="Move the ticket by hand, or give the fields that the transition's screen asks for.",
            ) from None

    def _stands(self, key: str, status: str) -> bool:
        """Say whether the ticket has the status. A read may lag behind a transition whose answer got lost, so it is looked at again."""
        for pause_s in (*_LOOKS_S, None):
            if _same(self._ticket(key).status, status):
                return True
            if pause_s is not None:
                time.sleep(pause_s)
        return False

    def _no_way(self, key: str, now: str, status: str, choices: list[dict[str, Any]]) -> UpstreamError:
        ways = ", ".join(sorted({t["to"]["name"] for t in choices})) or "none"
        return UpstreamError(
            self._short(f"no transition leads {key} from {now} to {status}; there are: {ways}"),
            service="jira",
            reason="transition_refused",
            remedy="Add the transition to the workflow, or name another status in the settings.",
        )

    # ------------------------------------------------------------ files, links and state

    def attach(self, key: str, prefix: str, files: Sequence[File]) -> None:
        """Make these the only files of ours on a ticket whose names begin with `prefix`; what is there by its name is not sent again.

        A name must tell the content (by a hash, say). An older file that JIRA does not let us delete stays.
        """

        def write() -> None:
            with self._door(f"attaching to {key}"):
                jira_files.attach(self._jira, key, prefix, files, self._identity())

        patiently(write, self._patience_s)

    def link(self, key: str, global_id: str, url: str, title: str) -> None:
        """Link a ticket to a page outside JIRA. JIRA keeps one link per global id, so a repeat replaces it."""
        body = {"globalId": global_id, "object": {"url": url, "title": title}}
        patiently(lambda: self._post(f"linking {key}", f"issue/{key}/remotelink", body), self._patience_s)

    def _post(self, what: str, path: str, body: dict[str, Any]) -> None:
        with self._door(what):
            self._jira.post(path, body)

    def set_state(self, key: str, name: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON object in an issue property, which people do not see and searches can."""

        def write() -> None:
            with self._door(f"writing {name} of {key}"):
                self._jira.add_issue_property(key, name, dict(value))

        patiently(write, self._patience_s)

    def state(self, key: str, name: str) -> dict[str, Any] | None:
        """Read back what `set_state` wrote; None where nothing was written."""

        def read() -> dict[str, Any]:
            with self._door(f"reading {name} of {key}"):
                value: dict[str, Any] = self._jira.issue_property(key, name).raw["value"]
                return value

        return self._unless_missing(read)

    def _door(self, what: str) -> AbstractContextManager[None]:
        return jira_refusal.door(what, self._short)

    def _short(self, text: str, limit: int = 200) -> str:
        return " ".join(self._redactor.text(text).split())[:limit]


def _same(left: str, right: str) -> bool:
    return left.casefold() == right.casefold()


def _missing(transition: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    screen = (transition.get("fields") or {}).items()
    return [name for name, field in screen if field.get("required") and name not in fields]
