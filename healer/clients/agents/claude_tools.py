"""What Claude Code is given beside its own tools: the repair pack's pages, relocation, and trials. None holds a secret."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Literal

from claude_agent_sdk import SdkMcpTool, create_sdk_mcp_server, tool
from claude_agent_sdk.types import McpSdkServerConfig
from pydantic import Field, ValidationError

from healer import mender
from healer.clients.agents.trials import Trials
from healer.contracts import Brief, Contract
from healer.errors import UpstreamError

SERVER: Final = "healer"
PIECE: Final = 40_000
"""Characters of a page that one call gives."""


class _Page(Contract):
    name: str = Field(description="The page's name, as the brief lists it, for example 003.html.")
    fetch: Literal["now", "last_good"] = Field("now", description="The failed fetch, or the last good one.")
    offset: int = Field(0, ge=0, description="Where to begin, in characters.")


class _Selector(Contract):
    selector: str = Field(min_length=1, max_length=500, description="A selector as it stands in the source.")


class _Nothing(Contract):
    """A call without arguments."""


def page(brief: Brief, asked: dict[str, Any]) -> str:
    """Give a piece of a page of the repair pack, and what comes after it.

    Raises: ValidationError, KeyError where there is no such page.
    """
    wanted = _Page.model_validate(asked)
    trace = brief.now if wanted.fetch == "now" else brief.last_good
    text = (trace.pages if trace else {})[wanted.name]
    piece = text[wanted.offset : wanted.offset + PIECE]
    end = wanted.offset + len(piece)
    return piece + (f"\n[{len(text) - end} characters follow; ask with offset {end}]" if end < len(text) else "")


def find_moved(brief: Brief, asked: dict[str, Any]) -> str:
    """Say what finds now what a selector found in the last good fetch.

    Raises: ValidationError.
    """
    moved = mender.find_moved(brief, _Selector.model_validate(asked).selector)
    if moved is None:
        return "Nothing on the page as it is now is surely the same thing."
    if moved.kept:
        return f"`{moved.selector}` still finds it."
    return f"`{moved.selector}` (confidence {moved.confidence:.2f})"


def server(brief: Brief, trials: Trials | None) -> McpSdkServerConfig:
    """Give the tools of one run; where this host cannot try anything out, the gate alone does."""
    tools = [
        _made("page", "A page as the portal served it, redacted by shape.", _Page, lambda a: page(brief, a)),
        _made("find_moved", _find_moved_says(), _Selector, lambda a: find_moved(brief, a)),
    ]
    if trials:
        says = "Let the importer, as it is in the clone now, fetch from the pages of the repair pack; says how far it came."
        tools += [
            _made(
                "run_specs", "Run the repository's specs on the clone as it is now.", _Nothing, lambda _: trials.specs()
            ),
            _made("replay_fetch", says, _Nothing, lambda _: trials.fetch()),
        ]
    return create_sdk_mcp_server(SERVER, tools=tools)


def _find_moved_says() -> str:
    return "Where on the page as it is now that is which a selector found in the last good fetch; answers only what is sure."


def _made(name: str, says: str, form: type[Contract], work: Callable[[dict[str, Any]], str]) -> SdkMcpTool[Any]:
    @tool(name, says, form.model_json_schema())
    async def answer(asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"content": [{"type": "text", "text": await asyncio.to_thread(work, asked)}]}
        except UpstreamError as error:
            text = f"{name} cannot be run here ({error.reason}); the gate will try the change."
        except (ValidationError, KeyError):
            text = f"{name}: there is nothing of that name, or the call has another form."
        except Exception as error:  # noqa: BLE001 - a text of an exception would go to the model and to the disk
            text = f"{name} failed: {type(error).__name__}"
        return {"content": [{"type": "text", "text": text}], "is_error": True}

    return answer
