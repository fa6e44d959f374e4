"""The mutated replay: the patched importer is given its own pages again, with other values, in a container without a network."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from actions import results
from actions.evidence import TRACE
from actions.judging import RESULT
from healer import mutation
from healer.bills import Bill, Pdf, read_bills
from healer.checks import check_result, pdf_names
from healer.clients import replaying
from healer.clients.container import Containers, Job
from healer.contracts import Check, Importer
from healer.replay import Exchange, Replay

_SEED_BYTES: Final = 32
_SECONDS_MIN: Final = 60.0
"""A busy machine must not make a reader look like a writer: the live fetch has ended in time already."""


def replayed(job: Job, seen: Path, importer: Importer, bills: tuple[Bill, ...]) -> Check:
    """Run the importer on what it recorded in `seen`, mutated, and say whether its bills changed with the pages.

    `job` is the fetch as it would run; its network and login are replaced.

    Raises: UpstreamError where the container could not be run.
    """
    layouts = {bill.pdf.sha256: bill.pdf.layout for bill in bills if bill.pdf}
    mutated = mutation.mutate(_recording(seen / TRACE), bills, layouts, secrets.token_bytes(_SEED_BYTES))
    if mutated.unseen:
        return mutation.judge(mutated, None)
    with replaying.portal(Replay([mutated.recording], exact=True), job.out):
        ended = Containers().run(_offline(job, importer))
    return mutation.judge(mutated, _bills(job.out / RESULT, importer) if ended.exit_code == 0 else None)


def _offline(job: Job, importer: Importer) -> Job:
    """Give the job without a way out, and with a login that no portal knows."""
    return replace(
        job,
        command=replaying.command(job.command),
        env={**job.env, "PORTAL_URL": replaying.PORTAL + urlsplit(importer.url).path.rstrip("/")},
        login={name: SecretStr(f"replay-{secrets.token_hex(8)}") for name in job.login},
        network=replaying.NETWORK,
        seconds=max(job.seconds, _SECONDS_MIN),
    )


def _recording(folder: Path) -> tuple[Exchange, ...]:
    raw = results.read_json(folder, "trace.json", results.TRACE_MAX) or {}
    bodies = results.read_bodies(folder, raw)
    steps = raw.get("steps")
    return tuple(_exchange(step, bodies) for step in steps if _is_step(step)) if isinstance(steps, list) else ()


def _is_step(step: Any) -> bool:
    wanted = {"method": str, "url": str, "status": int, "content_type": str, "body": str}
    return isinstance(step, dict) and all(isinstance(step.get(name), kind) for name, kind in wanted.items())


def _exchange(step: Mapping[str, Any], bodies: Mapping[str, bytes]) -> Exchange:
    return Exchange(step["method"].upper(), step["url"], step["status"], step["content_type"], bodies.get(step["body"]))


def _bills(folder: Path, importer: Importer) -> tuple[Bill, ...] | None:
    """Give the bills that were left, where they have the form of bills. What their PDFs say is known: we made them."""
    result = results.read_json(folder, f"{importer.name}.json", results.RESULT_MAX)
    files = {name: results.read(folder, name, results.PDF_MAX) for name in pdf_names(result)}
    pdfs = {name: Pdf(hashlib.sha256(file).hexdigest(), "") for name, file in files.items() if file is not None}
    formal = all(check.passed for check in check_result(result, pdfs, importer))
    return read_bills(result, pdfs) if result is not None and formal else None
