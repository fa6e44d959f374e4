"""Who mends the importers of a local world: relocation, Claude Code with a key, or Claude Code behind a scripted model."""

import os
from enum import StrEnum
from typing import Any, Final

from localworld.errors import WorldError
from localworld.layout import BASE_IMAGE, HOST
from localworld.redis import free_port

_KEYS: Final = ("HEALER_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY")
_PASSED_ON: Final = ("HEALER_AGENT_MODEL", "HEALER_ANTHROPIC_URL", "HEALER_AGENT_MAX_USD", "HEALER_AGENT_MAX_SECONDS")
_NO_KEY: Final = (
    "Agent claude needs a key of Anthropic's API: `export HEALER_ANTHROPIC_API_KEY=sk-ant-…` (or ANTHROPIC_API_KEY), then "
    "`make demo AGENT=claude` again. HEALER_AGENT_MODEL and HEALER_AGENT_MAX_USD say which model, and how much an attempt may cost. "
    "Without a key, `make demo AGENT=scripted` runs the same Claude Code behind a scripted model."
)


class Agent(StrEnum):
    """Who mends."""

    RELOCATE = "relocate"
    CLAUDE = "claude"
    SCRIPTED = "scripted"


def plan(agent: Agent) -> dict[str, Any]:
    """Give what a `Plan` of a world with this agent says.

    Raises: WorldError where there is no key for it; the text says how to give one.
    """
    if agent is Agent.RELOCATE:
        return {}
    usual = {
        "HEALER_AGENT": "claude",
        # Relocation would heal most of it before a model is asked.
        "HEALER_AGENT_FIRST_TRY": "false",
        "HEALER_AGENT_BASE_IMAGE": BASE_IMAGE,
        # Where the host gives no namespaces, each run says so; there is nothing of value on this side.
        "HEALER_AGENT_REQUIRE_ISOLATION": "false",
    }
    if agent is Agent.CLAUDE:
        return {"runner_settings": usual | _account()}
    port = free_port()
    scripted = {
        "HEALER_ANTHROPIC_URL": f"http://{HOST}:{port}",
        "HEALER_ANTHROPIC_API_KEY": "sk-ant-scripted-no-account",
    }
    return {"runner_settings": usual | scripted, "ports": {"model": port}, "model": True}


def _account() -> dict[str, str]:
    key = next((os.environ[name] for name in _KEYS if os.environ.get(name)), None)
    if key is None:
        raise WorldError(_NO_KEY)
    given = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    return {"HEALER_ANTHROPIC_API_KEY": key, **given}
