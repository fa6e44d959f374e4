"""Factories for contracts: each gives a valid value and lets a test name only the fields that matter."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from healer.bills import Bill, Pdf
from healer.clients.pdf import Reader, Said
from healer.contracts import (
    Case,
    Conclusion,
    Delivery,
    Failure,
    FailureClass,
    GateMode,
    GateReport,
    GateRun,
    Importer,
    Ticket,
    Trace,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SHA = "a" * 40


def make_importer(**fields: Any) -> Importer:
    return Importer(
        **{
            "name": "brightwater",
            "title": "Brightwater Water & Sewer",
            "url": "https://my.brightwater.example",
            "hosts": ("my.brightwater.example",),
            "credentials": ("brightwater-main",),
            "component": "importer-brightwater",
            "owner": "water-team",
            "paths": ("lib/gatherers/brightwater.rb",),
            **fields,
        }
    )


def make_ticket(**fields: Any) -> Ticket:
    return Ticket(
        **{
            "key": "UTIL-101",
            "project": "UTIL",
            "issue_type": "Bug",
            "status": "To Do",
            "status_category": "new",
            "components": ("importer-brightwater",),
            "summary": "Brightwater: no bills since Monday",
            **fields,
        }
    )


def make_failure(**fields: Any) -> Failure:
    return Failure(
        **{
            "kind": FailureClass.SOURCE_CHANGED,
            "exception": "Importers::SourceChanged",
            "message": "nothing matches table#bills tbody tr",
            "step": 3,
            "selector": "table#bills tbody tr",
            "file": "lib/gatherers/brightwater.rb",
            "line": 21,
            "signature": "0123456789abcdef",
            **fields,
        }
    )


def make_run(**fields: Any) -> GateRun:
    return GateRun(
        **{
            "run_id": 7001,
            "mode": GateMode.DIAGNOSE,
            "attempt": 0,
            "ref": "refs/heads/main",
            "sha": SHA,
            "correlation": "UTIL-101-0-0a1b2c3d",
            "url": "https://github.example/acme/importers/actions/runs/7001",
            "dispatched_at": NOW,
            **fields,
        }
    )


def make_report(**fields: Any) -> GateReport:
    return GateReport(
        **{
            "case": "UTIL-101",
            "attempt": 0,
            "mode": GateMode.DIAGNOSE,
            "importer": "brightwater",
            "correlation": "UTIL-101-0-0a1b2c3d",
            "repository": "acme/importers",
            "run_id": 7001,
            "run_attempt": 1,
            "ref": "refs/heads/main",
            "sha": SHA,
            "conclusion": Conclusion.FAILURE,
            "summary": "rake fetch ended with source_changed",
            "failure": make_failure(),
            "exit_code": 3,
            "logins_used": 1,
            "started_at": NOW,
            "finished_at": NOW,
            "trace": Trace(importer="brightwater"),
            **fields,
        }
    )


def pdf_texts(files: Sequence[bytes]) -> list[Said | None]:
    """Give what files say as PDFs."""
    with Reader() as reader:
        return reader.texts(files)


def make_pdf(text: str) -> bytes:
    """Give a PDF of one page that says `text`; without one it has nothing to read."""
    page = f"BT /F1 9 Tf 9 90 Td ({text}) Tj ET" if text else ""
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(page)}>>stream\n{page}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj{each}endobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(objects) + 1}/Root 1 0 R>>\n"
    return f"{body}{head}startxref\n{len(body)}\n%%EOF\n".encode()


def make_case(**fields: Any) -> Case:
    return Case(**{"id": "UTIL-101", "importer": "brightwater", "opened_at": NOW, "updated_at": NOW, **fields})


def make_claims(now: int, **claims: Any) -> dict[str, Any]:
    """Give the claims of GitHub's token for `make_run()`, called from the pinned gate at `now`; a claim given as None is left out."""
    given = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "importer-healer:lease",
        "sub": "repo:acme/importers:ref:refs/heads/main",
        "jti": "5e0e0b0d-jti",
        "iat": now,
        "nbf": now - 600,
        "exp": now + 300,
        "repository": "acme/importers",
        "repository_id": "74",
        "repository_owner": "acme",
        "repository_owner_id": "65",
        "ref": "refs/heads/main",
        "sha": SHA,
        "event_name": "workflow_dispatch",
        "run_id": "7001",
        "run_attempt": "1",
        "workflow": "healer-gate",
        "workflow_ref": "acme/importers/.github/workflows/healer-gate.yml@refs/heads/main",
        "workflow_sha": SHA,
        "job_workflow_ref": "acme/importer-healer/.github/workflows/verify-fetch.yml@" + "c" * 40,
        "job_workflow_sha": "c" * 40,
        "runner_environment": "github-hosted",
        **claims,
    }
    return {name: value for name, value in given.items() if value is not None}


def make_delivery(**fields: Any) -> Delivery:
    return Delivery(
        **{
            "id": "msg_1",
            "ticket": "UTIL-101",
            "importer": "brightwater",
            "body_sha256": "a" * 64,
            "received_at": NOW,
            **fields,
        }
    )


def make_bill(**fields: Any) -> Bill:
    text = fields.pop("text", "Amount due USD 123.45")
    pdf = None if text is None else Pdf(sha256(f"{fields.get('end', '')} {text}".encode()).hexdigest(), text)
    return Bill(
        **{
            "account": "4711-0815",
            "start": date(2026, 10, 1),
            "end": date(2026, 10, 31),
            "due": date(2026, 11, 20),
            "amount": Decimal("123.45"),
            "currency": "USD",
            "reading": "48213.5",
            "pdf": pdf,
            **fields,
        }
    )
