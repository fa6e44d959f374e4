"""The page of one ticket, as a person sees it in a browser."""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from localworld.jira.markup import to_html
from localworld.jira.model import Ticket
from localworld.jira.store import Store
from localworld.jira.workflow import STATUSES

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


def _when(moment: str) -> str:
    return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%f%z").strftime("%d %b %Y, %H:%M:%S UTC")


_PAGES.filters.update(wiki=to_html, when=_when)


def ticket_page(store: Store, ticket: Ticket) -> str:
    """Write the page of a ticket."""
    return _PAGES.get_template("ticket.html").render(
        store=store, ticket=ticket, category=STATUSES[ticket.status].category
    )


def list_page(store: Store) -> str:
    """Write the list of all tickets."""
    tickets = sorted(store.tickets.values(), key=lambda t: int(t.id))
    return _PAGES.get_template("tickets.html").render(store=store, tickets=tickets, statuses=STATUSES)
