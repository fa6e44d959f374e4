"""Claude Code as an agent: the real program through its SDK, in a folder, behind walls and rules of its own, with the key left outside.

A run counts only where Claude Code came to its end by itself, with an answer of our form. Trouble of the model's endpoint is tried again
from the beginning, within the run's ceiling, and is no attempt.
"""

import asyncio
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import claude_agent_sdk
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKError, ResultMessage, query
from pydantic import SecretStr, ValidationError

from healer.clients.agents import answer, claude_rules, claude_tools, home, model_proxy, review, walls
from healer.clients.agents.answer import Opinion, Said
from healer.clients.agents.claude_log import ClaudeLog
from healer.clients.agents.home import Home
from healer.clients.agents.model_proxy import Endpoint, ModelProxy
from healer.clients.agents.purse import Purse
from healer.clients.agents.seam import Progress, Tell, Writer
from healer.clients.agents.trials import TrialConfig, Trials, sweep
from healer.clients.agents.walls import Walls
from healer.contracts import AgentAnswer, Brief, Ceiling, Spend
from healer.errors import HealerError, Misconfigured, UpstreamError

_PATHS: Final = frozenset({"/v1/messages", "/v1/messages/count_tokens"})
_LOOK_S: Final = 0.1
_GRACE_S: Final = 15.0
"""How long the SDK may take to notice that its program is gone."""
_FOR_THE_OPERATOR: Final = frozenset({400, 401, 403, 404})
_KEPT: Final = (
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_AGENT_SDK_VERSION",
    "CLAUDE_CODE_SDK_READS_SESSION_STATE",
    "ANTHROPIC_API_KEY",
)
_QUIET: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    # Alone it keeps Claude Code from talking to anybody but the model; the others say the same of each kind of talk.
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_SKIP_MCP_DEBUG_LOG_FILES": "1",
    "API_TIMEOUT_MS": "120000",
    "MAX_STRUCTURED_OUTPUT_RETRIES": "3",
}


@dataclass(frozen=True)
class ClaudeConfig:
    """How Claude Code is run.

    `silence_s`: how long it may say nothing; `pauses_s`: before each new try after trouble of the endpoint; `trials`: how its work is tried
    out before it answers, None where the gate alone does; `review`: whether a second session judges what the first one changed.
    """

    key: SecretStr
    model: str
    ceiling: Ceiling
    url: str = "https://api.anthropic.com"
    max_turns: int = 40
    require_isolation: bool = True
    silence_s: float = 180.0
    cli_retries: int = 4
    pauses_s: tuple[float, ...] = (5.0, 30.0)
    trials: TrialConfig | None = None
    review: bool = False


_Found = Said | Opinion | str | HealerError
"""How a run ended: with an answer; with the reason why it does not count; with trouble that is no fault of the attempt."""


