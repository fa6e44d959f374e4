"""The Messages API as far as Claude Code uses it: `POST /v1/messages`, streamed and not (docs.anthropic.com, "Streaming messages").

Sessions are told apart by `X-Claude-Code-Session-Id`; each plays the script from its beginning.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from localworld.model.script import Body, Script, Step, Turn, text

_USAGE: Final = {
    "input_tokens": 1000,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 400,
    "output_tokens": 100,
}
_PIECE: Final = 400
_OVER: Final = Step([text("The script has no more turns.")])


class Model:
    """One scripted model. `asked` are the bodies of all requests in order; `keys` are the keys that they came with; `sessions` in order."""

    def __init__(self, script: Script) -> None:
        self.script, self.asked, self.keys = script, list[Body](), set[str]()
        self.paths, self.sessions = set[str](), list[str]()
        self._sessions: dict[str, Iterator[Turn]] = {}
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "HEAD"])])

    async def _answer(self, request: Request) -> Response:
        self.paths.add(f"{request.method} {request.url.path}")
        self.keys.add(request.headers.get("x-api-key", ""))
        if request.url.path != "/v1/messages" or request.method != "POST":
            return _failure(404)
        body: Body = await request.json()
        self.asked.append(body)
        session = request.headers.get("x-claude-code-session-id", "")
        if session not in self._sessions:
            self._sessions[session] = self.script()
            self.sessions.append(session)
        turn = next(self._sessions[session], _OVER)
        step = turn if isinstance(turn, Step) else turn(body)
        await asyncio.sleep(step.wait_s)
        if step.status != 200:
            return _failure(step.status, step.headers)
        if body.get("stream"):
            return StreamingResponse(_events(step, body), media_type="text/event-stream")
        return JSONResponse({**_message(step, body), "content": list(step.blocks), "stop_reason": _why(step)})


def _failure(status: int, headers: dict[str, str] | None = None) -> Response:
    error = {
        "type": "error",
        "error": {"type": "overloaded_error" if status == 529 else "api_error", "message": "as the script says"},
    }
    return JSONResponse(error, status, headers)


def _message(step: Step, body: Body) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**_USAGE, **step.usage},
    }


def _why(step: Step) -> str:
    return "tool_use" if any(block["type"] == "tool_use" for block in step.blocks) else "end_turn"


async def _events(step: Step, body: Body) -> AsyncIterator[bytes]:
    yield _event("message_start", message=_message(step, body))
    if step.stall_s or step.drop:
        await asyncio.sleep(step.stall_s)
        return
    for index, block in enumerate(step.blocks):
        for event in _block(index, block):
            yield event
    usage = {**_USAGE, **step.usage}
    yield _event("message_delta", delta={"stop_reason": _why(step), "stop_sequence": None}, usage=usage)
    yield _event("message_stop")


def _block(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    if block["type"] == "text":
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        yield _event("content_block_delta", index=index, delta={"type": "text_delta", "text": block["text"]})
    else:
        yield _event("content_block_start", index=index, content_block={**block, "input": {}})
        given = json.dumps(block["input"])
        for start in range(0, len(given), _PIECE):
            piece = {"type": "input_json_delta", "partial_json": given[start : start + _PIECE]}
            yield _event("content_block_delta", index=index, delta=piece)
    yield _event("content_block_stop", index=index)


def _event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
