"""Files that hang on tickets: attach, show, delete. Which there are an issue tells as its field `attachment`."""

import base64

from localworld.jira.call import Answer, Call, Raw, Upload
from localworld.jira.comments import ADMINISTRATORS
from localworld.jira.model import Attachment, Ticket, now
from localworld.jira.problem import Problem
from localworld.jira.store import Store


def attach(call: Call) -> Answer:
    """Attach the files of a form, each in a part named `file`. JIRA keeps several of one name."""
    files = call.body if isinstance(call.body, list) else []
    if not files or not all(isinstance(one, Upload) and one.field == "file" and one.name for one in files):
        raise Problem(400, "The form has no part 'file'.")
    made = [_made(call, one) for one in files]
    return Answer(200, [call.shapes.attachment(one) for one in made])


def _made(call: Call, file: Upload) -> Attachment:
    content = base64.b64encode(file.data).decode("ascii")
    made = Attachment(call.store.new_id(), call.me, now(), file.name, file.mime, content)
    call.ticket.attachments.append(made)
    call.store.note(call.ticket, call.me, "Attachment", None, file.name)
    return made


def content(call: Call) -> Answer:
    """Give the bytes of a file."""
    _, found = named(call.store, call.path["id"])
    return Answer(200, Raw(found.data, found.mime))


def delete(call: Call) -> Answer:
    """Delete a file that one has attached oneself; administrators may delete everybody's."""
    ticket, found = named(call.store, call.path["id"])
    if found.author != call.me and ADMINISTRATORS not in call.store.users[call.me].groups:
        raise Problem(403, "You do not have permission to delete this attachment.")
    ticket.attachments.remove(found)
    call.store.note(ticket, call.me, "Attachment", found.name, None)
    return Answer(204)


def named(store: Store, number: str) -> tuple[Ticket, Attachment]:
    """Find a file, with its ticket, by its id.

    Raises: Problem 404.
    """
    for ticket in store.tickets.values():
        for one in ticket.attachments:
            if one.id == number:
                return ticket, one
    raise Problem(404, f"The attachment with id '{number}' does not exist")
