"""Factories for contracts: each gives a valid value and lets a test name only the fields that matter."""

from datetime import UTC, datetime
from typing import Any

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
