"""The composition of agents: who mends importers, and what it is given."""

import shlex
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from healer.contracts import Ceiling
from healer.errors import Misconfigured
from healer.settings import FlowSettings

if TYPE_CHECKING:
    from healer.clients.agents.seam import Agent, Writer
    from healer.clients.agents.trials import TrialConfig


def agent(settings: FlowSettings, write: "Writer") -> "Agent":
    """Build the agent that the settings name. `write` puts briefs into words.

    Raises: Misconfigured where it lacks a setting.
    """
    # The gateway's image lacks what an agent needs, and each agent needs something of its own.
    from healer.clients.agents.relocate import FirstTry, RelocateAgent  # noqa: PLC0415 - see above

    if settings.agent == "relocate":
        return RelocateAgent()
    paid = _claude(settings, write) if settings.agent == "claude" else _command(settings, write)
    return FirstTry(RelocateAgent(), paid) if settings.agent_first_try else paid


def _ceiling(settings: FlowSettings) -> Ceiling:
    return Ceiling(usd=settings.agent_max_usd, seconds=settings.agent_max_seconds)


def _claude(settings: FlowSettings, write: "Writer") -> "Agent":
    from healer.clients.agents.claude import ClaudeAgent, ClaudeConfig  # noqa: PLC0415 - see agent

    if settings.anthropic_api_key is None:
        raise Misconfigured(
            "agent `claude` has no key for the model.", reason="settings", remedy="Set HEALER_ANTHROPIC_API_KEY."
        )
    config = ClaudeConfig(
        key=settings.anthropic_api_key,
        url=settings.anthropic_url,
        model=settings.agent_model,
        ceiling=_ceiling(settings),
        max_turns=settings.agent_max_turns,
        require_isolation=settings.agent_require_isolation,
        silence_s=settings.agent_silence_s,
        trials=_trials(settings),
        review=settings.agent_review,
    )
    return ClaudeAgent(config, write)


def _trials(settings: FlowSettings) -> "TrialConfig | None":
    from healer.clients.agents.trials import TrialConfig  # noqa: PLC0415 - see agent

    if not settings.agent_base_image:
        return None
    # The gate's own file: what is tried out is what the gate will build.
    dockerfile = Path(str(files("actions") / "rake-fetch" / "Dockerfile"))
    return TrialConfig(settings.agent_base_image, dockerfile, tuple(shlex.split(settings.agent_specs)))


def _command(settings: FlowSettings, write: "Writer") -> "Agent":
    from healer.clients.agents.command import CommandAgent, CommandConfig  # noqa: PLC0415 - see agent

    config = CommandConfig(
        argv=tuple(shlex.split(settings.agent_command)),
        ceiling=_ceiling(settings),
        reads=settings.agent_command_reads,
        url=settings.agent_command_url,
        key=settings.agent_command_key,
        require_isolation=settings.agent_require_isolation,
        silence_s=settings.agent_silence_s,
        review=settings.agent_review,
        sweeps=bool(settings.agent_base_image),
    )
    return CommandAgent(config, write)
