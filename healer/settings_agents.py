"""Settings of agents, a part of the flows' (`healer.settings`, which reads them)."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class AgentSettings(BaseModel):
    """Who mends importers, what a run may cost, and how it is shut in."""

    agent: Literal["relocate", "claude", "command"] = "relocate"
    agent_first_try: bool = True
    """Whether relocation, which costs nothing, tries before an agent that costs money."""
    agent_max_usd: float = Field(default=5.0, gt=0)
    agent_max_seconds: float = Field(default=900.0, gt=0)
    """What one attempt may cost, at most."""
    agent_max_turns: int = Field(default=40, ge=1)
    agent_review: bool = False
    """Whether a second session, which edits nothing, judges a change before it is handed in. The ceiling is that of both."""
    agent_silence_s: float = Field(default=180.0, gt=0)
    """How long an agent may give no sign of life."""
    agent_require_isolation: bool = True
    """Whether to refuse a host that gives the agent no namespaces of its own."""
    agent_base_image: str = ""
    """An image with your Ruby and gems, as the gate's: then `claude` may run specs and replay the fetch where the flows run, by Docker."""
    agent_specs: str = "rake spec"
    """The command that runs the importers repository's specs, as a shell would split it."""
    agent_model: str = "claude-sonnet-5"
    anthropic_api_key: SecretStr | None = None
    anthropic_url: str = "https://api.anthropic.com"
    agent_command: str = ""
    """For agent `command`: the program and its arguments, as a shell would split them."""
    agent_command_reads: tuple[Path, ...] = ()
    """Folders beside the system's that the command needs to see."""
    agent_command_url: str = ""
    agent_command_key: SecretStr | None = None
    """The model endpoint that the command may reach, and its key."""
