"""Follows one run of Claude Code by its messages: tells each step, counts, and says when the run must be broken off."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from claude_agent_sdk import (
    AssistantMessage,
    Message,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)

from healer.clients.agents.claude_rules import ALL, TRIALS, WRITES
from healer.clients.agents.seam import Progress, Tell
from healer.contracts import Spend
from healer.stuck import Call, stuck

_ERROR_SHOWN: Final = 300
_SHOWN: Final = ("file_path", "pattern", "path", "name", "fetch", "selector")


class ClaudeLog:
    """The story of one run.

    `heard`: when it last said something (monotonic). `result`: what Claude Code said at its end. `broken_off`: why we ended it, if we did.
    """

    def __init__(self, repo: Path, most_turns: int, tell: Tell, kill: Callable[[], None]) -> None:
        self._repo, self._most_turns, self._tell, self._kill = repo, most_turns, tell, kill
        self._open: dict[str, Call] = {}
        self._calls: list[Call] = []
        self._used: dict[str, dict[str, Any]] = {}
        self.result: ResultMessage | None = None
        self.broken_off: str | None = None
        self.error, self.complaint, self.heard = "", "", time.monotonic()

    def complain(self, line: str) -> None:
        """Keep the last line of standard error: it says why, where Claude Code does not come up."""
        self.complaint = line.strip()[:_ERROR_SHOWN] or self.complaint

    def break_off(self, why: str) -> None:
        """End the run; the first reason is the one that counts."""
        if self.broken_off is None and self.result is None:
            self.broken_off = why
            self._say(f"broken off: {why}")
            self._kill()

    @property
    def waits_for_us(self) -> bool:
        """Say whether a trial is under way, which has a time limit of its own."""
        return any(call.tool in TRIALS for call in self._open.values())

    def insist(self) -> None:
        """End a run again that was broken off: in its first moments there may have been nothing to kill."""
        if self.broken_off is not None:
            self._kill()

    def take(self, message: Message) -> None:
        """Take the next message."""
        self.heard = time.monotonic()
        match message:
            case AssistantMessage():
                self._assistant(message)
            case UserMessage() if isinstance(message.content, list):
                for block in message.content:
                    if isinstance(block, ToolResultBlock):
                        self._ended(block)
            case SystemMessage():
                self._system(message)
            case ResultMessage():
                self.result = message
            case StreamEvent() | _:
                return  # a sign of life, no more

    def _assistant(self, message: AssistantMessage) -> None:
        if message.usage and message.message_id:
            self._used[message.message_id] = message.usage
        for block in message.content:
            if isinstance(block, ToolUseBlock):
                asked = json.dumps(block.input, sort_keys=True, default=str)
                self._open[block.id] = Call(block.name, asked)
                self._say(f"{block.name.removeprefix('mcp__healer__')} {self._about(block.input)}".strip())

    def _ended(self, block: ToolResultBlock) -> None:
        call = self._open.pop(block.tool_use_id, None)
        if call is None:
            return
        error = _text(block.content) if block.is_error else ""
        self._calls.append(call._replace(error=error, edits=call.tool in WRITES and not error))
        if error:
            self._say(f"{call.tool.removeprefix('mcp__healer__')} was refused or failed: {error[:_ERROR_SHOWN]}")
        why = stuck(self._calls)
        if why:
            self.break_off(f"the agent was stuck: {why}")

    def _system(self, message: SystemMessage) -> None:
        """See at its start that the run is the one we asked for, and tell how the model's endpoint is."""
        data = message.data
        if message.subtype == "init":
            foreign = sorted(set(data.get("tools", ())) - ALL)
            servers = [server.get("name") for server in data.get("mcp_servers", ())]
            if foreign or servers != ["healer"] or data.get("permissionMode") != "dontAsk":
                self.break_off(f"Claude Code did not start as told (tools {foreign}, servers {servers})")
        elif message.subtype == "api_retry":
            self._say(f"the model endpoint answers {data.get('error_status') or 'nothing'}; asked again")
        elif message.subtype == "model_fallback":
            self.break_off("Claude Code chose another model than the one that was set")

    def _about(self, asked: dict[str, Any]) -> str:
        words = [str(asked[name]) for name in _SHOWN if name in asked]
        return " ".join(word.removeprefix(f"{self._repo}/") for word in words)

    def _say(self, line: str) -> None:
        self._tell(Progress(line, min(1.0, self.turns / self._most_turns)))

    # ------------------------------------------------------------ what it cost

    @property
    def turns(self) -> int:
        """Count the model's answers so far."""
        return len(self._used)

    def spend(self, ceiling_usd: float, *, asked: bool) -> Spend:
        """Say what the run cost. Where Claude Code named no price, or not a known one, and the model was asked, it is the whole ceiling."""
        bill = self.result.total_cost_usd if self.result else None
        models = list((self.result.model_usage or {}).values()) if self.result else []
        priced = bill is not None and all(dict(model).get("costBasis", "list") != "unknown" for model in models)
        usd = bill if priced and bill is not None else ceiling_usd if asked else 0.0
        used = [_tokens(usage) for usage in self._used.values()]
        return Spend(
            usd=round(usd, 6),
            turns=self.turns,
            input_tokens=sum(one[0] + one[1] for one in used),
            cached_tokens=sum(one[1] for one in used),
            output_tokens=self._output(models, used),
        )

    def _output(self, models: list[Any], used: list[tuple[int, int, int]]) -> int:
        """Take the final count, where there is one: what messages carry is from the beginning of an answer."""
        return sum(int(model.get("outputTokens", 0)) for model in models) or sum(one[2] for one in used)


def _tokens(usage: dict[str, Any]) -> tuple[int, int, int]:
    """Give fresh input, cached input and output (docs.anthropic.com, "Usage")."""
    fresh = int(usage.get("input_tokens") or 0) + int(usage.get("cache_creation_input_tokens") or 0)
    return fresh, int(usage.get("cache_read_input_tokens") or 0), int(usage.get("output_tokens") or 0)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text", "")) for part in content or () if isinstance(part, dict))
