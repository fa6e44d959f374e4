"""What Claude Code may do, told it three times: which tools there are, which rules they have, and a hook before each call.

The rules are the inner fence; the walls and the diff guard are the outer ones. What is not allowed here by name is refused.
"""

import os
from pathlib import Path
from typing import Any, Final

from claude_agent_sdk import HookMatcher
from claude_agent_sdk.types import HookContext, HookInput, SyncHookJSONOutput

from healer.contracts import Importer

READS: Final = ("Read", "Grep", "Glob")
WRITES: Final = ("Edit", "Write")
TRIALS: Final = ("mcp__healer__run_specs", "mcp__healer__replay_fetch")
OWN: Final = ("mcp__healer__page", "mcp__healer__find_moved", *TRIALS)
ANSWER: Final = "StructuredOutput"
ALL: Final = frozenset((*READS, *WRITES, *OWN, ANSWER))
DENIED: Final = (
    *("Bash", "WebFetch", "WebSearch", "Agent", "Task", "Skill", "NotebookEdit"),
    *("Read(//proc/**)", "Read(//sys/**)", "Read(//etc/**)", "Read(~/**)", "Read(//dev/**)"),
    *("Edit(.git/**)", "Edit(.github/**)", "Edit(.claude/**)", "Edit(.bundle/**)", "Edit(.mcp.json)", "Edit(.env)"),
    *(
        "Edit(CLAUDE.md)",
        "Edit(AGENTS.md)",
        "Edit(Gemfile)",
        "Edit(Gemfile.lock)",
        "Edit(Rakefile)",
        "Edit(Dockerfile)",
    ),
    *("Edit(importers.toml)", "Edit(spec/**)", "Edit(recordings/**)", "Edit(schema/**)"),
)
_HOOK_S: Final = 10.0


def allowed(repo: Path, importer: Importer) -> list[str]:
    """Give the allow rules: read the clone, edit the importer's own files.

    Two slashes begin an absolute path; a tool's bare name would allow it everywhere.
    """
    reads = [f"Read(/{repo}/**)", f"Grep(/{repo}/**)", f"Glob(/{repo}/**)"]
    return [*reads, *(f"Edit(/{repo}/{path})" for path in importer.paths), *OWN]


def refusal(tool: str, asked: dict[str, Any], cwd: str, repo: Path, importer: Importer) -> str | None:
    """Say why a call is refused, None where it may be made. Links are followed before a place is judged."""
    if tool not in ALL:
        return "this tool is not allowed"
    if tool not in {*READS, *WRITES}:
        return None
    named = asked.get("file_path") or asked.get("path") or str(repo)
    place = Path(os.path.realpath(os.path.join(cwd, str(named))))  # noqa: PTH118 - realpath and join alike take any text
    if not (place == repo or place.is_relative_to(repo)):
        return "this is outside of the clone"
    if tool in WRITES and place not in {repo / path for path in importer.paths}:
        return f"only these files may be changed: {', '.join(importer.paths)}"
    return None


def hook(repo: Path, importer: Importer) -> HookMatcher:
    """Give the hook that is asked before every call of every tool; where it fails, the call is refused."""

    async def judge(given: HookInput, _id: str | None, _context: HookContext) -> SyncHookJSONOutput:
        if given["hook_event_name"] != "PreToolUse":
            raise ValueError(given["hook_event_name"])
        why = refusal(given["tool_name"], given["tool_input"], given["cwd"], repo, importer)
        if why is None:
            return {}
        return {
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": f"Refused: {why}.",
            }
        }

    return HookMatcher(matcher=None, hooks=[judge], timeout=_HOOK_S, on_failure="block")
