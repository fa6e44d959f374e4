"""What the settings say of limits and redaction reaches what judges by them."""

from datetime import UTC, datetime
from typing import Any

import pytest

import prompts
from factories import make_delivery
from healer.budget import Budget
from healer.clients.reception import Outcome
from healer.settings import FlowSettings, GatewaySettings
from healer.wiring import flow_parts, gateway_parts

COMMON: dict[str, Any] = {
    "github_token": "github-token-of-tests",
    "importers_repository": "acme/importers",
    "jira_url": "http://127.0.0.1:9",
    "jira_token": "jira-token-of-tests",
    "jira_project": "UTIL",
    "vault_keys": "k1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
}
SPENDING = {
    "usd_per_case": 1,
    "usd_per_day": 2,
    "usd_per_month": 3,
    "agent_minutes_per_case": 4,
    "agent_minutes_per_day": 5,
}
LIMITS: dict[str, Any] = {f"limit_{name}": most for name, most in SPENDING.items()}


@pytest.fixture
def gateway_settings(redis_url) -> GatewaySettings:
    return GatewaySettings(
        **COMMON,
        **LIMITS,
        redis_url=redis_url,
        prefect_api_url="http://127.0.0.1:9/api",
        workato_keys="whsec_d29ya2F0by1rZXktb2YtMzItYnl0ZXMtbGVuZ3RoISE=",
        github_webhook_secret="webhook-secret-of-tests",
        gate_repository="acme/importer-healer",
        gate_sha="c" * 40,
        importers_repository_id=74,
        importers_owner_id=65,
        limit_open_cases=1,
        limit_mode="queue",
    )


async def test_gateway_judges_by_its_limits(gateway_settings):
    """The mode and the numbers of the settings hold for the next delivery, and what is shown is the budget of the settings."""
    parts = gateway_parts(gateway_settings)
    try:
        outcomes = [
            (await parts.cases.receive(make_delivery(id=f"m{n}", ticket=f"UTIL-{n}"), datetime.now(UTC))).outcome
            for n in (1, 2)
        ]
        assert outcomes == [Outcome.OPENED, Outcome.QUEUED]
        assert await parts.line.length() == 1
        assert parts.statements.budget == Budget(**SPENDING)
    finally:
        await parts.close()


async def test_flows_spend_by_their_limits(redis_url, tmp_path):
    """The flows debit by the budget of the settings."""
    parts = flow_parts(FlowSettings(**COMMON, **LIMITS, redis_url=redis_url, work_dir=tmp_path), prompts.write)
    try:
        assert parts.ledgers.budget == Budget(**SPENDING)
    finally:
        await parts.close()


PERSONAL = "jane@utility.example of account 70012345 and github-token-of-tests"


@pytest.mark.parametrize(
    ("personal", "masked"),
    [(False, PERSONAL.replace("github-token-of-tests", "***")), (True, "*** of account *** and ***")],
)
async def test_processes_mask_what_is_personal_on_demand(gateway_settings, redis_url, tmp_path, personal, masked):
    """Gateway and flows mask secrets always, e-mail addresses and account numbers where the setting says so."""
    flow_settings = FlowSettings(**COMMON, redis_url=redis_url, work_dir=tmp_path, redact_personal=personal)
    flows = flow_parts(flow_settings, prompts.write)
    gateway = gateway_parts(gateway_settings.model_copy(update={"redact_personal": personal}))
    try:
        assert flows.redactor.text(PERSONAL) == masked
        assert gateway.redactor.text(PERSONAL) == masked
    finally:
        await flows.close()
        await gateway.close()