class ClaudeAgent:
    """See `Agent`."""

    name = "claude"

    def __init__(self, config: ClaudeConfig, write: Writer) -> None:
        self._config, self._write, self.ceiling = config, write, config.ceiling

    async def work(self, brief: Brief, clone: Path, tell: Tell) -> AgentAnswer:
        """See `Agent.work`.

        Raises: Misconfigured where this host cannot isolate and must, or the endpoint refuses key, model or request for good;
        UpstreamError (`model_unavailable`, `agent_died`).
        """
        shut_in = await asyncio.to_thread(walls.required, _program(), must=self._config.require_isolation)
        tell(Progress(f"{self.name} begins: {shut_in.words}"))
        purse = Purse(self.ceiling)

        async def session(asked: Brief, tree: Path) -> Said | Opinion | str:
            return await self._tried(asked, tree, purse, tell, shut_in)

        found = await review.judged(session, brief, clone, tell, reviewed=self._config.review)
        return answer.answer(self.name, found, purse.spent, shut_in.words)

    async def _tried(self, brief: Brief, tree: Path, purse: Purse, tell: Tell, shut_in: Walls) -> Said | Opinion | str:
        """Run a session; where the endpoint is in trouble, again from the beginning."""
        pauses = iter(self._config.pauses_s)
        while True:
            found, spend = await self._run(brief, tree, purse.left, tell, shut_in)
            purse.add(spend)
            if not isinstance(found, HealerError):
                return found
            pause = next(pauses, None)
            if pause is None or not (found.retryable and purse.lasts(pause)):
                found.spent_usd = purse.spent.usd
                raise found
            tell(Progress(f"{found.what} Trying again in {pause:g} s."))
            await asyncio.sleep(pause)

    async def _run(self, brief: Brief, clone: Path, left: Ceiling, tell: Tell, shut_in: Walls) -> tuple[_Found, Spend]:
        config = self._config
        proxy = ModelProxy(Endpoint(config.url, config.key, _PATHS, config.model))
        with home.made(clone, shut_in.uid) as place, model_proxy.serving(proxy, place, shut_in) as url:
            place.arm(shut_in.argv(place, [str(_program())]), self._environment(place, url), _KEPT)
            log = ClaudeLog(place.repo, config.max_turns, tell, place.end)
            trials = Trials(config.trials, brief, place.repo) if config.trials and not brief.proposed else None
            if trials:
                await asyncio.to_thread(sweep)
            options = self._options(brief, place, left, proxy.token, log)
            options.mcp_servers = {claude_tools.SERVER: claude_tools.server(brief, trials)}
            try:
                await self._follow(options, brief, log, left.seconds)
            finally:
                if trials:
                    await asyncio.to_thread(trials.close)
            found = _judged(log, review.form_of(brief))
            if isinstance(found, Said) and found.not_fixable_because is None:
                place.bring_back(clone)
            return found, log.spend(left.usd, asked=proxy.answered > 0)

    async def _follow(self, options: ClaudeAgentOptions, brief: Brief, log: ClaudeLog, seconds: float) -> None:
        """Listen to one run to its end, whatever ends it."""
        watching = asyncio.create_task(self._watch(log, seconds))
        try:
            async with asyncio.timeout(seconds + _GRACE_S):
                async for message in query(prompt=self._write(brief).task, options=options):
                    log.take(message)
        except (ClaudeSDKError, TimeoutError) as error:
            log.error = type(error).__name__
        finally:
            watching.cancel()

    async def _watch(self, log: ClaudeLog, seconds: float) -> None:
        """Break a run off at its wall clock, and where it is silent."""
        deadline = time.monotonic() + seconds
        while True:
            await asyncio.sleep(_LOOK_S)
            log.insist()
            now = time.monotonic()
            if now > deadline:
                log.break_off(f"the agent's wall clock of {seconds:.0f} s ran out")
            elif now - log.heard > self._config.silence_s and not log.waits_for_us:
                log.break_off(f"the agent said nothing for {self._config.silence_s:g} s")

    def _environment(self, place: Home, url: str) -> dict[str, str]:
        return {
            **_QUIET,
            "HOME": str(place.home),
            "PWD": str(place.repo),
            "TMPDIR": str(place.tmp),
            "CLAUDE_CONFIG_DIR": str(place.config),
            "CLAUDE_CODE_TMPDIR": str(place.tmp),
            "ANTHROPIC_BASE_URL": url,
            "CLAUDE_CODE_MAX_RETRIES": str(self._config.cli_retries),
        }

    def _options(
        self, brief: Brief, place: Home, left: Ceiling, token: SecretStr, log: ClaudeLog
    ) -> ClaudeAgentOptions:
        return ClaudeAgentOptions(
            cli_path=place.wrapper,
            cwd=place.repo,
            env={"ANTHROPIC_API_KEY": token.get_secret_value()},
            model=self._config.model,
            max_turns=self._config.max_turns,
            max_budget_usd=left.usd,
            session_id=str(uuid.uuid4()),
            # Nothing that lies in the repository or the home says what runs.
            setting_sources=[],
            strict_mcp_config=True,
            skills=[],
            plugins=[],
            extra_args={"restricted": None, "permission-prompts": "none", "no-session-persistence": None},
            permission_mode="dontAsk",
            tools=[*claude_rules.READS, *(() if brief.proposed else claude_rules.WRITES)],
            allowed_tools=claude_rules.allowed(place.repo, brief.importer),
            disallowed_tools=list(claude_rules.DENIED),
            hooks={"PreToolUse": [claude_rules.hook(place.repo, brief.importer)]},
            # `@path` and `/command` in a page or a ticket stay text.
            verbatim_prompts=True,
            system_prompt={"type": "custom", "prompt": self._write(brief).system},
            output_format={"type": "json_schema", "schema": review.form_of(brief).model_json_schema()},
            include_partial_messages=True,  # each is a sign of life
            stderr=log.complain,
        )


def _program() -> Path:
    """Give the program that the SDK brings, which is the only one that this version was tried with."""
    return Path(os.path.realpath(Path(claude_agent_sdk.__file__).parent / "_bundled/claude"))


def _judged(log: ClaudeLog, form: type[Said] | type[Opinion]) -> _Found:
    result = log.result
    if log.broken_off is not None:
        return log.broken_off
    if result is None:
        return UpstreamError(
            f"Claude Code ended without a result ({log.error or 'no error'}; {log.complaint or 'no word'}).",
            service="agent",
            reason="agent_died",
        )
    if result.terminal_reason == "api_error":
        return _refused(result.api_error_status)
    if result.subtype == "success" and not result.is_error and result.terminal_reason == "completed" and log.turns:
        return _said(result, form)
    return f"the agent came to no end of its own: {result.terminal_reason or result.subtype}"


def _said(result: ResultMessage, form: type[Said] | type[Opinion]) -> _Found:
    try:
        return form.model_validate(result.structured_output)
    except ValidationError:
        return "the agent gave no answer of the form that was asked for"


def _refused(status: int | None) -> HealerError:
    if status in _FOR_THE_OPERATOR:
        return Misconfigured(
            f"the model endpoint refuses our requests (HTTP {status}).",
            reason="model_refused",
            remedy="Look at HEALER_ANTHROPIC_API_KEY, HEALER_AGENT_MODEL, HEALER_ANTHROPIC_URL and the account's credit.",
        )
    said = f"HTTP {status}" if status else "no answer"
    return UpstreamError(
        f"the model endpoint is not available ({said}).", service="agent", reason="model_unavailable", status=status
    )
