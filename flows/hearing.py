"""What people command by comments on tickets: heard by `reconcile`, and again before each step that the world sees.

JIRA tells nobody, so it is asked. Hearing only writes down what was said; `command` judges it.
"""

import asyncio
from typing import Final

from flows.speaking import place_of
from healer import importers, spoken, turns
from healer.clients import orders
from healer.clients.vault import open_known
from healer.contracts import Case
from healer.errors import Conflict, HealerError
from healer.pauses import HELD
from healer.wiring import FlowParts

_HOLDING: Final = frozenset({"stop", "take"})


async def hear_all(parts: FlowParts) -> tuple[int, list[str]]:
    """Hear what was said on the tickets of cases that were written lately and not heard since; give how many commands, and what failed.

    Raises: UpstreamError where JIRA does not say which.
    """
    settings = parts.settings
    if settings.jira_command_group is None:
        return 0, []
    asked = spoken.query(settings.jira_project, settings.sweep_hours)
    heard, failed = 0, []
    for ticket in await asyncio.to_thread(parts.jira.tickets, asked):
        case = await parts.cases.get(ticket.key)
        if case is None or await parts.heard.has(ticket):
            continue
        try:
            heard += await hear(parts, case)
            await parts.heard.keep(ticket)
        except HealerError as error:
            failed.append(f"{case.id}: {parts.redactor.text(str(error))}")
    return heard, failed


async def hear(parts: FlowParts, case: Case) -> int:
    """Write down what was said on a case's ticket and not heard yet; give how many commands.

    Raises: UpstreamError, Conflict.
    """

    async def redact(text: str) -> str:
        return await _redacted(parts, case, text)

    said = await asyncio.to_thread(parts.jira.comments, case.id)
    new = [await orders.hear(parts.cases, case.id, one, redact) for one in said if spoken.is_addressed(one.text)]
    return sum(new)


async def prove_uncommanded(parts: FlowParts, case: Case) -> None:
    """Refuse to go on with a case that somebody who may has told to stop, until that is obeyed.

    Raises: Conflict (`held`); UpstreamError where nobody can say what was commanded, or by whom.
    """
    if parts.settings.jira_command_group is not None:
        await hear(parts, case)
    for said in turns.unanswered(await parts.cases.events(case.id)):
        place = place_of(parts, case, said)
        if said.data.get("command") in _HOLDING and await asyncio.to_thread(place.may, str(said.data["author"])):
            raise Conflict("a person's comment commands the case, and is obeyed first.", reason=HELD)


async def _redacted(parts: FlowParts, case: Case, text: str) -> str:
    """Redact a person's text, also of the logins of the case's importer; where these cannot be read, give words that say so."""
    if not text:
        return ""
    try:
        file = await asyncio.to_thread(parts.github.read_file, importers.PATH, parts.settings.base_branch)
        importer = importers.parse(file).get(case.importer)
        await open_known(parts.vault, parts.redactor, importer.credentials if importer else ())
    except HealerError:
        return orders.WITHHELD
    return parts.redactor.text(text)
