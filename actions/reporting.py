"""Handing in: the gate's report, or one that says for the gate that it left none.

It runs no code of the repository and holds no secret but its own proof of identity, which is good for this report only.
"""

import hashlib
from datetime import UTC, datetime

import httpx

from actions import report_file
from actions.commands import command
from actions.console import Exit, own_version, say
from healer import logs
from healer.clients.gateway import REPORT_AUDIENCE, Gateway
from healer.clients.idtoken import IdTokens
from healer.contracts import Conclusion, GateReport
from healer.errors import HealerError, Rejected
from healer.redact import Redactor
from healer.settings import ActionsSettings, RunnerSettings, load

_HTTP_S = 30.0


def hand_in() -> Exit:
    """Hand in the report of this job and say how it went."""
    logs.install(Redactor(), level="WARNING")
    try:
        settings, job = load(RunnerSettings), load(ActionsSettings)
        _post(report_file.read(job) or _for_the_gate(settings, job), settings, job)
    except HealerError as error:
        say(command("error", str(error), title="healer-report"))
        return Exit.REFUSED if isinstance(error, Rejected) else Exit.BROKEN
    return Exit.GREEN


def _post(body: bytes, run: RunnerSettings, job: ActionsSettings) -> None:
    with httpx.Client(timeout=_HTTP_S) as http:
        tokens = IdTokens(job.actions_id_token_request_url, job.actions_id_token_request_token, http)
        token = tokens.token(REPORT_AUDIENCE + hashlib.sha256(body).hexdigest())
        say(command("add-mask", token.get_secret_value()))
        Gateway(run.url, http).report(body, token)
    say(f"report handed in ({len(body)} bytes)")


def _for_the_gate(run: RunnerSettings, job: ActionsSettings) -> bytes:
    """Make the report of a gate that was cancelled, killed, or never started."""
    now = datetime.now(UTC)
    report = GateReport(
        **report_file.identity(run, job),
        conclusion=Conclusion.ERROR,
        summary="The gate could not judge: it left no report. The run's log says more.",
        tools={"healer": own_version()},
        started_at=now,
        finished_at=now,
    )
    return report_file.body(report)
