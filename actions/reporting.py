"""Handing in: the gate's report, or one that says for the gate that it left none.

It runs no code of the repository and holds no secret but its own proof of identity, which is good for this report only. It is all that
stands between a judged run and its verdict, so it loads little: the models only where there is no report.
"""

import hashlib

import httpx

from actions import report_place
from actions.commands import command
from actions.console import Exit, say
from healer import logs
from healer.clients.gateway import REPORT_AUDIENCE, Gateway
from healer.clients.idtoken import IdTokens
from healer.errors import HealerError, Rejected
from healer.redact import Redactor
from healer.settings_job import Handing, handing

_HTTP_S = 30.0


def hand_in() -> Exit:
    """Hand in the report of this job and say how it went."""
    logs.install(Redactor(), level="WARNING")
    try:
        job = handing()
        _post(report_place.read(job) or _for_the_gate(), job)
    except HealerError as error:
        say(command("error", str(error), title="healer-report"))
        return Exit.REFUSED if isinstance(error, Rejected) else Exit.BROKEN
    return Exit.GREEN


def _post(body: bytes, job: Handing) -> None:
    with httpx.Client(timeout=_HTTP_S) as http:
        tokens = IdTokens(job.token_url, job.token, http)
        token = tokens.token(REPORT_AUDIENCE + hashlib.sha256(body).hexdigest())
        say(command("add-mask", token.get_secret_value()))
        Gateway(job.url, http).report(body, token)
    say(f"report handed in ({len(body)} bytes)")


def _for_the_gate() -> bytes:
    """Make the report of a gate that was cancelled, killed, or never started."""
    from actions import report_file  # noqa: PLC0415 - a fifth of a second that a gate which left its report does not need

    return report_file.of_no_gate()
