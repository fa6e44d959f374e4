"""The JSON that JIRA shows: one writer for both products and all API versions."""

from collections.abc import Collection
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from localworld.jira.fields import CATEGORIES
from localworld.jira.model import Attachment, Comment, Link, Ticket, User
from localworld.jira.store import Store
from localworld.jira.texts import text_out
from localworld.jira.workflow import RESOLUTIONS, STATUSES, TYPES, Transition

_CATEGORY_IDS = {"new": 2, "done": 3, "indeterminate": 4}
_COLOURS = {"new": "blue-gray", "done": "green", "indeterminate": "yellow"}
_SIZES = (16, 24, 32, 48)
ALL = "*all"


class Shapes:
    """Writes the parts of one site's answers for one API version (`2` or `3`)."""

    def __init__(self, store: Store, version: str) -> None:
        self._store, self._version = store, version
        self._api = f"{store.url}/rest/api/{version}"

    def user(self, name: str | None) -> dict[str, Any] | None:
        """Write a user: by account id on Cloud, by name on Data Center; people are told apart by nothing else."""
        if name is None:
            return None
        user, cloud = self._store.users[name], self._store.cloud
        who = {"accountId": user.account_id, "accountType": "atlassian"} if cloud else {"name": name, "key": name}
        query = f"accountId={user.account_id}" if cloud else f"username={name}"
        return {
            "self": f"{self._api}/user?{query}",
            **who,
            "emailAddress": user.email,
            "displayName": user.display,
            "active": True,
            "timeZone": "Etc/UTC",
            "avatarUrls": self._avatars("user"),
        }

    def groups(self, user: User) -> dict[str, Any]:
        """Write the groups of a user."""
        here = f"{self._api}/group"
        shown = [{"name": name, **self._group_id(name), "self": f"{here}?groupname={name}"} for name in user.groups]
        return {"size": len(shown), "items": shown}

    def _group_id(self, name: str) -> dict[str, str]:
        return {"groupId": str(uuid5(NAMESPACE_URL, name))} if self._store.cloud else {}

    def _avatars(self, of: str) -> dict[str, str]:
        return {f"{s}x{s}": f"{self._store.url}/secure/{of}avatar?size={s}" for s in _SIZES}

    def status(self, name: str) -> dict[str, Any]:
        """Write a status with its category."""
        status = STATUSES[name]
        category, number = status.category, _CATEGORY_IDS[status.category]
        return {
            "self": f"{self._api}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self._store.url}/images/icons/statuses/generic.png",
            "name": name,
            "id": status.id,
            "statusCategory": {
                "self": f"{self._api}/statuscategory/{number}",
                "id": number,
                "key": category,
                "colorName": _COLOURS[category],
                "name": CATEGORIES[category],
            },
        }

    def type(self, name: str) -> dict[str, Any]:
        """Write an issue type."""
        return {
            "self": f"{self._api}/issuetype/{TYPES[name]}",
            "id": TYPES[name],
            "name": name,
            "description": "",
            "iconUrl": "",
            "subtask": False,
        }

    def project(self) -> dict[str, Any]:
        """Write the project."""
        project = self._store.project
        here = {"self": f"{self._api}/project/{project['id']}", **project}
        return {**here, "projectTypeKey": "software", "avatarUrls": self._avatars("project")}

    def resolution(self, name: str) -> dict[str, Any]:
        """Write a resolution."""
        here = f"{self._api}/resolution/{RESOLUTIONS[name]}"
        return {"self": here, "id": RESOLUTIONS[name], "name": name, "description": ""}

    def component(self, name: str) -> dict[str, Any]:
        """Write a component."""
        number = self._store.components[name]
        return {"self": f"{self._api}/component/{number}", "id": number, "name": name}

    def comment(self, ticket: Ticket, comment: Comment, expand: Collection[str] = ()) -> dict[str, Any]:
        """Write a comment; `expand` may ask for its properties."""
        properties = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return {
            "self": f"{self._api}/issue/{ticket.id}/comment/{comment.id}",
            "id": comment.id,
            "author": self.user(comment.author),
            "body": text_out(comment.body, self._version),
            "updateAuthor": self.user(comment.editor or comment.author),
            "created": comment.created,
            "updated": comment.updated,
            **({"jsdPublic": True} if self._store.cloud else {}),
            **({"properties": properties} if "properties" in expand else {}),
        }

    def attachment(self, attachment: Attachment) -> dict[str, Any]:
        """Write an attachment; where its bytes are differs by product."""
        cloud, number = self._store.cloud, attachment.id
        place = f"secure/attachment/{number}/{quote(attachment.name)}"
        return {
            "self": f"{self._api}/attachment/{number}",
            "id": number,
            "filename": attachment.name,
            "author": self.user(attachment.author),
            "created": attachment.created,
            "size": len(attachment.data),
            "mimeType": attachment.mime,
            "content": f"{self._api}/attachment/content/{number}" if cloud else f"{self._store.url}/{place}",
        }

    def link(self, ticket: Ticket, link: Link) -> dict[str, Any]:
        """Write a remote link."""
        optional = {"globalId": link.global_id, "application": link.application, "relationship": link.relationship}
        given = {name: value for name, value in optional.items() if value}
        return {**self.link_id(ticket, link), **given, "object": link.object}

    def link_id(self, ticket: Ticket, link: Link) -> dict[str, Any]:
        """Write what identifies a remote link."""
        return {"id": link.id, "self": f"{self._api}/issue/{ticket.key}/remotelink/{link.id}"}

    def transition(self, transition: Transition, *, fields: bool) -> dict[str, Any]:
        """Write a transition, with the fields of its screen where they were asked for."""
        shown = {
            "id": transition.id,
            "name": transition.name,
            "to": self.status(transition.target),
            "hasScreen": bool(transition.screen),
            "isGlobal": False,
            "isInitial": False,
            "isConditional": False,
            **({"isAvailable": True, "isLooped": False} if self._store.cloud else {}),
        }
        return {**shown, "fields": {name: self._screen_field(name) for name in transition.screen}} if fields else shown

    def _screen_field(self, name: str) -> dict[str, Any]:
        return {
            "required": True,
            "name": name.title(),
            "key": name,
            "schema": {"type": name, "system": name},
            "operations": ["set"],
            "allowedValues": [self.resolution(r) for r in RESOLUTIONS],
        }

    def ticket(self, ticket: Ticket, fields: Collection[str], expand: Collection[str] = ()) -> dict[str, Any]:
        """Write an issue with the fields that were asked for."""
        every = self._fields(ticket)
        wanted = {k: v for k, v in every.items() if k in fields or ALL in fields or "*navigable" in fields}
        changelog = {"changelog": self._changelog(ticket)} if "changelog" in expand else {}
        return {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": ticket.id,
            "self": f"{self._api}/issue/{ticket.id}",
            "key": ticket.key,
            "fields": wanted,
            **changelog,
        }

    def _fields(self, ticket: Ticket) -> dict[str, Any]:
        comments = [self.comment(ticket, c) for c in ticket.comments]
        page = {"comments": comments, "maxResults": len(comments), "total": len(comments), "startAt": 0}
        return {
            "summary": ticket.summary,
            "description": text_out(ticket.description, self._version) if ticket.description else None,
            "project": self.project(),
            "issuetype": self.type(ticket.type),
            "status": self.status(ticket.status),
            "resolution": self.resolution(ticket.resolution) if ticket.resolution else None,
            "resolutiondate": ticket.resolved,
            "components": [self.component(name) for name in ticket.components],
            "labels": ticket.labels,
            "assignee": self.user(ticket.assignee),
            "reporter": self.user(ticket.reporter),
            "creator": self.user(ticket.reporter),
            "priority": {"self": f"{self._api}/priority/3", "id": "3", "name": "Medium", "iconUrl": ""},
            "created": ticket.created,
            "updated": ticket.updated,
            "comment": page,
            "attachment": [self.attachment(one) for one in ticket.attachments],
        }

    def _changelog(self, ticket: Ticket) -> dict[str, Any]:
        histories = [
            {
                "id": change.id,
                "author": self.user(change.author),
                "created": change.at,
                "items": [
                    {"field": change.field, "fieldtype": "jira", "fromString": change.before, "toString": change.after}
                ],
            }
            for change in reversed(ticket.history)
        ]
        return {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
