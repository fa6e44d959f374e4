"""The gate's work after the image: lease, fetch, judge. Whatever happens, the end of it is one `GateReport`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from actions import basing, evidence, log, placing, replaying, report_file
from actions.commands import command, masks
from actions.console import Exit, own_version, say
from actions.evidence import Evidence
from actions.ground import Ground
from actions.judging import RESULT, Fetched
from actions.run_name import run_name
from actions.timing import Stopwatch
from healer import reports, truth
from healer.clients import pdf
from healer.clients.container import OUT, Containers, Job, RunResult
from healer.clients.gateway import LEASE_AUDIENCE, Gateway, Lease
from healer.clients.idtoken import IdTokens
from healer.clients.probe import is_up
from healer.contracts import Check, GateMode, GateReport
from healer.egress import Contacts
from healer.errors import HealerError, Rejected, UpstreamError
from healer.redact import Redactor
from healer.settings import ActionsSettings, RunnerSettings

_HTTP_S: Final = 20.0


class Fetching:
    """One gate run. `ground` is being made; None where nothing is run (`probe`). `redactor` learns the login."""

    def __init__(
        self, run: RunnerSettings, job: ActionsSettings, ground: Ground | None, watch: Stopwatch, redactor: Redactor
    ) -> None:
        self._run, self._job, self._ground, self._watch, self._redactor = run, job, ground, watch, redactor
        self._debited = self._logins_used = 0

    def examine(self) -> tuple[GateReport, Evidence]:
        """Do the work and give the report, redacted, with the evidence in it."""
        found = self._evidence()
        tools = {"healer": own_version(), "base_image": self._run.base_image}
        report = GateReport(
            **report_file.identity(self._run, self._job),
            conclusion=found.conclusion,
            summary=found.summary,
            failure=found.failure,
            checks=found.checks,
            exit_code=found.exit_code,
            bills=len(found.bills),
            logins_used=self._logins_used,
            log_tail=log.tail(found.log),
            trace=found.trace,
            history=found.history,
            hosts=found.hosts,
            unfenced=found.unfenced,
            base=found.base,
            tools=tools,
            started_at=self._watch.started_at,
            finished_at=self._watch.stop(),
            timings_ms=self._watch.timings,
        )
        return reports.redacted(report, self._redactor), found

    def _evidence(self) -> Evidence:
        try:
            return self._fetch(self._ground) if self._ground else self._probe()
        except Rejected as error:
            return evidence.broken(error, Exit.REFUSED)
        except HealerError as error:
            return evidence.broken(error)

    def _probe(self) -> Evidence:
        with httpx.Client(timeout=_HTTP_S) as http:
            importer = self._lease(http).grant.importer
        return evidence.of_probe(importer, up=is_up(importer.url, importer.hosts))

    def _fetch(self, ground: Ground) -> Evidence:
        with httpx.Client(timeout=_HTTP_S) as http:  # made while the image is: it loads certificates
            image, base_image = ground.image(), ground.base_image()
            lease = self._lease(http)
        base = None
        if base_image:
            with self._writable() as out:
                before = self._try(ground, base_image, basing.of_base(lease), 0, out)
            base = basing.result(before, self._run.base_sha)
            if basing.settles(before):
                return replace(basing.alone(before), base=base)
        with self._writable() as out:
            found = self._try(ground, image, lease, 0, out)
            if not found.failure and lease.grant.mode is GateMode.VERIFY:
                found = self._confirm(ground, image, lease, out, found)
        place = (found.checks, lease.grant.importer, self._job.github_workspace)
        return replace(found, failure=placing.placed(found.failure, *place), base=base)

    def _try(self, ground: Ground, image: str, lease: Lease, login: int, out: Path) -> Evidence:
        """Fetch once with one of the lease's logins, and judge."""
        _check_time(lease)
        self._logins_used = self._debited
        with pdf.Reader() as reader:
            fetched = Fetched(*self._run_container(ground, image, lease, login, out), reader)
            if self._run.mode is not GateMode.VERIFY:
                ground.leave("network", "images")
            with self._watch.part("judge"):
                today = self._watch.started_at.date()
                return evidence.of_fetch(fetched, out, lease, self._redactor, today, login=login)

    def _confirm(self, ground: Ground, image: str, lease: Lease, out: Path, found: Evidence) -> Evidence:
        """Fetch as often and with as many logins as the lease says, then give the recorded pages again with other values."""
        fetches = [[found], *([] for _ in lease.logins[1:])]
        rounds = [number for number in range(len(lease.logins)) for _ in range(lease.grant.repetitions)]
        for number in rounds[1:]:
            with self._writable() as other:
                again = self._try(ground, image, lease, number, other)
            if again.failure:
                return again
            fetches[number].append(again)
        ground.leave("network")
        with self._watch.part("replay"), self._writable() as other:
            job = self._container(image, lease, 0, other, ())
            follows = replaying.replayed(job, out, lease.grant.importer, found.bills)
        ground.leave("images")
        return evidence.confirmed(fetches, (*_joined(fetches), follows), lease)

    def _run_container(
        self, ground: Ground, image: str, lease: Lease, login: int, out: Path
    ) -> tuple[RunResult, Contacts]:
        fence = ground.fence()
        fence.watch(lease.grant.importer.hosts)
        with self._watch.part("container"):
            ended = Containers().run(self._container(image, lease, login, out, fence.options))
        return ended, fence.contacts()

    def _lease(self, http: httpx.Client) -> Lease:
        with self._watch.part("lease"):
            token = IdTokens(
                self._job.actions_id_token_request_url, self._job.actions_id_token_request_token, http
            ).token(LEASE_AUDIENCE)
            say(command("add-mask", token.get_secret_value()))
            lease = Gateway(self._run.url, http).lease(token)
        self._hide(lease)
        self._compare(lease)
        self._debited = lease.debited
        return lease

    def _hide(self, lease: Lease) -> None:
        values = [value.get_secret_value() for login in lease.logins for value in login.values()]
        say(*(line for value in values for line in masks(value)))
        self._redactor.add(values)

    def _compare(self, lease: Lease) -> None:
        grant, run = lease.grant, self._run
        granted = (grant.case, grant.attempt, grant.mode, grant.importer.name)
        base = run.base_sha if run.with_base else None
        if granted != (run.case, run.attempt, run.mode, run.importer) or grant.base != base:
            raise UpstreamError("the lease is for another run.", service="gateway", reason="lease_mismatch")

    @contextmanager
    def _writable(self) -> Iterator[Path]:
        """Give the directory that the container writes to. Only what is in its two folders is the container's to change."""
        temp = self._job.runner_temp
        with TemporaryDirectory(dir=temp, prefix="healer-gate-", ignore_cleanup_errors=True) as folder:
            out = Path(folder, "out")
            out.mkdir(mode=0o755)
            for name in (RESULT, evidence.TRACE):
                (out / name).mkdir()
                (out / name).chmod(0o777)  # the container's user is nobody on this machine
            yield out

    def _container(self, image: str, lease: Lease, login: int, out: Path, network: tuple[str, ...]) -> Job:
        importer = lease.grant.importer
        env = {
            "PORTAL_URL": importer.url.rstrip("/"),
            "OUT_DIR": f"{OUT}/{RESULT}",
            "FETCH_TRACE_DIR": f"{OUT}/{evidence.TRACE}",
            "HOME": "/tmp",  # noqa: S108 - inside the container
        }
        return Job(
            name=run_name(self._job),
            image=image,
            command=("rake", f"fetch[{importer.name}]"),
            env=env,
            login=lease.logins[login],
            out=out,
            seconds=self._run.fetch_timeout_s,
            network=network,
        )


def _joined(fetches: list[list[Evidence]]) -> Iterator[Check]:
    """Judge what several fetches saw beside one another, where there are several."""
    if len(fetches[0]) > 1:
        told = (truth.check_repetitions([fetch.bills for fetch in login]) for login in fetches)
        yield min(told, key=lambda check: check.passed)
    if len(fetches) > 1:
        yield truth.check_logins(fetches[0][0].bills, fetches[1][0].bills)


def _check_time(lease: Lease) -> None:
    """Start nothing with a login whose time is over: a machine may have slept since.

    Raises: UpstreamError (`lease_expired`).
    """
    if datetime.now(UTC) >= lease.grant.expires_at:
        raise UpstreamError("the lease is over before the fetch began.", service="gateway", reason="lease_expired")
