"""Files on the case's ticket."""

from collections.abc import Sequence

from flows.story import Story, call
from healer.breakdown import JIRA_REFUSES
from healer.contracts import Case, File
from healer.errors import UpstreamError


async def attach(story: Story, case: Case, prefix: str, files: Sequence[File]) -> str:
    """Hang files on the ticket in place of older ones of this prefix. Gives `attached`, or why JIRA takes none: a link is there anyway.

    Raises: UpstreamError where JIRA may take them later.
    """
    try:
        await call(story.parts.jira.attach, case.id, prefix, files)
    except UpstreamError as error:
        if error.reason not in JIRA_REFUSES:
            raise
        return error.reason
    return "attached"
