"""Issues: create, read, assign, move through the workflow."""

from collections.abc import Mapping
from typing import Any

from localworld.jira.call import Answer, Call
from localworld.jira.model import Ticket, now
from localworld.jira.problem import Problem, not_on_screen
from localworld.jira.shapes import ALL
from localworld.jira.texts import text_in
from localworld.jira.workflow import RESOLUTIONS, STATUSES, TYPES, Transition, leaving

_SCREEN = {"project", "issuetype", "summary", "description", "components", "labels", "assignee", "reporter"}
_MUST = {
    "summary": "You must specify a summary of the issue.",
    "issuetype": "Specify an issue type",
    "project": "Specify a project",
}


def create(call: Call) -> Answer:
    """Create an issue from `fields`."""
    fields = call.given.get("fields") or {}
    wrong = {name: not_on_screen(name) for name in fields if name not in _SCREEN}
    wrong |= {name: text for name, text in _MUST.items() if not fields.get(name)}
    if not wrong:
        wrong = _foreign(call, fields)
    if wrong:
        raise Problem(400, fields=wrong)
    description = fields.get("description")
    components = [c["name"] for c in fields.get("components", ())]
    ticket = call.store.lay(
        {
            "type": fields["issuetype"]["name"],
            "summary": fields["summary"],
            "description": text_in(description, call.version, "description") if description else "",
            "labels": fields.get("labels", ()),
            "reporter": call.me,
        }
    )
    ticket.components = components
    ticket.assignee = _person(call, fields.get("assignee"))
    here = f"{call.store.url}/rest/api/{call.version}/issue/{ticket.id}"
    return Answer(201, {"id": ticket.id, "key": ticket.key, "self": here})


def _foreign(call: Call, fields: Mapping[str, Any]) -> dict[str, str]:
    """Give the fields whose values this site does not have."""
    project = {fields["project"].get("key"), fields["project"].get("id")}
    names = {c.get("name") for c in fields.get("components", ())}
    strangers = names - set(call.store.components)
    known = {
        "project": bool(project & {call.store.project["key"], call.store.project["id"]}),
        "issuetype": fields["issuetype"].get("name") in TYPES,
        "components": not strangers,
    }
    return {name: f"Specify a valid value for {name}" for name, good in known.items() if not good}


def read(call: Call) -> Answer:
    """Show an issue."""
    return Answer(200, call.shapes.ticket(call.ticket, call.listed("fields") or [ALL], call.listed("expand")))


def assign(call: Call) -> Answer:
    """Give an issue to somebody, or to nobody."""
    ticket, person = call.ticket, _person(call, call.given)
    call.store.note(ticket, call.me, "assignee", ticket.assignee, person)
    ticket.assignee = person
    return Answer(204)


def _person(call: Call, given: Mapping[str, Any] | None) -> str | None:
    """Find whom `{"accountId": …}` (Cloud) or `{"name": …}` (Data Center) means; null means nobody."""
    member = "accountId" if call.store.cloud else "name"
    wanted = (given or {}).get(member)
    if wanted is None:
        return None
    for user in call.store.users.values():
        if wanted == (user.account_id if call.store.cloud else user.name):
            return user.name
    raise Problem(400, fields={"assignee": f"User '{wanted}' does not exist."})


def transitions(call: Call) -> Answer:
    """List the transitions that leave the status of an issue."""
    wanted, fields = call.query.get("transitionId"), "transitions.fields" in call.listed("expand")
    found = [t for t in leaving(call.ticket.status) if wanted in (None, t.id)]
    return Answer(
        200, {"expand": "transitions", "transitions": [call.shapes.transition(t, fields=fields) for t in found]}
    )


def move(call: Call) -> Answer:
    """Take a transition; its screen gets all its required fields and no other."""
    ticket, fields = call.ticket, call.given.get("fields") or {}
    transition = _chosen(call, ticket)
    wrong = {name: f"{name.title()} is required." for name in transition.screen if not fields.get(name)}
    wrong |= {
        name: not_on_screen(name) for name in (*fields, *call.given.get("update", ())) if name not in transition.screen
    }
    resolution = (fields.get("resolution") or {}).get("name")
    if resolution and resolution not in RESOLUTIONS:
        wrong["resolution"] = f"Resolution with name '{resolution}' does not exist."
    if wrong:
        raise Problem(400, fields=wrong)
    arrive(call, ticket, transition.target, resolution)
    return Answer(204)


def _chosen(call: Call, ticket: Ticket) -> Transition:
    number = str((call.given.get("transition") or {}).get("id", ""))
    if not number:
        raise Problem(400, "Missing 'transition' identifier")
    for transition in leaving(ticket.status):
        if transition.id == number:
            return transition
    if call.store.cloud:
        raise Problem(400, f"Transition id '{number}' is not valid for this issue.")
    raise Problem(
        400, f"It seems that you have tried to perform an illegal workflow operation (transition id {number})."
    )


def arrive(call: Call, ticket: Ticket, status: str, resolution: str | None) -> None:
    """Put a ticket into a status; a resolution lives only while the ticket is done."""
    call.store.note(ticket, call.me, "status", ticket.status, status)
    if ticket.resolution != resolution:
        call.store.note(ticket, call.me, "resolution", ticket.resolution, resolution)
    done = STATUSES[status].category == "done"
    ticket.status, ticket.resolution, ticket.resolved = status, resolution, now() if done else None
