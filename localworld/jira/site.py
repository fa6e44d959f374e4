"""What belongs to the site and not to a ticket: server, people, project, fields."""

from localworld.jira.call import Answer, Call
from localworld.jira.model import now
from localworld.jira.problem import Problem
from localworld.jira.workflow import STATUSES, TYPES

_FIELDS = (
    "summary",
    "description",
    "status",
    "issuetype",
    "components",
    "labels",
    "assignee",
    "reporter",
    "resolution",
)
_LOOKING = ("BROWSE_PROJECTS",)


def server_info(call: Call) -> Answer:
    """Tell which product this is; the only thing that an anonymous caller may ask."""
    cloud = call.store.cloud
    version = [1001, 0, 0] if cloud else [9, 12, 15]
    return Answer(
        200,
        {
            "baseUrl": call.store.url,
            "version": "1001.0.0-SNAPSHOT" if cloud else "9.12.15",
            "versionNumbers": version,
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100300 if cloud else 9120015,
            "buildDate": "2026-01-01T00:00:00.000+0000",
            "serverTime": now(),
            "scmInfo": "0" * 40,
            "serverTitle": "Jira",
        },
    )


def myself(call: Call) -> Answer:
    """Show the caller."""
    return Answer(200, call.shapes.user(call.me))


def user(call: Call) -> Answer:
    """Show somebody by account id (Cloud) or name (Data Center); `expand` may ask for their groups."""
    cloud = call.store.cloud
    wanted = call.query.get("accountId" if cloud else "username")
    for one in call.store.users.values():
        if wanted == (one.account_id if cloud else one.name):
            shown = call.shapes.user(one.name) or {}
            groups = {"groups": call.shapes.groups(one)} if "groups" in call.listed("expand") else {}
            return Answer(200, {**shown, **groups})
    raise Problem(404, "The user named does not exist.")


def users(call: Call) -> Answer:
    """Find people by a part of their name or address."""
    part = (call.query.get("query") or call.query.get("username") or "").lower()
    found = [u.name for u in call.store.users.values() if part in u.name.lower() or part in u.email.lower()]
    return Answer(200, [call.shapes.user(name) for name in found])


def fields(_call: Call) -> Answer:
    """List the fields that the stand-in has."""
    return Answer(
        200,
        [
            {
                "id": name,
                "key": name,
                "name": name.title(),
                "custom": False,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [name],
                "schema": {"type": "string", "system": name},
            }
            for name in _FIELDS
        ],
    )


def project(call: Call) -> Answer:
    """Show the one project."""
    _known(call, call.path["project"])
    types = [call.shapes.type(name) for name in TYPES]
    components = [call.shapes.component(name) for name in call.store.components]
    return Answer(200, {**call.shapes.project(), "issueTypes": types, "components": components})


def statuses(call: Call) -> Answer:
    """Tell which statuses each issue type has; here all have the same."""
    _known(call, call.path["project"])
    shown = [call.shapes.status(name) for name in STATUSES]
    return Answer(200, [{**_typed(call, name), "statuses": shown} for name in TYPES])


def _typed(call: Call, name: str) -> dict[str, object]:
    written = call.shapes.type(name)
    return {member: written[member] for member in ("self", "id", "name", "subtask")}


def my_permissions(call: Call) -> Answer:
    """Tell what the caller may do: a viewer looks, everybody else does all that this stand-in knows."""
    asked = call.listed("permissions")
    if call.store.cloud and not asked:
        raise Problem(400, "The 'permissions' query parameter is required.")
    _known(call, call.query.get("projectKey") or call.store.project["key"])
    may = {name: not call.store.users[call.me].viewer or name in _LOOKING for name in asked or _LOOKING}
    return Answer(200, {"permissions": {name: _permission(name, have) for name, have in may.items()}})


def _permission(name: str, have: bool) -> dict[str, object]:  # noqa: FBT001 - a member of what is written
    title = name.replace("_", " ").title()
    return {"id": "10", "key": name, "name": title, "type": "PROJECT", "description": "", "havePermission": have}


def create_meta(call: Call) -> Answer:
    """Tell which issue types can be created, in the form that takes keys as parameters."""
    wanted = call.listed("projectKeys")
    here = call.store.project["key"] in wanted or not wanted
    known = {name: value for name, value in call.shapes.project().items() if name != "projectTypeKey"}
    shown = {"expand": "issuetypes", **known, "issuetypes": [call.shapes.type(name) for name in TYPES]}
    return Answer(200, {"expand": "projects", "projects": [shown] if here else []})


def create_meta_types(call: Call) -> Answer:
    """Tell which issue types a project has, in the form that takes the key in the path."""
    _known(call, call.path["project"])
    types = [call.shapes.type(name) for name in TYPES]
    member = "issueTypes" if call.store.cloud else "values"
    return Answer(200, {"startAt": 0, "maxResults": 50, "total": len(types), member: types})


def application_links(_call: Call) -> Answer:
    """Refuse to list application links, as JIRA does to everybody but an administrator."""
    raise Problem(404, "null for uri: /rest/applinks/latest/listApplicationlinks")


def _known(call: Call, key_or_id: str) -> None:
    if key_or_id not in (call.store.project["key"], call.store.project["id"]):
        raise Problem(404, f"No project could be found with key '{key_or_id}'.")
